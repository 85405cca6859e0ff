"""Limits as people write them: ``memory: 2GB, minutes: 5``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.engines.isolation.grant import Limits
from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean

_UNITS = {"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "b": 1}
_KNOWN = ("memory", "minutes", "seconds", "processes", "disk")


def read_limits(given: Mapping[str, Any], instead_of: Limits | None = None) -> Limits:
    """Return limits: memory and disk as bytes or ``2GB``, minutes or seconds, processes; UsageError for others.

    instead_of: those that hold where none is given.
    """
    out: dict[str, Any] = {}
    for name, raw in given.items():
        if name not in _KNOWN:
            raise UsageError(f"there is no limit {name!r}", remedy=did_you_mean(name, _KNOWN))
        try:
            if name in ("memory", "disk"):
                out[name] = read_size(raw)
            elif name == "processes":
                out[name] = int(raw)
            else:
                out["seconds"] = float(raw) * (60 if name == "minutes" else 1)
        except (TypeError, ValueError):
            raise UsageError(
                f"the limit {name} cannot be {raw!r}", remedy="write 2GB, or minutes: 5"
            ) from None
    if any(not value > 0 for value in out.values()):
        raise UsageError("a limit must be above 0")
    return replace(instead_of or Limits(), **out)


def read_size(raw: Any) -> int:
    """Return bytes of ``2GB``, ``512 MB`` or a number."""
    text = str(raw).strip().lower().replace(" ", "").replace("ib", "b")
    for unit, factor in _UNITS.items():
        if text.endswith(unit) and text[: -len(unit)].replace(".", "", 1).isdigit():
            return int(float(text[: -len(unit)]) * factor)
    return int(text)
