"""The gate before a store: rows that break a rule or fit no column stay outside with their reasons, the others go in at once."""

from __future__ import annotations

from assay.engines.gate.batch import Sorted
from assay.engines.gate.opening import open_sink
from assay.engines.gate.rulebook import Rulebook
from assay.engines.gate.sink import Entry, Release, Sink
from assay.engines.gate.sorting import sort

__all__ = ["Entry", "Release", "Rulebook", "Sink", "Sorted", "open_sink", "sort"]
