"""Pickles read without being loaded: opcodes, a symbolic machine, and what the names they import can do."""
