"""CVSS 4.0: not scored here yet; such a record is judged by its other vectors or its database's own word."""

from __future__ import annotations


def base(vector: str) -> float | None:
    """Return None: a score of version 4 is not computed."""
    del vector
    return None
