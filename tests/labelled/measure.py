"""Precision, recall and F1 of what was said of columns and of values against what they are labelled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pyarrow as pa

from labelled.make import Column
from labelled.prose import Sentence


class Score(NamedTuple):
    """right: as labelled; wrong: said and not so (another type too); missed: labelled and not said so."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of what was said, the share that is so."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of what is labelled, the share that was said."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of both (micro, over all types)."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


Said = dict[tuple[str, str], str]  # (table, column) -> type


def tables(columns: Iterable[Column]) -> dict[str, pa.Table]:
    """Return the columns as the tables that they stand in."""
    grouped: dict[str, dict[str, list[object]]] = {}
    for column in columns:
        grouped.setdefault(column.table, {})[column.name] = column.values
    return {name: pa.table(held) for name, held in grouped.items()}


def scores(columns: list[Column], said: Said, fold: Callable[[str], str] = str) -> dict[str, Score]:
    """Return the score of each type, and of all as "all". fold: brings several types to one, for both sides."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for column in columns:
        found = fold(said.get((column.table, column.name), ""))
        wanted = [fold(t) for t in (column.type, *column.other)]
        if found and found in wanted:
            right[wanted[0]] += 1
            continue
        if found:
            wrong[found] += 1
        if column.type:
            missed[wanted[0]] += 1
    kinds = sorted({*right, *wrong, *missed})
    out = {k: Score(right[k], wrong[k], missed[k]) for k in kinds}
    out["all"] = Score(sum(right.values()), sum(wrong.values()), sum(missed.values()))
    return out


_TITLES = re.compile(
    r"(?:(?:Mrs?|Ms|Miss|Dr|Prof|Professor|Herrn?|Frau|M|Mme|Madame|Monsieur|Maître|Sra?|Srta|Dra|Señora?|Don|Doña|Sig|Sig\.ra|Signora?|Dott|Avv|Senhora?|Dona|Dhr|Mw|Mevrouw|"
    r"Pani?|Panie|Pana|Doktor|Dokter|[hH]eer|doctora|docteur|doctor|dottoressa|doutora|doktor|señora?|signora?|senhora?|mevrouw|panią)\.? )+"
)


def entities(
    sentences: Iterable[Sentence],
    find: Callable[[Sentence], Iterable[tuple[int, int]]],
    kind: str,
    *,
    exact: bool = True,
) -> Score:
    """Return the score of what is found of a kind in sentences. A title before a name counts for neither side.

    exact: both ends must be those of the label; otherwise it is right where both have a character in common.
    """
    right = wrong = missed = 0
    for one in sentences:
        wanted = [_bare(one.text, start, stop) for name, start, stop in one.spans if name == kind]
        found = [_bare(one.text, start, stop) for start, stop in find(one)]
        hit = [w for w in wanted if any(f == w if exact else f[0] < w[1] and w[0] < f[1] for f in found)]
        off = [f for f in found if not any(f == w if exact else f[0] < w[1] and w[0] < f[1] for w in wanted)]
        right, wrong, missed = right + len(hit), wrong + len(off), missed + len(wanted) - len(hit)
    return Score(right, wrong, missed)


def _bare(text: str, start: int, stop: int) -> tuple[int, int]:
    title = _TITLES.match(text, start, stop)
    return (title.end() if title else start), stop
