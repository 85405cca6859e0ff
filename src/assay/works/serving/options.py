"""What may be said of an endpoint besides its models: guards, capture, stickiness, a fallback; each held to its bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean

GUARD: Mapping[str, Any] = {
    "auth": "token",  # token, certificate (a client's, or a token), or none
    "rate": 0.0,  # requests a second of one caller; 0: no limit
    "burst": 0,  # that a caller may send at once; 0: twice the rate
    "body": 6 << 20,  # bytes, as SageMaker's
    "seconds": 60.0,  # that a model may take
    "concurrency": 256,  # requests under way in one gateway process
    "schema": "detect",  # off, detect or block
    "firewall": "off",
    "batch": 64,  # rows of several requests that a busy model is asked at once; 1: each by itself
    "cache": 0.0,  # seconds that an answer is given again to the same question
}
CAPTURE: Mapping[str, Any] = {"percent": 0.0, "what": "both", "format": "jsonl"}
_MODES = ("off", "detect", "block")
_CHOICES = {
    "auth": ("token", "certificate", "none"),
    "schema": _MODES,
    "firewall": _MODES,
    "what": ("both", "input", "output"),
    "format": ("jsonl", "parquet"),
}
_BOUNDS = {
    "rate": (0, 1e6),
    "burst": (0, 1e6),
    "body": (1, 1 << 30),
    "seconds": (0.01, 3600),
    "concurrency": (1, 100_000),
    "batch": (1, 10_000),
    "cache": (0, 86_400),
    "percent": (0, 100),
}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def guard(given: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the guards of an endpoint with what is given over them; UsageError for a name or value that is none."""
    return _over(GUARD, before, given, "guard")


def capture(given: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what an endpoint captures with what is given over it; UsageError for a name or value that is none."""
    return _over(CAPTURE, before, given, "capture")


def _over(
    defaults: Mapping[str, Any], before: Mapping[str, Any] | None, given: Mapping[str, Any], what: str
) -> dict[str, Any]:
    out = {**defaults, **(before or {})}
    for name, raw in given.items():
        if name not in defaults:
            raise UsageError(f"an endpoint's {what} has no {name!r}", remedy=did_you_mean(name, defaults))
        out[name] = _value(name, raw, defaults[name])
    return out


def _value(name: str, raw: Any, default: Any) -> Any:
    if name in _CHOICES:
        if raw not in _CHOICES[name]:
            raise UsageError(f"{name} cannot be {raw!r}", remedy=did_you_mean(str(raw), _CHOICES[name]))
        return raw
    low, high = _BOUNDS[name]
    try:
        number = type(default)(raw)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{name} is a number, and cannot be {raw!r}") from None
    if isinstance(raw, bool) or not math.isfinite(number) or not low <= number <= high:
        raise UsageError(f"{name} is {raw}; it takes from {low:g} to {high:g}")
    return number


def sticky(said: str) -> dict[str, str]:
    """Return what keeps a caller with one variant, of ``header:NAME`` or ``cookie:NAME``; nothing of ``none``."""
    if said in ("", "none"):
        return {}
    kind, _, name = said.partition(":")
    if kind not in ("header", "cookie") or not _HEADER.fullmatch(name):
        raise UsageError(
            f"a caller cannot be known again by {said[:80]!r}",
            remedy="write header:NAME or cookie:NAME, or none",
        )
    return {kind: name.lower() if kind == "header" else name}


def weights(given: Mapping[str, Any]) -> dict[str, float]:
    """Return shares as numbers of at least 0, not all of them 0; UsageError for anything else."""
    out: dict[str, float] = {}
    for name, raw in given.items():
        try:
            out[name] = float(raw)
        except (TypeError, ValueError):
            out[name] = -1.0
        if not 0 <= out[name] <= 1e6:
            raise UsageError(f"the share of {name} cannot be {raw!r}", remedy="write numbers such as 0.9")
    return out
