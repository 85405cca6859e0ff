"""How a table's profile differs from that of an earlier one: what is said is described, not judged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

NUMBERS = ("mean", "std", "min", "q05", "q25", "q50", "q75", "q95", "max", "zeros")


def differences(new: Mapping[str, Mapping[str, Any]], old: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what changed between two profiles' columns, as JSON.

    added, removed: names of columns. changed: by column, what differs: type, kind and meaning as [old, new]; the
    fraction of missing cells; distinct values; of numbers each figure as [old, new] and ``moved``, the distance of
    the means in the old standard deviations; of texts the frequent values that are new or gone, and ``shares``, the
    largest change of one value's share (of those that either profile lists).
    """
    both = [n for n in new if n in old]
    changed = {n: found for n in both if (found := _column(new[n], old[n]))}
    return {
        "added": [n for n in new if n not in old],
        "removed": [n for n in old if n not in new],
        "changed": changed,
    }


def _column(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key in ("type", "kind", "meaning"):
        if new[key] != old[key]:
            out[key] = [old[key], new[key]]
    for key in ("missing_fraction", "distinct", "near_missing"):
        if new.get(key, 0) != old.get(key, 0):
            out[key] = [old.get(key, 0), new.get(key, 0)]
    figures = {
        key: [old[key], new[key]]
        for key in NUMBERS
        if key in new and key in old and not _same(new[key], old[key])
    }
    if figures:
        out["figures"] = figures
    spread = old.get("std")
    if "mean" in new and "mean" in old and isinstance(spread, float) and spread > 0:
        moved = (new["mean"] - old["mean"]) / spread
        if math.isfinite(moved) and moved:
            out["moved"] = moved
    if "mean" not in new and "mean" not in old and "top" in new and "top" in old:
        out |= _values(new, old)
    return out


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=0.0)
    return bool(a == b)


def _values(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    now = {str(t["value"]): float(t["fraction"]) for t in new["top"]}
    then = {str(t["value"]): float(t["fraction"]) for t in old["top"]}
    whole = new["distinct"] <= len(now) and old["distinct"] <= len(then)
    out: dict[str, Any] = {}
    if whole:  # every value of both is listed: what is missing from one is not in it at all
        fresh, gone = [v for v in now if v not in then], [v for v in then if v not in now]
        out |= ({"new_values": fresh} if fresh else {}) | ({"gone_values": gone} if gone else {})
    shared = [abs(now[v] - then[v]) for v in now if v in then]
    if whole:
        shared += [now[v] for v in now if v not in then] + [then[v] for v in then if v not in now]
    if shared and max(shared) > 0:
        out["shares"] = max(shared)
    return out
