"""What a Jupyter server is told by its configuration, and what that means."""
