"""What is installed, read from the records that package managers and builds leave: one file a kind."""
