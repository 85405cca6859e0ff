"""What a registry asks for before a model is used: the policy, and the questions of a risk committee."""
