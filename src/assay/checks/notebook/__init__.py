"""Checks of notebook servers."""
