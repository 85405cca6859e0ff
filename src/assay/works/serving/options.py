"""What may be said of an endpoint besides its models: guards, capture, stickiness, a fallback; each held to its bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.search.moments import written

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
_CREDENTIALS = ("authorization", "proxy-authorization", "x-amz-security-token", "cookie", "x-api-key")
_CALLER = 300  # characters of a caller's name: a token's subject has 200
_BLOCKED = 10_000  # callers


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
    whole = isinstance(default, int)
    if type(raw) not in (int, float) or (whole and math.isfinite(raw) and raw != int(raw)):
        raise UsageError(f"{name} is {repr(raw)[:80]}; it takes a {'whole ' if whole else ''}number")
    if not math.isfinite(raw) or not low <= raw <= high:
        raise UsageError(f"{name} is {raw:.12g}; it takes from {low:g} to {high:g}")
    return type(default)(raw)


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
    if kind == "header" and name.lower() in _CREDENTIALS:
        raise UsageError(
            f"the header {name.lower()} bears a credential, and no caller is known again by one",
            remedy="name another header, such as header:X-Session, or cookie:NAME",
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


def blocked(before: Mapping[str, str], given: Mapping[str, Any], now: str) -> dict[str, str]:
    """Return who is blocked until when (RFC 3339), without those whose time is over.

    given: caller → seconds from now, a moment with its zone, or None for one who is let in again. now: RFC 3339. UsageError
    for a name that no caller can have, and for a time that is none, or is over.
    """
    out = {caller: until for caller, until in before.items() if until > now}
    moment = datetime.fromisoformat(now)
    for caller, until in given.items():
        if until is None:
            out.pop(caller, None)
            continue
        if not caller.strip() or len(caller) > _CALLER or not caller.isprintable():
            raise UsageError(
                f"no caller is called {caller[:80]!r}",
                remedy="write a subject, token/ID, cert:NAME or an address",
            )
        end = _end(until, moment)
        if end is None or end <= moment:
            raise UsageError(
                f"{caller[:80]} cannot be blocked until {str(until)[:80]!r}",
                remedy="write seconds from now, or a moment to come such as 2030-01-31T12:00:00Z",
            )
        out[caller] = written(end)
    if len(out) > _BLOCKED:
        raise UsageError(
            f"{len(out):,} callers would be blocked", remedy=f"block at most {_BLOCKED:,} at once"
        )
    return out


def _end(until: Any, moment: datetime) -> datetime | None:
    """Return when a block ends; None where that is not told."""
    if isinstance(until, bool):
        return None
    try:
        return moment + timedelta(seconds=float(until))
    except OverflowError:
        return None
    except (TypeError, ValueError):
        pass
    try:
        said = datetime.fromisoformat(until)
    except (TypeError, ValueError):
        return None
    return said if said.tzinfo is not None else None
