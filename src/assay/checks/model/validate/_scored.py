"""Scores of each fold: what models trained on the others said of it, put together and judged as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.checks.model.validate._answers import Answers
from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._problem import Wanted, answered, judge
from assay.checks.model.validate._trials import Told
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    from assay.methods.folds import Fold


@dataclass
class Scored:
    """made: the answers for all rows tested, judged as one; of several repeats for the first.

    folds: those that were trained, in order; scores: of each, by name; trained: the main score of each on the rows that it
    was trained on, NaN where they were not asked about. unanswered: rows of the first repeat that have no answer.
    """

    made: Judged
    main: str
    folds: list[Fold]
    scores: list[dict[str, float]]
    trained: list[float]
    unanswered: int = 0

    @property
    def values(self) -> list[float]:
        """Return the main score of each fold."""
        return [found[self.main] for found in self.scores]

    @property
    def mean(self) -> float:
        """Return the mean of the main score over folds."""
        return sum(self.values) / len(self.values)

    @property
    def sizes(self) -> tuple[float, float]:
        """Return the mean numbers of rows that are tested on and trained on."""
        n = len(self.folds)
        return sum(len(f.test) for f in self.folds) / n, sum(len(f.train) for f in self.folds) / n

    def named(self) -> dict[str, float]:
        """Return the main score by the name of its fold."""
        return {f.name: v for f, v in zip(self.folds, self.values, strict=True)}


def scored(told: Sequence[Told], table: Any, wanted: Wanted, main: str) -> Scored | None:
    """Judge what was told of folds; None where nothing was told, or nothing that can be scored.

    The folds of one repeat are judged together, so that labels and answers are read alike in each of them.
    """
    import numpy as np

    first: Judged | None = None
    missing = 0
    folds: list[Fold] = []
    scores: list[dict[str, float]] = []
    trained: list[float] = []
    for repeat in _repeats(told):
        made, at = pooled(repeat, table, wanted)
        if first is None:
            first, missing = made, sum(len(one.fold.test) for one in repeat) - made.used
        for place, one in enumerate(repeat):
            rows = np.flatnonzero(at == place)
            if not len(rows):
                continue
            folds.append(one.fold)
            scores.append(made.scores(rows))
            trained.append(_trained(one, table, wanted, main))
    if first is None or not folds:
        return None
    return Scored(first, main, folds, scores, trained, missing)


def _repeats(told: Sequence[Told]) -> list[list[Told]]:
    out: dict[str, list[Told]] = {}
    for one in told:
        out.setdefault(one.fold.name.rpartition(".")[0], []).append(one)
    return list(out.values())


def pooled(told: Sequence[Told], table: Any, wanted: Wanted) -> tuple[Judged, Any]:
    """Return the answers for the rows of all folds judged as one, and the place of each judged row's fold."""
    import numpy as np
    import pyarrow as pa

    rows = np.concatenate([one.fold.test for one in told])
    at = np.repeat(np.arange(len(told)), [len(one.fold.test) for one in told])
    order = np.argsort(rows, kind="stable")
    try:
        said = pa.chunked_array(_alike([one.test.plain() for one in told])).take(pa.array(order))
    except pa.ArrowException:
        raise UsageError("models of different folds answer with values of different types") from None
    held = [one.test.scores for one in told]
    scores = None
    if all(s is not None and s.column_names == held[0].column_names for s in held):
        scores = pa.concat_tables(held).take(pa.array(order))
    answers = Answers(said, scores, name=told[0].test.name, classes=told[0].test.classes)
    some = table.take(pa.array(rows[order]))
    made = judge(some, answers, answered(some, answers, wanted), wanted)
    at = at[order][made.rows]
    made.rows = rows[order][made.rows]
    made.folds = at
    return made, at


def _alike(columns: list[Any]) -> list[Any]:
    """Return columns of one type: whole numbers beside others become those."""
    import pyarrow as pa

    kinds = {str(c.type) for c in columns}
    if len(kinds) > 1:
        whole = all(pa.types.is_integer(c.type) or pa.types.is_floating(c.type) for c in columns)
        columns = [c.cast(pa.float64() if whole else pa.string()) for c in columns]
    return [chunk for c in columns for chunk in c.chunks]


def _trained(one: Told, table: Any, wanted: Wanted, main: str) -> float:
    import numpy as np
    import pyarrow as pa

    if one.train is None:
        return float("nan")
    some = table.take(pa.array(one.fold.train))
    try:
        made = judge(some, one.train, answered(some, one.train, wanted), wanted)
    except UsageError:  # of one class alone, or of nothing that can be scored
        return float("nan")
    return made.scores(np.arange(len(made.truth)))[main]
