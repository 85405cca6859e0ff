"""Whether a version is affected, as the OSV schema defines it, and what would clear it.

https://ossf.github.io/osv-schema/#evaluation: a version is affected where it is listed, or lies in one of the ranges. Of a
range the events are put in order; ``introduced`` turns it on from its version, ``fixed`` off from its own, ``last_affected`` off
above its own; where limits are given the version lies below one of them. Ranges of commits say nothing about a version.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter
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


@dataclass(frozen=True, slots=True)
class Range:
    """events: in order, each as (key, rank, kind, text); limits: their keys, None of ``*``. why: where it cannot be read.

    fixes: the texts that it calls fixed, also where it cannot be read.
    """

    events: Sequence[tuple[Any, int, str, str]] = ()
    limits: Sequence[Any] = ()
    fixes: Sequence[str] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry of ``affected`` says, read once to be judged and laid over versions. why: where it cannot be read."""

    listed: Sequence[Any] = ()
    ranges: Sequence[Range] = ()
    why: str = ""


def read(entry: Mapping[str, Any], key: Key) -> Entry:
    """Read an entry of ``affected``. key: puts versions of its ecosystem in order; ValueError of what is no version."""
    try:
        return Entry(_versions(entry), [_range(one, key) for one in _ranges(entry)])
    except ValueError as error:
        return Entry(why=str(error))


def judge(entry: Entry, version: str, key: Key) -> Judged:
    """Judge what an entry says of one version."""
    if entry.why:
        return Judged(None, why=entry.why)
    try:
        own = key(version[:LONGEST]) if len(version) <= LONGEST else None
    except (ValueError, TypeError):
        own = None
    exact = _listed(entry.listed, version, own, key)
    doubt = ""
    fixed: list[str] = []
    hit = exact
    for one in entry.ranges:
        if own is None or one.why:
            doubt = one.why if own is not None else f"{version[:60]!r} is no version of its ecosystem"
            continue
        inside, ends = _inside(one, own)
        hit = hit or inside
        fixed += ends
    if exact and own is not None and not fixed:
        fixed = _later(entry, own)
    if hit:
        return Judged(True, tuple(dict.fromkeys(fixed)))
    if doubt:
        return Judged(None, why=doubt)
    if not entry.listed and not entry.ranges:
        return Judged(None, why="it says neither versions nor ranges of them")
    return Judged(False)


def _versions(entry: Mapping[str, Any]) -> Sequence[Any]:
    """Return the versions that an entry lists; ValueError where they are no list."""
    listed = entry.get("versions")
    if not isinstance(listed, list | None):
        raise ValueError("its versions are no list")
    return listed or ()


