"""The subgroups on which a model is weakest: conditions on one or two columns, searched for and then confirmed."""
