"""Checks of what goes through an endpoint."""
