"""What is known to be vulnerable: records of the OSV schema, and what is said of them elsewhere."""
