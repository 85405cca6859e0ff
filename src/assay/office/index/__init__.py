"""The index of an office: what it knows, laid out for questions. It follows the log, and is made anew where it is lost."""
