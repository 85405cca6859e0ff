"""Precision, recall and F1 of what was said of columns and of values against what they are labelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pyarrow as pa

from labelled.make import Column


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
