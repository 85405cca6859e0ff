"""Repairing a table by the rules it breaks: three remedies, and what each does to an analysis."""
