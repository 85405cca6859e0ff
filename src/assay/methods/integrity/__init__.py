"""Rules that a table obeys almost everywhere, found in a sample of its rows."""
