"""Treatments of models, and of what they say of people."""
