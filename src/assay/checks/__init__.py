"""What we know: one module a check, its name its path."""
