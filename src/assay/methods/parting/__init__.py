"""Where two tables part: rows, columns, and what became of the values."""
