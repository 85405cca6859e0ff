"""Notebook servers: examined, set right, and reached."""
