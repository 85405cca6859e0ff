"""What we change: one module a treatment, its name its path."""
