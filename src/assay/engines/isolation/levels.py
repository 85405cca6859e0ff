"""The levels of isolation, and which of them is more than which. Imports nothing: every job's start reads it."""

from __future__ import annotations

RANK: dict[str, int] = {"none": 0, "partial": 1, "full": 2}
