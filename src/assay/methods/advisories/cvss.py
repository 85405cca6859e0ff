"""CVSS base scores from their vectors: versions 2, 3.0 and 3.1.

https://www.first.org/cvss/v3.1/specification-document (7 and appendix A) and https://www.first.org/cvss/v2/guide (3.2.1).
Version 4 is in ``cvss4``.
"""

from __future__ import annotations

import functools
import math

_V3 = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PR = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}
_V2 = {
    "AV": {"L": 0.395, "A": 0.646, "N": 1.0},
    "AC": {"H": 0.35, "M": 0.61, "L": 0.71},
    "Au": {"M": 0.45, "S": 0.56, "N": 0.704},
    "C": {"N": 0.0, "P": 0.275, "C": 0.66},
    "I": {"N": 0.0, "P": 0.275, "C": 0.66},
    "A": {"N": 0.0, "P": 0.275, "C": 0.66},
}


def base(vector: str) -> float | None:
    """Return the score of a vector, from 0 to 10: of version 4 with what it says of threat, of earlier ones the base score.

    None where it is no vector that is known here.
    """
    return _base(vector.strip()[:200])


@functools.lru_cache(maxsize=4_096)  # thousands of records have the same few vectors
def _base(text: str) -> float | None:
    if text.startswith(("CVSS:3.0/", "CVSS:3.1/")):
        return _third(_metrics(text[9:]), text.startswith("CVSS:3.1"))
    if text.startswith("CVSS:4.0/"):
        from assay.methods.advisories import cvss4

        return cvss4.score(text)
    return _second(_metrics(text.strip("()").removeprefix("CVSS:2.0/")))


def _metrics(text: str) -> dict[str, str]:
    return dict(p.partition(":")[::2] for p in text.split("/") if ":" in p)


def _third(m: dict[str, str], exact: bool) -> float | None:
    try:
        c, i, a = (_V3[k][m[k]] for k in ("C", "I", "A"))
        scope = m["S"]
        easy = 8.22 * _V3["AV"][m["AV"]] * _V3["AC"][m["AC"]] * _PR[scope][m["PR"]] * _V3["UI"][m["UI"]]
    except KeyError:
        return None
    iss = 1 - (1 - c) * (1 - i) * (1 - a)
    impact = 6.42 * iss if scope == "U" else 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15
    if impact <= 0:
        return 0.0
    whole = min(impact + easy if scope == "U" else 1.08 * (impact + easy), 10)
    return _up(whole) if exact else math.ceil(round(whole * 10, 9)) / 10


def _up(value: float) -> float:
    """Round up to one decimal as appendix A does, free of the errors of floating point."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


def _second(m: dict[str, str]) -> float | None:
    try:
        c, i, a = (_V2[k][m[k]] for k in ("C", "I", "A"))
        easy = 20 * _V2["AV"][m["AV"]] * _V2["AC"][m["AC"]] * _V2["Au"][m["Au"]]
    except KeyError:
        return None
    impact = 10.41 * (1 - (1 - c) * (1 - i) * (1 - a))
    return round((0.6 * impact + 0.4 * easy - 1.5) * (0.0 if impact == 0 else 1.176), 1)


def version(vector: str) -> str:
    """Return the version of CVSS that a vector is of."""
    text = vector.strip()
    return text[5:8] if text.startswith("CVSS:") else "2.0"


def word(score: float) -> str:
    """Return the qualitative rating of a score, as the names of severities have it (5 of the specification)."""
    for least, name in ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low")):
        if score >= least:
            return name
    return "info"
