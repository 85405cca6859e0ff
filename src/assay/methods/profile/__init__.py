"""What a table holds: columns as codes, their figures, their meaning, and how they go together."""
