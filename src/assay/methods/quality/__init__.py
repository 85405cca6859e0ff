"""Rules that people state about a table: read from several formats, compiled to SQL, held against every row."""
