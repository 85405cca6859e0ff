"""How grave a record is: by its CVSS vectors, else by the word that its database has for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assay.methods.advisories import cvss

_WORDS = {
    "critical": "critical", "high": "high", "important": "high", "moderate": "medium", "medium": "medium",
    "low": "low", "negligible": "low", "unimportant": "low", "minor": "low", "none": "info",
}  # fmt: skip
_RANK = ("", "info", "low", "medium", "high", "critical")
_FIELDS = ("severity", "urgency", "cvss_severity", "priority")


@dataclass(frozen=True, slots=True)
class Gravity:
    """word: info to critical, empty where nobody says. score: the highest of CVSS, where there is a vector that can be read.

    scores: the highest of each version of CVSS, the latest version first.
    """

    word: str = ""
    score: float | None = None
    vector: str = ""
    scores: tuple[tuple[str, float], ...] = ()


def of(record: Mapping[str, Any], entry: Mapping[str, Any]) -> Gravity:
    """Return the gravity of a record for one package: what it says of that package goes before the record's own word."""
    for where in (entry, record):
        scores: dict[str, float] = {}
        highest, by = -1.0, ""
        for vector in _vectors(where):
            score = cvss.base(vector)
            if score is None:
                continue
            version = cvss.version(vector)
            scores[version] = max(score, scores.get(version, 0.0))
            if score > highest:
                highest, by = score, vector
        if scores:
            return Gravity(cvss.word(highest), highest, by, tuple(sorted(scores.items(), reverse=True)))
    for text in _texts(entry, record):
        name = _WORDS.get(text.strip().lower(), "")
        if name:
            return Gravity(name)
    return Gravity()


def graver(a: Gravity, b: Gravity) -> Gravity:
    """Return the graver of two: by the word, then by the score; with the scores of each version that either has."""
    graver = max(a, b, key=lambda g: (_RANK.index(g.word), g.score or 0.0))
    scores = dict(a.scores)
    for version, score in b.scores:
        scores[version] = max(score, scores.get(version, 0.0))
    return replace(graver, scores=tuple(sorted(scores.items(), reverse=True)))


def _vectors(where: Mapping[str, Any]) -> Iterator[str]:
    told = where.get("severity")
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict) and isinstance(one.get("score"), str):
            yield one["score"]


def _texts(*places: Mapping[str, Any]) -> Iterator[str]:
    for where in places:
        for key in ("ecosystem_specific", "database_specific"):
            inner = where.get(key)
            if isinstance(inner, dict):
                yield from (inner[f] for f in _FIELDS if isinstance(inner.get(f), str))
        yield from _vectors(where)  # Ubuntu writes its priority where others write a vector
