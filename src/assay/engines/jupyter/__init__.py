"""Jupyter servers: their configuration on disk, those that run here, and what one answers."""
