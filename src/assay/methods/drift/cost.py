"""What a column's drift costs a model: its answers on rows of the baseline in which only that column has drifted.

A row's value is moved as little as the new distribution allows (the optimal coupling): a number keeps its rank, a category
stays unless it has become rarer. So the column follows the new distribution and keeps what it can of its ties to others.
The other view weighs the baseline's rows by how much commoner their value has become, their labels with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods import outcomes
from assay.methods.drift import distances
from assay.methods.drift.compare import Compared
from assay.methods.drift.counted import Floats
from assay.methods.values import spelled

HEAVIEST = 50.0  # no row weighs more than so many


def moved(values: Any, column: Compared, rng: np.random.Generator) -> Any:
    """Return a column of the baseline's rows moved to the new distribution, missing values with their share.

    values: floats (NaN where missing) or texts (None where missing); the same is given back.
    """
    texts = isinstance(column.pair.values, tuple)
    out = np.array(values, dtype=object if texts else np.float64)
    gone = np.array([v is None for v in out]) if texts else np.isnan(out)
    old, new = column.measures["missing_old"], column.measures["missing_new"]
    if column.pair.n and column.pair.m:
        out[~gone] = (_moved_texts if texts else _moved_numbers)(out[~gone], column, rng)
    if new > old:
        lost = ~gone & (rng.random(len(out)) < (new - old) / max(1 - old, 1e-12))
        out[lost] = None if texts else np.nan
    elif new < old and column.pair.m:
        found = gone & (rng.random(len(out)) < (old - new) / old)
        place = _drawn(column.pair.b, int(found.sum()), rng)
        out[found] = np.asarray(column.pair.values, dtype=out.dtype)[place]
    return out


def _moved_numbers(values: Floats, column: Compared, rng: np.random.Generator) -> Floats:
    pair = column.pair
    at = np.clip(np.searchsorted(pair.values, values), 0, len(pair.values) - 1)
    ends = np.cumsum(pair.a) / pair.n
    starts = ends - pair.a / pair.n
    rank = starts[at] + rng.random(len(values)) * (ends - starts)[at]
    steps = np.cumsum(pair.b) / pair.m
    out: Floats = pair.values[np.minimum(np.searchsorted(steps, rank, side="left"), len(steps) - 1)]
    return out


def _moved_texts(values: Any, column: Compared, rng: np.random.Generator) -> Any:
    pair = column.pair
    p, q = pair.a / pair.n, pair.b / pair.m
    stay = np.minimum(1.0, np.divide(q, p, out=np.ones(len(p)), where=p > 0))
    place = {v: i for i, v in enumerate(pair.values)}
    at = np.array([place.get(v, 0) for v in values], dtype=np.int64)
    leaves = rng.random(len(values)) >= stay[at]
    more = np.maximum(q - p, 0)
    if leaves.any() and more.sum() > 0:
        to = rng.choice(len(more), int(leaves.sum()), p=more / more.sum())
        values = values.copy()
        values[leaves] = np.asarray(pair.values, dtype=object)[to]
    return values


def _drawn(counts: Any, size: int, rng: np.random.Generator) -> Any:
    return rng.choice(len(counts), size, p=counts / counts.sum())


def weights(values: Any, column: Compared) -> Floats:
    """Return how much commoner each row's value has become: new share over old share, of its bin or category.

    Mean 1 over the rows given; none above 50, so that a value that hardly stood in the baseline does not speak for all.
    """
    pair = column.pair
    if not pair.n or not pair.m:
        return np.ones(len(values))
    if isinstance(pair.values, tuple):
        place = {v: i for i, v in enumerate(pair.values)}
        at = np.array([place.get(v, -1) for v in values], dtype=np.int64)
        a, b = pair.a, pair.b
    else:
        inner = pair.values[:-1] if column.kind == "discrete" else distances.edges(pair, 20)
        at = np.searchsorted(inner, np.asarray(values, np.float64), side="left")
        at[np.isnan(np.asarray(values, np.float64))] = -1
        a, b = distances.binned(pair, inner)
    old, new = column.measures["missing_old"], column.measures["missing_new"]
    share = np.divide(b / pair.m * (1 - new), a / pair.n * (1 - old), out=np.zeros(len(a)), where=a > 0)
    ratio = np.append(share, new / old if old else 1.0)
    out = np.minimum(ratio[at], HEAVIEST)
    total = out.mean()
    even: Floats = out / total if total > 0 else np.ones(len(values))
    return even


def losses(
    truth: pa.ChunkedArray, answers: pa.Table, positive: Sequence[str] = (), classes: Sequence[object] = ()
) -> tuple[Floats, str]:
    """Return each row's loss and its name: log loss of scores, squared error of numbers, else error (0 or 1).

    NaN where the row has no label or no answer. classes: what the model chooses among; of two, its scores are of the last.
    """
    names = outcomes.distinct(truth)
    scores = [c for c in answers.column_names if c.startswith("score_")]
    if "score" in answers.column_names and (len(names) == 2 or positive):
        yes = {spelled(p) for p in positive} or {outcomes.usual_yes(names)}
        said = outcomes.scores_of_yes(outcomes.finite(answers.column("score")), classes, sorted(yes))
        said = np.clip(said, 1e-15, 1 - 1e-15)
        hit = np.array([spelled(v) in yes for v in truth.to_pylist()])
        return _where(truth, np.where(hit, -np.log(said), -np.log1p(-said))), "log loss"
    if scores:
        table = np.column_stack([outcomes.finite(answers.column(c)) for c in scores])
        place = {spelled(c.removeprefix("score_")): i for i, c in enumerate(scores)}
        at = np.array([place.get(spelled(v), -1) for v in truth.to_pylist()])
        said = np.where(at >= 0, table[np.arange(len(at)), at], 0.0)
        return _where(truth, -np.log(np.clip(said, 1e-15, 1))), "log loss"
    prediction = answers.column("prediction")
    if len(names) > 20 and pa.types.is_floating(prediction.type):
        return (outcomes.finite(truth) - outcomes.finite(prediction)) ** 2, "squared error"
    spelt, said_ = outcomes.aligned(prediction, truth, positive)
    return _where(truth, np.array([a != b for a, b in zip(spelt, said_, strict=True)], float)), "error"


def _where(truth: pa.ChunkedArray, loss: Floats) -> Floats:
    known = np.asarray(pc.is_valid(truth).to_numpy(zero_copy_only=False), dtype=bool)
    out: Floats = np.where(known, loss, np.nan)
    return out


def change(before: pa.Table, after: pa.Table) -> float:
    """Return how much answers changed: the mean shift of scores (of several classes half their sum), of numbers in
    standard deviations of the former ones, of bare classes the share that changed.
    """
    scores = [c for c in before.column_names if c.startswith("score")]
    if scores:
        shifts = [
            np.abs(outcomes.finite(after.column(c)) - outcomes.finite(before.column(c))) for c in scores
        ]
        return float(np.mean(np.sum(shifts, axis=0))) / (2 if len(scores) > 1 else 1)
    old, new = before.column("prediction"), after.column("prediction")
    if pa.types.is_floating(old.type):
        x, y = outcomes.finite(old), outcomes.finite(new)
        return distances.normed(float(np.mean(np.abs(y - x))), float(np.std(x)))
    return float(np.mean([a != b for a, b in zip(old.to_pylist(), new.to_pylist(), strict=True)]))
