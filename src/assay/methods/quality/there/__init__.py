"""What a server can be asked where a table lies, and still mean what DuckDB means by it."""
