"""CVSS 4.0: the score of a vector by its MacroVector and how far it lies below the highest vector of that.

https://www.first.org/cvss/v4-0/specification-document, section 7 (vectors) and 8 (MacroVectors, interpolation). What a vector says of
threat and environment counts; what it does not say is taken as the worst, as the specification has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

PREFIX = "CVSS:4.0/"
_BASE = ("AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA")
# Table 23: the order in which they stand, and what each may be; its first value is the gravest.
_VALUES: Mapping[str, tuple[str, ...]] = {
    "AV": ("N", "A", "L", "P"), "AC": ("L", "H"), "AT": ("N", "P"), "PR": ("N", "L", "H"), "UI": ("N", "P", "A"),
    **dict.fromkeys(_BASE[5:], ("H", "L", "N")),
    "E": ("A", "P", "U", "X"), **dict.fromkeys(("CR", "IR", "AR"), ("H", "M", "L", "X")),
    "MAV": ("N", "A", "L", "P", "X"), "MAC": ("L", "H", "X"), "MAT": ("N", "P", "X"), "MPR": ("N", "L", "H", "X"),
    "MUI": ("N", "P", "A", "X"), **dict.fromkeys(("MVC", "MVI", "MVA", "MSC"), ("H", "L", "N", "X")),
    **dict.fromkeys(("MSI", "MSA"), ("S", "H", "L", "N", "X")),
    "S": ("X", "N", "P"), "AU": ("X", "N", "Y"), "R": ("X", "A", "U", "I"), "V": ("X", "D", "C"), "RE": ("X", "L", "M", "H"),
    "U": ("X", "Clear", "Green", "Amber", "Red"),
}  # fmt: skip
# How many steps of severity a value lies below the gravest one of its metric.
_STEPS = {m: {v: n for n, v in enumerate(_VALUES[m])} for m in (*_BASE[:8], "CR", "IR", "AR")} | {
    m: {"S": 0, "H": 1, "L": 2, "N": 3} for m in _BASE[8:]
}
# Tables 24 to 28: the highest vectors of each level, and how many steps lie between them and the lowest (8.2).
_HIGHEST: Mapping[str, tuple[str, ...]] = {
    "EQ1:0": ("AV:N/PR:N/UI:N",),
    "EQ1:1": ("AV:A/PR:N/UI:N", "AV:N/PR:L/UI:N", "AV:N/PR:N/UI:P"),
    "EQ1:2": ("AV:P/PR:N/UI:N", "AV:A/PR:L/UI:P"),
    "EQ2:0": ("AC:L/AT:N",),
    "EQ2:1": ("AC:H/AT:N", "AC:L/AT:P"),
    "EQ3:00": ("VC:H/VI:H/VA:H/CR:H/IR:H/AR:H",),
    "EQ3:01": ("VC:H/VI:H/VA:L/CR:M/IR:M/AR:H", "VC:H/VI:H/VA:H/CR:M/IR:M/AR:M"),
    "EQ3:10": ("VC:L/VI:H/VA:H/CR:H/IR:H/AR:H", "VC:H/VI:L/VA:H/CR:H/IR:H/AR:H"),
    "EQ3:11": (
        "VC:L/VI:H/VA:L/CR:H/IR:M/AR:H", "VC:L/VI:H/VA:H/CR:H/IR:M/AR:M", "VC:H/VI:L/VA:H/CR:M/IR:H/AR:M",
        "VC:H/VI:L/VA:L/CR:M/IR:H/AR:H", "VC:L/VI:L/VA:H/CR:H/IR:H/AR:M",
    ),
    "EQ3:21": ("VC:L/VI:L/VA:L/CR:H/IR:H/AR:H",),
    "EQ4:0": ("SC:H/SI:S/SA:S",),
    "EQ4:1": ("SC:H/SI:H/SA:H",),
    "EQ4:2": ("SC:L/SI:L/SA:L",),
}  # fmt: skip
_DEPTH: Mapping[str, int] = {
    "EQ1:0": 1, "EQ1:1": 4, "EQ1:2": 5, "EQ2:0": 1, "EQ2:1": 2, "EQ3:00": 7, "EQ3:01": 6, "EQ3:10": 8, "EQ3:11": 8,
    "EQ3:21": 10, "EQ4:0": 6, "EQ4:1": 5, "EQ4:2": 4,
}  # fmt: skip


def score(vector: str) -> float | None:
    """Return the score of a vector, from 0 to 10; None where the specification does not allow it as one."""
    told = metrics(vector)
    if told is None:
        return None
    now = _effective(told)
    if all(now[m] == "N" for m in _BASE[5:]):
        return 0.0
    levels = _levels(now)
    found = _table()[levels]
    shares = [
        (found - lower) * _part(eq, now) for eq, lower in _lower(levels)
    ]  # a level with nothing below takes no part in the mean
    value = found - (sum(shares) / len(shares) if shares else 0.0)
    return math.floor(min(max(value, 0.0), 10.0) * 10 + 0.5 + 1e-6) / 10


def metrics(vector: str) -> dict[str, str] | None:
    """Return the metrics that a vector says, by name; None where one is unknown, twice, missing, or out of its order (7)."""
    if not vector.startswith(PREFIX):
        return None
    out: dict[str, str] = {}
    names = iter(_VALUES)
    for part in vector[len(PREFIX) :].split("/"):
        name, _, value = part.partition(":")
        if name not in names or value not in _VALUES[name]:  # ``in`` takes those before it from the iterator
            return None
        out[name] = value
    return out if all(m in out for m in _BASE) else None


def _effective(told: Mapping[str, str]) -> dict[str, str]:
    """Return what counts of each metric: as modified, else as it is; what is not defined is the worst (8.1)."""
    out = {m: told.get(f"M{m}", "X") for m in _BASE}
    out = {m: told[m] if v == "X" else v for m, v in out.items()}
    for name, worst in (("E", "A"), ("CR", "H"), ("IR", "H"), ("AR", "H")):
        said = told.get(name, "X")
        out[name] = worst if said == "X" else said
    return out


def _levels(m: Mapping[str, str]) -> tuple[int, int, int, int, int, int]:
    """Return the MacroVector: the level of each equivalence set (tables 24 to 29)."""
    open_ = [m["AV"] == "N", m["PR"] == "N", m["UI"] == "N"]
    one = 0 if all(open_) else 1 if any(open_) and m["AV"] != "P" else 2
    two = 0 if m["AC"] == "L" and m["AT"] == "N" else 1
    high = [m[n] == "H" for n in ("VC", "VI", "VA")]
    three = 0 if high[0] and high[1] else 1 if any(high) else 2
    safety = "S" in (m["SI"], m["SA"])
    four = 0 if safety else 1 if "H" in (m["SC"], m["SI"], m["SA"]) else 2
    asked = zip(("CR", "IR", "AR"), high, strict=True)
    six = 0 if any(m[n] == "H" and grave for n, grave in asked) else 1
    return one, two, three, four, "APU".index(m["E"]), six


def _lower(levels: tuple[int, ...]) -> Iterator[tuple[str, float]]:
    """Give each set that can be one level lower with the score of that; EQ3 and EQ6 are lowered together (8.2)."""
    table, (one, two, three, four, five, six) = _table(), levels
    for eq, at in (("EQ1", 0), ("EQ2", 1), ("EQ4", 3), ("EQ5", 4)):
        below = (*levels[:at], levels[at] + 1, *levels[at + 1 :])
        if below in table:
            yield eq, table[below]
    ways = [(three + 1, six), (three, six + 1)] if (three, six) == (0, 0) else []
    ways = ways or ([(three, 1)] if (three, six) == (1, 0) else [(three + 1, six)])
    found = [table[p] for a, b in ways if (p := (one, two, a, four, five, b)) in table]
    if found:
        yield "EQ3", max(found)


def _part(eq: str, now: Mapping[str, str]) -> float:
    """Return how far a vector lies below the highest of its level, in parts of that level's depth."""
    one, two, three, four, _, six = _levels(now)
    key = f"{eq}:{ {'EQ1': one, 'EQ2': two, 'EQ3': f'{three}{six}', 'EQ4': four}.get(eq, '') }"
    for highest in _HIGHEST.get(key, ()):
        steps = _below(highest.split("/"), now)
        if steps is not None:
            return steps / _DEPTH[key]
    return 0.0  # EQ5: its levels hold one value each


def _below(highest: Sequence[str], now: Mapping[str, str]) -> int | None:
    """Return how many steps a vector lies below one of the highest; None where it is graver in some metric."""
    total = 0
    for part in highest:
        name, _, value = part.partition(":")
        steps = _STEPS[name][now[name]] - _STEPS[name][value]
        if steps < 0:
            return None
        total += steps
    return total


@cache
def _table() -> dict[tuple[int, ...], float]:
    """Return the score of each MacroVector, its levels from EQ1 to EQ6."""
    out: dict[tuple[int, ...], float] = {}
    text = files("assay.methods.advisories").joinpath("macrovectors.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        levels, *scores = line.split()
        one, two, three, six = map(int, levels)
        for at, said in enumerate(scores):
            out[one, two, three, at // 3, at % 3, six] = float(said)
    return out
