"""Captured traffic of endpoints: written without holding a request up, read back as rows."""
