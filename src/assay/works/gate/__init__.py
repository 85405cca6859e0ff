"""Data that goes into a store through its gate: loads, what they kept out, and what became of it."""

from __future__ import annotations
