"""Answers beside the truth: which rows have both, what kind of problem it is, and what was said of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.kernel.errors import BadInput, UsageError
from assay.methods.monitor.performance import Problem

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CLASSES = 200
_FEW = 20  # different whole numbers that are still classes


@dataclass
class Answers:
    """Rows whose truth is known. truth, said: codes of classes, or numbers; score: of yes, 0 to 1, or None.

    classes: their names, no first and yes last of two; places: of the rows in the window. turned: whether the scores were of
    the other class, and are turned over.
    """

    problem: Problem
    truth: Any
    said: Any
    score: Any
    classes: list[str]
    places: Any
    turned: bool = False


def gathered(
    table: pa.Table,
    *,
    label: str,
    predicted: str | None,
    score: str | None,
    problem: str,
    positive: Sequence[str],
    threshold: float,
) -> Answers | None:
    """Return the answers whose truth is known, of a window's columns; None where none is.

    A prediction that is no class but a number from 0 to 1 is the score of the last of two labels, as a booster's answer is.
    threshold: above which a score says that label, where there is no prediction.
    """
    from assay.methods.facets import is_number

    truth = table.column(label)
    said = table.column(predicted) if predicted else None
    scores = table.column(score) if score else None
    if said is None and scores is None:
        raise UsageError("nothing says what was answered", remedy="name a column: --predicted or --score")
    known = _present(truth) & _present(said if said is not None else scores)
    places = np.flatnonzero(known)
    if not len(places):
        return None
    names = _names(truth, places)
    told = _texts(said, places) if said is not None else None
    is_chance = (
        told is not None and is_number(said) and not set(told) <= set(names) and _is_chance(said, places)
    )
    kind = (
        problem
        if problem != "auto"
        else _kind(truth, {*names, *(told or ())} if not is_chance else set(names), said)
    )
    if kind == "regression":
        source = said if said is not None else scores
        if not (is_number(truth) and source is not None and is_number(source)):
            raise BadInput("truth and answers of a regression are numbers, and these are not", where=label)
        return Answers("regression", _numbers(truth, places), _numbers(source, places), None, [], places)
    chance = _numbers(scores, places) if scores is not None else None
    if len(names) > MOST_CLASSES:
        raise BadInput(
            f"{len(names):,} different labels are no classes", where=label, remedy="say --problem regression"
        )
    if is_chance:
        chance, told = _numbers(said, places), None
    if kind == "binary" or (told is None and len(names) <= 2):
        return _binary(truth, names, told, chance, positive, threshold, places)
    if told is None:
        raise UsageError("scores alone do not say which class was answered", remedy="name it: --predicted")
    every = sorted({*names, *told}, key=_order)
    code = {n: i for i, n in enumerate(every)}
    return Answers("multiclass", _coded(_texts(truth, places), code), _coded(told, code), None, every, places)


def _binary(
    truth: Any,
    names: list[str],
    told: list[str] | None,
    chance: Any,
    positive: Sequence[str],
    threshold: float,
    places: Any,
) -> Answers:
    from assay.methods.values import spelled

    every = sorted({*names, *(told or ())}, key=_order)
    yes = {spelled(p) for p in positive} or {every[-1] if len(every) > 1 else "1"}
    if positive and not yes & set(every):
        raise UsageError(f"no label is {', '.join(positive)}", remedy=f"there are {', '.join(every[:5])}")
    actual = np.array([n in yes for n in _texts(truth, places)], np.int64)
    if told is not None:
        said = np.array([n in yes for n in told], np.int64)
        turned = chance is not None and _of_the_other(chance, said, every, yes)
    else:
        turned = _yes_is_first(every, yes)
        said = ((chance > threshold) != turned).astype(np.int64)
    if chance is not None and not np.isfinite(chance).all():
        chance = None
    if chance is not None and turned:
        chance = 1 - chance
    low = [n for n in every if n not in yes]
    return Answers(
        "binary", actual, said, chance, ["/".join(low) or "0", "/".join(sorted(yes))], places, turned
    )


def _yes_is_first(every: list[str], yes: set[str]) -> bool:
    return len(every) == 2 and every[0] in yes and every[1] not in yes


def _of_the_other(chance: Any, said: Any, every: list[str], yes: set[str]) -> bool:
    """Whether a score is that of no: rows that are answered yes have the lower ones. Where all are answered alike, a model
    of two classes tells the score of its last.
    """
    known = np.isfinite(chance)
    high, low = chance[known & (said == 1)], chance[known & (said == 0)]
    if not len(high) or not len(low) or high.mean() == low.mean():
        return _yes_is_first(every, yes)
    return bool(high.mean() < low.mean())


def _order(name: str) -> tuple[int, float, str]:
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)


def _kind(truth: Any, names: set[str], said: Any) -> Problem:
    from assay.methods.facets import is_number

    if len(names) <= 2:
        return "binary"
    import pyarrow as pa

    if is_number(truth) and (said is None or is_number(said)):
        whole = pa.types.is_integer(truth.type)
        if not whole or len(names) > _FEW:
            return "regression"
    return "multiclass"


def _present(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.is_valid(column)
    if pa.types.is_floating(column.type):
        found = pc.and_kleene(found, pc.fill_null(pc.invert(pc.is_nan(column)), False))
    return found.to_numpy(zero_copy_only=False).astype(bool)


def _texts(column: Any, places: Any) -> list[str]:
    """Return values in one spelling each, so that 1, 1.0 and "1" are one label."""
    import pyarrow as pa

    from assay.methods.values import spelled

    coded = column.combine_chunks().dictionary_encode()
    names = [spelled(v) for v in coded.dictionary.to_pylist()]
    indices = coded.indices.take(pa.array(places)).to_numpy(zero_copy_only=False)
    return [names[i] for i in indices.tolist()]


def _names(column: Any, places: Any) -> list[str]:
    return sorted(set(_texts(column, places)), key=_order)


def _coded(texts: list[str], code: dict[str, int]) -> Any:
    return np.array([code[t] for t in texts], np.int64)


def _numbers(column: Any, places: Any) -> Any:
    import pyarrow as pa

    values = (
        column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False) if not _is_text(column) else None
    )
    if values is None:
        raise BadInput("the scores are texts, and no numbers")
    return np.asarray(values, np.float64)[places]


def _is_text(column: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _is_chance(column: Any, places: Any) -> bool:
    values = _numbers(column, places)
    return bool(((values >= 0) & (values <= 1)).all())
