"""Python followed by data flow, within a file; nothing of it is run."""
