"""What would have to be otherwise: the smallest changes that turn an answer."""

from __future__ import annotations

import re
from typing import Any

from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._summary import cell
from assay.kernel.errors import UsageError
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

_DEEPEST = 4
_MOST = 5
_BOUND = re.compile(r"\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*")


class Wish:
    """The answer wanted: a class, or of a number a bound (``>= 50000``). UsageError where the model gives no such answer."""

    def __init__(self, asking: Asking, want: str, sample: Any) -> None:
        from assay.methods.values import spelled

        self.asking, self.want = asking, want
        said = asking.model.predict(sample)
        held = {spelled(v) for v in said.column("prediction").unique().to_pylist()}
        held |= {spelled(c) for c in asking.model.info.classes}
        self._bound = None if want in held else _BOUND.fullmatch(want)
        if self._bound is None and want not in held:
            some = ", ".join(sorted(held)[:8])
            raise UsageError(
                f"it never answers {want[:60]}",
                where=asking.model.asset.name,
                remedy=f"it answers {some}; of numbers give a bound: --want '>= 100'",
            )

    def met(self, table: Any) -> Any:
        """Return which rows are answered as wanted, by what the model predicts."""
        return self(table) >= 0

    def __call__(self, table: Any) -> Any:
        """Return how wanted each row's answer is: at least 0 where it is, below by how far it is not."""
        import numpy as np

        from assay.methods.outcomes import finite
        from assay.methods.values import spelled

        said = self.asking.model.predict(table)
        self.asking.asked += table.num_rows
        if self._bound is not None:
            sign, bound = self._bound.group(1), float(self._bound.group(2))
            number = finite(said.column("prediction"), "the prediction")
            off = number - bound if sign[0] == ">" else bound - number
            return np.where((off == 0) & (len(sign) == 1), -1e-300, np.nan_to_num(off, nan=-np.inf))
        is_ = np.array([spelled(v) == self.want for v in said.column("prediction").to_pylist()])
        scores = [c for c in said.column_names if c.startswith("score")]
        if not scores:
            return np.where(is_, 0.0, -1.0)
        classes = [spelled(c) for c in self.asking.model.info.classes]
        if scores == ["score"]:
            score = finite(said.column("score"))
            score = 1 - score if classes[:1] == [self.want] or (not classes and self.want == "0") else score
        else:
            name = f"score_{self.want}"
            score = finite(said.column(name if name in scores else scores[-1]))
        return np.where(is_, np.maximum(score, 0), np.minimum(score, 1) - 1 - 1e-9)


def counterfactuals(
    table: Any, rows: list[int], fixed: tuple[str, ...], wish: Wish, names: list[str]
) -> tuple[list[Metric], list[Chart], list[Finding]]:
    """Return the smallest changes that give each row the answer wanted; a finding where none was found.

    rows: from 0. Each change was verified by asking the model.
    """
    from assay.methods.counterfactual import Search

    for name in fixed:
        if name not in table.column_names:
            raise UsageError(f"there is no column {name} to hold fixed")
    given = table.select([n for n in table.column_names if n in names])  # some know their columns by place
    free = [n for n in names if n not in fixed]
    metrics, charts, findings = [], [], []
    for row in rows:
        here = given.slice(row, 1)
        if bool(wish.met(here)[0]):
            findings.append(note(row, f"Row {row + 1} is answered {wish.want} as it is."))
            continue
        found = Search(given, row, free, wish).found(_DEEPEST, _MOST)
        if not found:
            said = f"No change of up to {_DEEPEST} features among values of the data was found that has row {row + 1} answered {wish.want}."
            findings.append(
                note(
                    row,
                    said,
                    "unmoved",
                    "hold fewer columns fixed, or see whether this answer can be had at all",
                )
            )
            continue
        shown = []
        for change in found:
            words = "; ".join(
                f"{n}: {value(cell(given, n, row))} → {value(v)}" for n, v in change.changes.items()
            )
            metrics.append(
                Metric.number("change", change.distance, of={"row": row + 1, "change": words}, unit="spreads")
            )
            shown.append({"change": words, "size": change.distance})
        alt = f"Row {row + 1} would be answered {wish.want} with {shown[0]['change']}."
        charts.append(
            Chart(
                f"What would have row {row + 1} answered {wish.want}",
                "table",
                tuple(shown),
                "change",
                "size",
                alt=alt,
            )
        )
    return metrics, charts, findings


def note(row: int, said: str, rule: str = "as_wanted", remedy: str = "") -> Finding:
    """Return a remark about a row, from 0."""
    return Finding(f"model.explain.{rule}", Severity.INFO, said, {"row": row + 1}, remedy)


def value(value: Any) -> str:
    """Return a value as it is told in a sentence."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "(missing)" if value is None else str(value)[:40]
