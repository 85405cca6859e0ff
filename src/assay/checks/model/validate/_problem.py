"""Which kind of problem the labels make it, and what judges the answers then."""

from __future__ import annotations

from typing import Any, NamedTuple

from assay.checks.model.validate._answers import Answers
from assay.checks.model.validate._binary import Binary
from assay.checks.model.validate._costs import Costs, matrix, of_two
from assay.checks.model.validate._forecast import Forecast
from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._multiclass import Multiclass
from assay.checks.model.validate._multilabel import multilabelled
from assay.checks.model.validate._ranking import Ranking
from assay.checks.model.validate._regression import Regression
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

_MOST_CLASSES = 50
_MOST_RELEVANT = 100  # its gain is two to the power of it


class Wanted(NamedTuple):
    """What the caller said of the problem.

    label: the column of the truth. positive: the labels that are yes. costs: of a false positive and a false negative, or of classes.
    quantile: what predictions are the quantile of. query: the column whose values say which rows are ranked together.
    several, separator: the columns of several labels a row, and what stands between them in a text.
    time, series: the columns that put forecasts in order and tell series apart. season: rows that the naive one looks back.
    """

    label: str
    positive: tuple[str, ...] = ()
    costs: Costs | None = None
    quantile: float | None = None
    query: str | None = None
    time: str | None = None
    series: str | None = None
    season: int = 1
    several: tuple[str, ...] = ()
    separator: str | None = None


def answered(table: Any, answers: Answers, wanted: Wanted) -> Any:
    """Return which rows have both a label and an answer."""
    from assay.methods import facets

    return labelled(table, wanted.label) & facets.present(answers.plain())


def labelled(table: Any, label: str) -> Any:
    """Return which rows have a label."""
    from assay.methods import facets

    return facets.present(facets.plain(table.column(label), label))


def judge(table: Any, answers: Answers, rows: Any, wanted: Wanted) -> Judged:
    """Judge the answers on some rows of a table, as the kind of problem that the labels make it."""
    import numpy as np

    made, left = _kind(table, answers, rows, wanted)
    made.rows = np.flatnonzero(rows)[left]
    return made


def _kind(table: Any, answers: Answers, rows: Any, wanted: Wanted) -> tuple[Judged, Any]:
    """Return what judges them, and which of the rows it judges."""
    import numpy as np

    from assay.methods import facets, outcomes

    positive, costs, quantile, label = wanted.positive, wanted.costs, wanted.quantile, wanted.label
    truth = facets.plain(table.column(label), label)
    score = None if wanted.several else answers.score(rows)
    truth, prediction = truth.filter(rows), answers.plain().filter(rows)
    if wanted.several:
        return multilabelled(truth, answers, rows, wanted.several, wanted.separator), slice(None)
    if wanted.time is not None:
        return _forecast(truth, prediction, table.filter(rows), answers, wanted)
    if wanted.query is not None:
        queries = facets.plain(table.column(wanted.query), wanted.query).filter(rows)
        return _ranking(truth, prediction, score, queries, answers, label, wanted.query)
    names = outcomes.distinct(truth)
    if quantile is not None or (facets.is_number(truth) and len(names) > 20 and not positive):
        if costs is not None:
            raise UsageError(
                f"{label} holds numbers, and the costs are of yes and no", remedy="leave them out"
            )
        numbers = outcomes.finite(truth, label)
        known = np.isfinite(numbers)
        if int(known.sum()) < 2:
            raise BadInput(f"fewer than two rows of {label} are finite", where=label)
        said = outcomes.finite(prediction, answers.column or "the prediction")
        return Regression(numbers[known], said[known], int((~known).sum()), quantile), known
    strange = int(outcomes.unheard(prediction, truth, two=bool(positive)).sum())
    spelled, told = outcomes.aligned(prediction, truth, positive)
    if len(names) == 2 or positive:
        from assay.methods.values import spelled as spell

        yes = [spell(p) for p in positive] or [outcomes.usual_yes(names)]
        if not any(t in yes for t in spelled):
            raise UsageError(
                f"no label is {', '.join(positive)}", remedy=f"it holds {', '.join(map(str, names[:6]))}"
            )
        if score is not None:
            score = outcomes.scores_of_yes(score, answers.classes, yes)
        two = None if costs is None else of_two(costs, sorted(set(spelled)), yes)
        judged = Binary(
            [t in yes for t in spelled], [p in yes for p in told], score, ", ".join(yes), strange, two
        )
        if answers.scores is not None and score is None:
            judged.notes.append(_unlike(answers, len(names), label))
        return judged, slice(None)
    if isinstance(costs, tuple):
        raise UsageError(
            f"{label} has {len(names)} values, and the costs are of two kinds of error",
            remedy="name the one that counts as yes with --positive, or say what each costs: --cost TRUE:SAID=X",
        )
    if len(names) > _MOST_CLASSES:
        raise UsageError(f"the label has {len(names)} values", remedy="name the good one with --positive")
    chances, classes = _chances(answers, rows, spelled)
    made = Multiclass(
        spelled, told, strange, chances, classes, None if costs is None else matrix(costs, classes)
    )
    if answers.scores is not None and chances is None:
        made.notes.append(_unlike(answers, len(names), label))
    return made, slice(None)


