"""Runs of notebooks and scripts outside pipelines, recorded as they go."""
