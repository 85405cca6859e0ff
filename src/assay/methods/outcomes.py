"""How a model's answers are matched with the labels of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from assay.kernel.errors import UsageError
from assay.methods.facets import Mask, above, coded, is_number, matches, plain
from assay.methods.values import spelled


def distinct(column: pa.ChunkedArray, most: int = 1000) -> list[Any]:
    """Return the values of a column, in order of their spelling."""
    found = [v for v in column.unique().to_pylist()[:most] if v is not None and v == v]
    return sorted(found, key=lambda v: (len(spelled(v)), spelled(v)))


def usual_yes(names: Sequence[Any]) -> str:
    """Return which label is yes where nobody says it: the last as numbers, truth values or the alphabet order them.

    So do the libraries that train models: of ``<=50K`` and ``>50K`` it is ``>50K``.
    """
    if all(isinstance(n, (str, bool)) for n in names):
        return spelled(max(names, key=str))
    return spelled(names[-1])


def scores_of_yes(score: Any, classes: Sequence[Any], yes: Sequence[str]) -> Any:
    """Return the scores of yes, floats: a model of two classes tells those of its last, so where yes is its first they are
    turned over (1 - p, or -s where they are no probabilities). yes: spellings of labels."""
    told = [spelled(c) for c in classes]
    if len(told) != 2 or told[0] not in yes or told[1] in yes:
        return score
    known = score[np.isfinite(score)]
    return 1 - score if ((known >= 0) & (known <= 1)).all() else -score


def chances(answered: pa.Table, classes: Sequence[Any], yes: Any) -> Any:
    """Return each row's chance of yes by a model's answers: its score, or 1 and 0 by its predictions where it has none.

    classes: the model's own, in order. yes: the label's value; a model that answers in 0 and 1 alone says 1 for it.
    """
    if "score" in answered.column_names:
        return scores_of_yes(finite(answered.column("score")), classes, [spelled(yes)])
    told = plain(answered.column("prediction"), "the prediction")
    numbers = _spellings(told) <= {"0", "1"} and spelled(yes) not in ("0", "1")
    return matches(told, ["1" if numbers else yes]).astype(np.float64)


def positive_rows(column: pa.ChunkedArray, positive: Sequence[str], threshold: float | None) -> Mask:
    """Return which rows have the good outcome: one of the values, or above the threshold."""
    return above(column, threshold) if threshold is not None else matches(column, positive)


def predicted_rows(
    prediction: pa.ChunkedArray, label: pa.ChunkedArray, positive: Sequence[str], threshold: float | None
) -> Mask:
    """Return which rows are predicted to have the good outcome.

    A model trained on 0 and 1 for labels of other names (``<=50K``, ``>50K``) says 1 for the positive one.
    """
    if threshold is not None:
        return above(prediction, threshold)
    return matches(prediction, ["1"] if positive and numbered(prediction, label) else positive)


def numbered(prediction: pa.ChunkedArray, label: pa.ChunkedArray) -> bool:
    """Whether predictions are 0 and 1 while no label is either."""
    said = _spellings(prediction)
    return bool(said) and said <= {"0", "1"} and not said & _spellings(label)


def _spellings(column: pa.ChunkedArray) -> set[str]:
    return {spelled(v) for v in column.unique().to_pylist()} - {""}


def unheard(prediction: pa.ChunkedArray, label: pa.ChunkedArray, *, two: bool, times: Any = None) -> Mask:
    """Return which rows are predicted to be what no label is; UsageError where not one in two is a label.

    two: predictions of 0 and 1 may stand for two labels of other names. times: how many rows each stands for, or None.
    """
    if two and numbered(prediction, label):
        return np.zeros(len(prediction), dtype=bool)
    known = _spellings(label)
    codes, held = coded(prediction)
    strange = np.array([*(spelled(v) not in known for v in held.to_pylist()), False], dtype=bool)
    out: Mask = strange[codes]
    if len(held) and (strange[:-1].all() or np.average(out, weights=times) > 0.5):
        if len(known) < 2:
            raise _unlike(known)
        raise UsageError(
            f"most predictions are no value of the label: they are {_some(prediction)}, and labels {_some(label)}",
            remedy="say which label is meant by 1: --positive VALUE"
            if len(known) == 2 and numbered(prediction, label)
            else "give a column that predicts labels; scores go with a threshold or in a column of their own",
        )
    return out


def _unlike(known: set[str]) -> UsageError:
    """Return what is wrong where labels are missing everywhere, or all the same."""
    if not known:
        return UsageError("no row has a label", remedy="name the column that holds the truth")
    return UsageError(
        f"every label is {next(iter(known))[:40]}, and most predictions are not",
        remedy="give rows of more than one outcome, or compare how labels and predictions are written",
    )


def _some(column: pa.ChunkedArray) -> str:
    held = distinct(column)
    return ", ".join(str(v)[:40] for v in held[:4]) + (", …" if len(held) > 4 else "")


def aligned(
    prediction: pa.ChunkedArray, label: pa.ChunkedArray, positive: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return labels and predictions spelled alike; a model's 0 and 1 become the labels' own two names."""
    truth, said = _each(label), _each(prediction)
    names = set(truth)
    if positive and len(names) == 2 and numbered(prediction, label):
        yes = spelled(positive[0])
        no = next(iter(names - {yes}))
        said = [yes if v == "1" else no for v in said]
    return truth, said


def _each(column: pa.ChunkedArray) -> list[str]:
    codes, held = coded(column)
    names = [*map(spelled, held.to_pylist()), ""]
    return [names[c] for c in codes.tolist()]


def counts(observed: Mask, predicted: Mask, rows: Mask) -> tuple[float, float, float, float]:
    """Return (tp, fp, fn, tn) among ``rows``."""
    o, p = observed[rows], predicted[rows]
    return float((o & p).sum()), float((~o & p).sum()), float((o & ~p).sum()), float((~o & ~p).sum())


def finite(column: pa.ChunkedArray, name: str = "a column") -> Any:
    """Return a column as floats, missing as NaN; UsageError where it holds no numbers."""
    if not (is_number(column) or pa.types.is_boolean(column.type)):
        raise UsageError(f"{name} holds values of type {str(column.type)[:60]}, and numbers are wanted")
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def floats(data: pa.Table, names: Sequence[str]) -> Any:
    """Return columns of numbers as n × p floats, NaN where missing; UsageError where one holds none."""
    return np.column_stack([finite(data.column(n), n) for n in names])