def _ranges(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the ranges that speak of versions; ValueError where they are no list of objects."""
    told = entry.get("ranges")
    if not isinstance(told, list | None) or not all(isinstance(one, dict) for one in told or ()):
        raise ValueError("its ranges are no list of ranges")
    return [one for one in told or () if str(one.get("type", "")).upper() != "GIT"]


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


def _range(one: Mapping[str, Any], key: Key) -> Range:
    """Read a range; one that cannot be read says why."""
    fixes = list(_fixes(one.get("events")))
    try:
        events, limits = _events(one, key)
    except (ValueError, TypeError) as error:
        return Range(fixes=fixes, why=str(error)[:200] or "a version in its ranges cannot be read")
    begins = any(kind == "introduced" for _, _, kind, _ in events)
    why = "" if begins else "a range does not say where it begins" if events else "a range has no events"
    return Range(events, limits, fixes, why)


def _events(one: Mapping[str, Any], key: Key) -> tuple[list[tuple[Any, int, str, str]], list[Any]]:
    """Return the events in order, each as (key, rank, kind, text), and the keys of the limits."""
    raw = one.get("events")
    if not isinstance(raw, list | None):
        raise ValueError("its events are no list")
    events: list[tuple[Any, int, str, str]] = []
    limits: list[Any] = []
    for event in raw or ():
        if not isinstance(event, dict) or len(events) + len(limits) > MOST_EVENTS:
            raise ValueError("its events cannot be read")
        for kind, value in event.items():
            if kind not in _ORDER:
                continue
            if not isinstance(value, str):
                raise ValueError("a version in its events is no text")
            text = value[:LONGEST]
            if kind == "limit":
                limits.append(None if text == "*" else key(text))
            elif kind == "introduced" and text == "0":
                events.append(((0,), 0, kind, text))
            else:
                events.append(((1, key(text)), _ORDER[kind], kind, text))
    events.sort(key=itemgetter(0, 1))
    return _continued(events), limits


def _continued(events: list[tuple[Any, int, str, str]]) -> list[tuple[Any, int, str, str]]:
    """Leave out what ends a stretch at the very version at which the next begins; a stretch that begins where it ends is empty."""
    out: list[tuple[Any, int, str, str]] = []
    begun = False
    for _, group in groupby(events, key=itemgetter(0)):
        same = list(group)
        begins = [e for e in same if e[2] == "introduced"]
        if begins:
            out += begins if begun else same
            begun = begun or len(begins) == len(same)
        else:
            out += same
            begun = False
    return out


def _fixes(events: object) -> Iterator[str]:
    """Give what the events of a range call fixed, whatever else they say."""
    for event in events if isinstance(events, list) else ():
        text = event.get("fixed") if isinstance(event, dict) else None
        if isinstance(text, str) and text:
            yield text[:LONGEST]


def _inside(one: Range, own: Any) -> tuple[bool, list[str]]:
    """Return whether a version lies in a range, and what ends the stretch in which it lies."""
    place = (1, own)
    inside, ends = False, []
    for at, _, kind, text in one.events:
        if kind == "introduced":
            inside = inside or place >= at
        elif kind == "fixed" and inside:
            inside = place < at
            ends += [text] if inside else []
        elif kind == "last_affected" and inside:
            inside = place <= at
    if inside and one.limits and not any(limit is None or own < limit for limit in one.limits):
        inside = False
    return inside, ends[:1] if inside else []


def _later(entry: Entry, own: Any) -> list[str]:
    """Return the fixed versions above one that is listed and lies in no range."""
    out = []
    for one in entry.ranges:
        out += [text for at, _, kind, text in one.events if kind == "fixed" and at > (1, own)][:1]
    return out


def upgrade(entries: Iterable[Entry], version: str, key: Key) -> tuple[str, int]:
    """Return the smallest version above ``version`` that no entry affects, and how many entries it still leaves.

    Only versions that an entry calls fixed come into question. Where none clears all, it is the one that leaves the fewest;
    empty where nothing is called fixed. Each entry is laid over the versions in question once: E entries and C versions take
    E log C + C steps, so that the thousands of records of a kernel are no burden.
    """
    held = list(entries)
    try:
        own = key(version)
    except (ValueError, TypeError):
        return "", len(held)
    found: dict[str, Any] = {}
    for text in (t for entry in held for one in entry.ranges for t in one.fixes):
        if text not in found:
            try:
                found[text] = key(text)
            except (ValueError, TypeError):
                continue
    ordered = sorted(((k, t) for t, k in found.items() if k > own), key=lambda p: p[0])
    if not ordered:
        return "", len(held)
    keys = [(1, k) for k, _ in ordered]
    places = {text: at for at, (_, text) in enumerate(ordered)}
    steps = [0] * (len(ordered) + 1)
    for entry in held:
        for low, high in _covered(entry, keys, places):
            steps[low] += 1
            steps[high] -= 1
    left = list(accumulate(steps[:-1]))
    best = min(range(len(left)), key=lambda at: (left[at], at))
    return ordered[best][1], left[best]


def _covered(entry: Entry, keys: list[tuple[int, Any]], places: Mapping[str, int]) -> list[tuple[int, int]]:
    """Return which of the versions in question an entry affects, as stretches that do not overlap; all where it cannot be told."""
    if entry.why or any(one.why for one in entry.ranges) or not (entry.listed or entry.ranges):
        return [(0, len(keys))]
    out: list[tuple[int, int]] = []
    for text in entry.listed:
        if isinstance(text, str) and text in places:
            out.append((places[text], places[text] + 1))
    for one in entry.ranges:
        most = len(keys)
        if one.limits and None not in one.limits:
            most = bisect_left(keys, (1, max(one.limits)))
        begins: int | None = None
        for at, _, kind, _ in one.events:
            if kind == "introduced" and begins is None:
                begins = bisect_left(keys, at)
            elif kind in ("fixed", "last_affected") and begins is not None:
                ends = bisect_left(keys, at) if kind == "fixed" else bisect_right(keys, at)
                out.append((begins, min(ends, most)))
                begins = None
        if begins is not None:
            out.append((begins, most))
    merged: list[tuple[int, int]] = []
    for low, high in sorted(o for o in out if o[0] < o[1]):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