def _chances(answers: Answers, rows: Any, truth: list[str]) -> tuple[Any, list[str]]:
    """Return rows × classes of scores and the classes' names, by these or in their order; None where they are not of classes."""
    import numpy as np

    from assay.methods import outcomes

    names = sorted(set(truth), key=_as_counted)
    if answers.scores is None:
        return None, names
    given = answers.scores.column_names
    wanted = [f"score_{name}" for name in names]
    if not set(wanted) <= set(given):
        if len(given) != len(names) or any(n.startswith("score_") for n in given):
            return None, names
        wanted = given
    some = answers.scores.filter(rows)
    found = np.stack([outcomes.finite(some.column(name), name) for name in wanted], axis=1)
    if not np.isfinite(found).all():
        raise UsageError(
            "scores of classes are missing or infinite", remedy="leave the rows or the scores out"
        )
    return found, names


def _as_counted(name: str) -> tuple[bool, float, str]:
    """Numbers in their order, before names in theirs."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def _unlike(answers: Answers, classes: int, label: str) -> Finding:
    """Tell scores that are not of the label's classes."""
    given = answers.scores.num_columns
    message = f"It gives {given} scores a row, and {label} has {classes} values: its scores are not read."
    remedy = "give a score for each class of the label, or of yes alone"
    return Finding("model.validate.scores_unlike", Severity.HIGH, message, {"column": label}, remedy)


def _ranking(
    truth: Any, prediction: Any, score: Any, queries: Any, answers: Answers, label: str, query: str
) -> tuple[Judged, Any]:
    """Rank by the scores, or by the predictions where there are none; rows without a query or a relevance are left out."""
    import numpy as np

    from assay.methods import facets, outcomes

    relevance = outcomes.finite(truth, label)
    if score is None:
        score = outcomes.finite(prediction, answers.column or "the prediction")
    known = np.flatnonzero(np.isfinite(relevance) & np.isfinite(score) & facets.present(queries))
    if (relevance[known] < 0).any() or (relevance[known] > _MOST_RELEVANT).any():
        raise UsageError(
            f"{label} is a relevance from 0 to {_MOST_RELEVANT} where rows are ranked", where=label
        )
    made = Ranking(facets.coded(queries)[0][known], relevance[known], score[known])
    if len(made.truth) < 2:
        raise BadInput(f"fewer than two queries have a row of {label} above 0", where=label)
    made.used, made.placed_by = len(known), str(query)
    return made, known[made.first]


def _forecast(
    truth: Any, prediction: Any, table: Any, answers: Answers, wanted: Wanted
) -> tuple[Judged, Any]:
    """Put rows in order of time, series by series; those without a time or a finite number are left out."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from assay.methods import facets, forecasts, outcomes

    values, said = (
        outcomes.finite(c, n)
        for c, n in ((truth, wanted.label), (prediction, answers.column or "the prediction"))
    )
    time = table.column(str(wanted.time))
    if not (facets.is_number(time) or pa.types.is_temporal(time.type)):
        raise UsageError(
            f"{wanted.time} holds neither times nor numbers", remedy="name a column that orders the rows"
        )
    series = np.zeros(len(values), dtype=np.int64)
    if wanted.series is not None:
        series = facets.coded(facets.plain(table.column(wanted.series), wanted.series))[0]
    known = np.flatnonzero(np.isfinite(values) & np.isfinite(said) & facets.present(time))
    # Ranks, so that any order of times is one of integers
    places = pc.rank(time.combine_chunks().take(pa.array(known)), tiebreaker="dense").to_numpy()
    at = known[forecasts.ordered(places, series[known])]
    if len(at) <= wanted.season + 1:
        raise BadInput(
            f"{len(at)} rows are no more than a season of {wanted.season} and a forecast", where=wanted.label
        )
    made = Forecast(values[at], said[at], series[at], wanted.season)
    made.placed_by = str(wanted.time)
    made.notes = _repeated(places, series[known], table.take(pa.array(known)), answers, wanted)
    return made, at


def _repeated(places: Any, series: Any, table: Any, answers: Answers, wanted: Wanted) -> list[Finding]:
    """Tell times that stand in several rows of a series: the value before is then another series' own."""
    import numpy as np

    from assay.methods.timelike import parting

    pairs = np.stack([series, places], axis=1)
    twice = len(pairs) - len(np.unique(pairs, axis=0))
    if not twice:
        return []
    aside = {wanted.label, answers.column, wanted.time, wanted.series}
    name = parting(table, str(wanted.time), [n for n in table.column_names if n not in aside])
    of = f" of one {wanted.series}" if wanted.series else ""
    message = f"{twice:,} rows{of} have a {wanted.time} that a row before has: several series are judged as one, and beside values of one another."
    remedy = (
        f"tell them apart: --series {name}" if name else "name the column that tells them apart: --series"
    )
    return [
        Finding(
            "model.validate.times_repeat",
            Severity.HIGH,
            message,
            {"column": wanted.time},
            remedy,
            count=twice,
        )
    ]
