"""A model asked about rows: one score with its interval, and how often it gives each answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.works.bench import Bench

MOST_ROWS = 50_000
_CLASSES = 20
_DRAWS = 400


@dataclass(frozen=True)
class Yardstick:
    """How models of a pipeline are scored: fixed by the older run, and the same for every other.

    metric: f1 (of ``yes``), macro_f1, or rmse, which is better where it is less.
    """

    label: str
    metric: str
    yes: str = ""

    @property
    def shown(self) -> str:
        """Return the metric as people call it."""
        return {"f1": "F1", "macro_f1": "macro F1", "rmse": "RMSE"}[self.metric]


@dataclass(frozen=True)
class Scored:
    """value: None where the score is undefined; then ``reason`` says why. shares: of each answer. rows: how many were asked.

    said, truth: what the model answered and what was right, by row, as texts (or floats for a number).
    """

    value: float | None
    interval: tuple[float, float] | None
    shares: Mapping[str, float]
    rows: int
    said: Any = field(repr=False, default=None)
    truth: Any = field(repr=False, default=None)
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without the rows."""
        return {
            "value": None if self.value is None else round(self.value, 6),
            "interval": [round(x, 6) for x in self.interval] if self.interval else None,
            "answers": {k: round(v, 6) for k, v in self.shares.items()},
            "rows": self.rows,
            "reason": self.reason or None,
        }


def yardstick(table: pa.Table, label: str, positive: tuple[str, ...]) -> Yardstick | None:
    """Return how models are scored on rows with this label; None where the label is not there."""
    from assay.methods.headline import binary
    from assay.methods.outcomes import usual_yes
    from assay.methods.parting.columns import Held

    if label not in table.column_names:
        return None
    held = Held(label, table.column(label).combine_chunks())
    names = held.codes[1]
    if held.numeric and len(names) > _CLASSES:
        return Yardstick(label, "rmse")
    if len(names) > 2:
        return Yardstick(label, "macro_f1")
    yes = next((str(p) for p in positive if str(p) in names), None) or usual_yes(names)
    share = float((held.codes[0] == names.index(yes)).mean()) if yes in names else 0.0
    return Yardstick(label, binary(share, costs=False).name, yes)


def score(bench: Bench, model: Asset, table: pa.Table, by: Yardstick) -> Scored:
    """Ask a model about the first MOST_ROWS rows of a table and score what it says; why not, where it cannot be asked."""
    from assay.methods.parting.columns import Held
    from assay.methods.predictions import answers

    rows = table.slice(0, MOST_ROWS)
    try:
        with bench.opened(model, "model") as opened:
            said, _ = answers(opened, rows, by.label)
    except AssayError as error:
        return Scored(None, None, {}, rows.num_rows, reason=str(error))
    if by.label not in rows.column_names:
        return Scored(None, None, {}, rows.num_rows, reason=f"the rows have no {by.label}")
    told = Held("prediction", said.combine_chunks() if hasattr(said, "combine_chunks") else said)
    truth = Held(by.label, rows.column(by.label).combine_chunks())
    if by.metric == "rmse":
        return _numbers(told, truth)
    return _classes(told, truth, by)


def _classes(told: Any, truth: Any, by: Yardstick) -> Scored:
    import numpy as np

    said, right = (np.array([*c.codes[1], ""], dtype=object)[c.codes[0]] for c in (told, truth))
    known = right != ""
    said, right = said[known], right[known]
    if by.yes and set(said) <= {"0", "1"} and not {"0", "1"} & set(right):
        other = next((n for n in truth.codes[1] if n != by.yes), "")
        said = np.where(said == "1", by.yes, other)  # a model that learnt 1 and 0 for labels of other names
    names = sorted({*said.tolist(), *right.tolist()})
    a, b = (np.searchsorted(names, v.astype(str)) for v in (right, said))
    k = len(names)
    table = np.bincount(a * k + b, minlength=k * k).reshape(k, k).astype(float)
    shares = {n: float(table[:, i].sum() / max(1, len(said))) for i, n in enumerate(names)}
    value = float(_f1(table[None], names, by)[0])
    rng = np.random.default_rng(0)
    total = table.sum()
    drawn = rng.multinomial(int(total), (table / max(total, 1)).ravel(), size=_DRAWS).reshape(-1, k, k)
    return _scored(value, _f1(drawn.astype(float), names, by), shares, said, right)


