"""Treatments of tables."""
