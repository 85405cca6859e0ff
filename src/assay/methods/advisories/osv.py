"""Whether a version is affected, as the OSV schema defines it, and what would clear it.

https://ossf.github.io/osv-schema/#evaluation: a version is affected where it is listed, or lies in one of the ranges. Of a
range the events are put in order; ``introduced`` turns it on from its version, ``fixed`` off from its own, ``last_affected`` off
above its own; where limits are given the version lies below one of them. Ranges of commits say nothing about a version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Key = Callable[[str], Any]
MOST_EVENTS = 100_000
LONGEST = 400  # characters of a version
_ORDER = {"introduced": 0, "fixed": 1, "last_affected": 2, "limit": 3}


@dataclass(frozen=True, slots=True)
class Judged:
    """affected: None where it cannot be told, and why. fixed: versions that end a range it lies in, in no order."""

    affected: bool | None
    fixed: tuple[str, ...] = ()
    why: str = ""


def judge(entry: Mapping[str, Any], version: str, key: Key) -> Judged:
    """Judge one entry of ``affected``. key: puts versions of its ecosystem in order; ValueError of what is no version."""
    try:
        own = key(version[:LONGEST]) if len(version) <= LONGEST else None
    except (ValueError, TypeError):
        own = None
    listed = entry.get("versions")
    exact = isinstance(listed, list) and _listed(listed, version, own, key)
    doubt = ""
    fixed: list[str] = []
    hit, judged = exact, isinstance(listed, list) and bool(listed)
    ranges = entry.get("ranges")
    for one in ranges if isinstance(ranges, list) else ():
        if not isinstance(one, dict) or str(one.get("type", "")).upper() == "GIT":
            continue
        if own is None:
            doubt = f"{version[:60]!r} is no version of its ecosystem"
            continue
        try:
            inside, ends = _inside(one, own, key)
        except (ValueError, TypeError) as error:
            doubt = str(error)[:200] or "a version in its ranges cannot be read"
            continue
        judged = True
        hit = hit or inside
        fixed += ends
    if exact and own is not None and not fixed:
        fixed = _later(entry, own, key)
    if hit:
        return Judged(True, tuple(dict.fromkeys(fixed)))
    if doubt:
        return Judged(None, why=doubt)
    if not judged:
        return Judged(None, why="it says neither versions nor ranges of them")
    return Judged(False)


def _listed(listed: Sequence[Any], version: str, own: Any, key: Key) -> bool:
    """Listed as it is written, or as an equal version: 1.0 and 1.0.0 are one in PEP 440."""
    if version in listed:
        return True
    if own is None or not getattr(key, "spellings", False):
        return False
    for text in listed:
        try:
            if key(str(text)[:LONGEST]) == own:
                return True
        except (ValueError, TypeError):
            continue
    return False


def _events(one: Mapping[str, Any], key: Key) -> tuple[list[tuple[Any, int, str, str]], list[Any]]:
    """Return the events in order, each as (key, rank, kind, text), and the keys of the limits."""
    raw = one.get("events")
    events: list[tuple[Any, int, str, str]] = []
    limits: list[Any] = []
    for event in raw if isinstance(raw, list) else ():
        if not isinstance(event, dict) or len(events) > MOST_EVENTS:
            raise ValueError("its events cannot be read")
        for kind, value in event.items():
            if kind not in _ORDER:
                continue
            text = str(value)[:LONGEST]
            if kind == "limit":
                limits.append(None if text == "*" else key(text))
            elif kind == "introduced" and text == "0":
                events.append(((0,), 0, kind, text))
            else:
                events.append(((1, key(text)), _ORDER[kind], kind, text))
    events.sort(key=lambda e: (e[0], e[1]))
    return events, limits


def _inside(one: Mapping[str, Any], own: Any, key: Key) -> tuple[bool, list[str]]:
    """Return whether a version lies in a range, and what ends the stretch in which it lies."""
    events, limits = _events(one, key)
    if not events:
        raise ValueError("a range has no events")
    place = (1, own)
    inside, ends = False, []
    for at, _, kind, text in events:
        if kind == "introduced":
            inside = inside or place >= at
        elif kind == "fixed" and inside:
            inside = place < at
            ends += [text] if inside else []
        elif kind == "last_affected" and inside:
            inside = place <= at
    if inside and limits and not any(limit is None or own < limit for limit in limits):
        inside = False
    return inside, ends[:1] if inside else []


def _later(entry: Mapping[str, Any], own: Any, key: Key) -> list[str]:
    """Return the fixed versions above one that is listed and lies in no range."""
    out = []
    for one in entry.get("ranges") or ():
        if isinstance(one, dict) and str(one.get("type", "")).upper() != "GIT":
            try:
                events, _ = _events(one, key)
            except (ValueError, TypeError):
                continue
            out += [text for at, _, kind, text in events if kind == "fixed" and at > (1, own)][:1]
    return out


def upgrade(entries: Iterable[Mapping[str, Any]], version: str, key: Key) -> tuple[str, int]:
    """Return the smallest version above ``version`` that no entry affects, and how many entries it still leaves.

    Only versions that an entry calls fixed come into question. Where none clears all, it is the one that leaves the fewest;
    empty where nothing is called fixed.
    """
    held = list(entries)
    try:
        own = key(version)
    except (ValueError, TypeError):
        return "", len(held)
    found: dict[str, Any] = {}
    for entry in held:
        for one in entry.get("ranges") or ():
            if not isinstance(one, dict) or str(one.get("type", "")).upper() == "GIT":
                continue
            for event in one.get("events") or ():
                text = str(event.get("fixed", ""))[:LONGEST] if isinstance(event, dict) else ""
                if text and text not in found and len(found) < 2_000:
                    try:
                        found[text] = key(text)
                    except (ValueError, TypeError):
                        continue
    best, least = "", len(held) + 1
    for text, _ in sorted(((t, k) for t, k in found.items() if k > own), key=lambda p: p[1]):
        left = sum(1 for e in held if judge(e, text, key).affected is not False)
        if left < least:
            best, least = text, left
        if left == 0:
            break
    return (best, least) if best else ("", len(held))
