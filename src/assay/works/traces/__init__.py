"""Traces: kept, received, shown, and handed to others."""
