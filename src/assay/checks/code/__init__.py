"""Checks of code: source trees, notebooks, the history of repositories."""
