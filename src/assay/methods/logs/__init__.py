"""Logs of other systems: what a record of each says, how a file of them is taken apart, and how a format is told."""
