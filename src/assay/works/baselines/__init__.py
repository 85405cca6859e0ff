"""Baselines of traffic, made of a table, edited by people, and kept in versions."""
