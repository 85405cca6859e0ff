"""What one column is like, computed from its distinct values and their counts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from assay.methods.profile.codes import Encoded
from assay.methods.profile.figures import monotonic, numbers, times
from assay.methods.profile.meaning import meaning
from assay.methods.profile.words import TOP, short, texts

_YES = (frozenset({"yes", "no"}), frozenset({"y", "n"}), frozenset({"true", "false"}), frozenset({"t", "f"}),
        frozenset({"0", "1"}))  # fmt: skip
_ID = re.compile(r"(?i)(^|[_\s-])(id|key|uuid|guid|index|rowid)$|Id$|ID$")


def describe(name: str, column: Encoded, stored: str) -> dict[str, Any]:
    """Return all that is said of a column, as JSON; numbers that do not exist are left out.

    stored: the type it is stored as. ``type`` is integer, fractional, boolean, text, date, time or timestamp;
    ``kind`` says what it is used as: numeric, categorical, boolean, text, date, id, constant or missing.
    ``meaning`` says what it means, as methods.profile.meaning tells it.
    """
    out: dict[str, Any] = {
        "name": name,
        "type": {"number": "fractional"}.get(stored, stored),
        "kind": "",
        "count": column.present,
        "missing": column.missing,
        "missing_fraction": column.missing / column.rows if column.rows else 0.0,
        "distinct": column.distinct,
        "unique": bool(column.present) and column.distinct == column.present,
    }
    if column.distinct:
        out["top"] = top(column)
        if column.nature == "number":
            out |= numbers(column)
        elif column.nature == "time":
            out |= times(column)
        elif column.nature == "text":
            out |= texts(column)
    order = monotonic(column)
    if order:
        out["monotonic"] = order
    out["kind"] = kind(name, column, out)
    out["meaning"] = meaning(name, column, out)
    return out


def top(column: Encoded, most: int = TOP) -> list[dict[str, Any]]:
    """Return the most frequent values with count and fraction of the rows, ties in the column's own order."""
    counts = column.counts
    if len(counts) > most:
        least = np.partition(counts, -most)[-most]
        candidates = np.flatnonzero(counts > least)
        ties = np.flatnonzero(counts == least)[: most - len(candidates)]
        candidates = np.concatenate([candidates, ties])
    else:
        candidates = np.arange(len(counts))
    order = sorted(candidates.tolist(), key=lambda c: (-int(counts[c]), c))
    return [
        {"value": short(column.value(c)), "count": int(counts[c]), "fraction": int(counts[c]) / column.rows}
        for c in order
    ]


def kind(name: str, column: Encoded, about: dict[str, Any]) -> str:
    """Return what a column is used as."""
    distinct, present = column.distinct, column.present
    if not distinct:
        return "missing"
    if distinct == 1:
        return "constant"
    if column.nature == "boolean":
        return "boolean"
    if column.nature == "time":
        return "date"
    unique = distinct == present and present > 1
    if column.nature == "number":
        first, last = column.value(0), column.value(distinct - 1)
        whole = isinstance(first, int) and isinstance(last, int)
        if whole and unique and present >= 20:
            dense = last - first + 1 == distinct
            if dense or named_as_id(name):
                return "id"
        if distinct == 2 and whole and about["min"] == 0 and about["max"] == 1:
            return "boolean"
        return "numeric"
    if distinct == 2 and frozenset(v.strip().lower() for v in column.values.to_pylist()) in _YES:
        return "boolean"
    if about.get("date_shapes"):
        return "date"
    if unique and present >= 20 and about["length"]["max"] <= 64 and not _spaced(column):
        return "id"
    return "categorical" if distinct <= max(20, min(1000, present // 20)) else "text"


def named_as_id(name: str) -> bool:
    """Whether a column is called a key: id, key, uuid, index, at the end of its name."""
    return _ID.search(name) is not None


def _spaced(column: Encoded) -> bool:
    return any(" " in v.strip() for v in column.values.slice(0, 100).to_pylist())