def _f1(tables: Any, names: list[str], by: Yardstick) -> Any:
    """Return F1 of yes, or the mean over the classes that are right somewhere, of confusion matrices (right × said)."""
    import numpy as np

    hits = np.einsum("nii->ni", tables)
    right, said = tables.sum(axis=2), tables.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = 2 * hits / (right + said)
    if by.metric == "f1":
        return each[:, names.index(by.yes)] if by.yes in names else np.full(len(tables), np.nan)
    return np.nanmean(np.where(right > 0, np.nan_to_num(each), np.nan), axis=1)


def _numbers(told: Any, truth: Any) -> Scored:
    import numpy as np

    if not told.numeric or not truth.numeric:
        return Scored(None, None, {}, len(truth.array), reason="what it answers are no numbers")
    said, right = told.floats, truth.floats
    known = np.isfinite(said) & np.isfinite(right)
    said, right = said[known], right[known]
    squares = (said - right) ** 2
    rng = np.random.default_rng(0)
    drawn = [
        math.sqrt(float(squares[rng.integers(0, len(squares), len(squares))].mean())) for _ in range(200)
    ]
    value = math.sqrt(float(squares.mean())) if len(squares) else math.nan
    cuts = np.quantile(said, [0.1, 0.5, 0.9]) if len(said) else []
    shares = {f"the {q} % point": float(v) for q, v in zip((10, 50, 90), cuts, strict=False)}
    return _scored(value, np.array(drawn), shares, said, right)


def _scored(value: float, drawn: Any, shares: dict[str, float], said: Any, right: Any) -> Scored:
    import numpy as np

    if not math.isfinite(value):
        reason = "undefined: neither the rows nor the answers have the class"
        return Scored(None, None, shares, len(said), said, right, reason)
    found = drawn[np.isfinite(drawn)]
    ends = (float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))) if len(found) > 20 else None
    return Scored(value, ends, shares, len(said), said, right)


def differ(one: Scored, other: Scored, by: Yardstick, *, same_rows: bool) -> bool:
    """Whether two scores differ by more than chance, and by enough to matter.

    Of the same rows: McNemar's test of classes (p < 0.001), the intervals of errors; of others the intervals, each half
    squared and summed. Enough is 0.02 of F1, or 5 % of an error. A score that became undefined, or that could not be
    had, differs from any number.
    """
    if one.value is None or other.value is None:
        return (one.value is None) != (other.value is None)
    gap = abs(one.value - other.value)
    if gap < (0.05 * max(abs(one.value), 1e-12) if by.metric == "rmse" else 0.02):
        return False
    if same_rows and by.metric != "rmse" and len(one.said) == len(other.said):
        from assay.methods.comparing import mcnemar

        return mcnemar(one.said == one.truth, other.said == other.truth)[2] < 0.001
    halves = [(s.interval[1] - s.interval[0]) / 2 if s.interval else 0.0 for s in (one, other)]
    return gap > math.hypot(*halves)


def worse(one: Scored, other: Scored, by: Yardstick) -> bool:
    """Whether the other's score is the worse one."""
    if one.value is None or other.value is None:
        return one.value is not None
    return other.value > one.value if by.metric == "rmse" else other.value < one.value


def answers_differ(one: Scored, other: Scored, by: Yardstick) -> bool:
    """Whether two models' answers are mixed otherwise: a share that moved by 0.1, and by more than chance."""
    if by.metric == "rmse" or not one.rows or not other.rows:
        return False
    gap = max((abs(one.shares.get(n, 0.0) - other.shares.get(n, 0.0)) for n in {*one.shares, *other.shares}), default=0.0)  # fmt: skip
    return gap > max(0.1, 4 * math.sqrt(0.25 / one.rows + 0.25 / other.rows))
