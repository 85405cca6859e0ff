"""The principal reasons for an answer against somebody, as an adverse-action notice tells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assay.checks.model.explain._changes import Wish, note, value
from assay.checks.model.explain._summary import cell
from assay.checks.model.explain._values import Values
from assay.kernel.errors import UsageError
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity
from assay.methods.notices import Notices

_REFS = ("12-CFR-1002.4", "12-CFR-1002.9", "EU-AI-ACT:86")


def reasons(
    table: Any,
    rows: list[int],
    count: int,
    wish: Wish,
    explain: Callable[[list[int]], Values],
    notices: Notices,
    rng: Any,
) -> tuple[list[Metric], list[Chart], list[Finding]]:
    """Return the principal reasons of each row that is answered otherwise than wanted, greatest first.

    A reason is a feature whose part in this row's score falls furthest short of its mean part among the rows that are
    answered as wanted (12 CFR 1002, comment 9(b)(2)-5: the average of those approved, over all features considered).
    explain: rows to their values, of the class wanted. A protected feature among the reasons is a finding: the decision
    rests on what no notice may state, and leaving it out would state another reason than the true one.
    """
    import numpy as np

    met = wish.met(table)
    good = np.flatnonzero(met)
    if not len(good):
        raise UsageError(
            f"no row is answered {wish.want}, so that there is none to compare with",
            remedy="give data that holds approved rows too",
        )
    behind = np.sort(rng.choice(good, min(len(good), 1000), replace=False)).tolist()
    sign = -1.0 if wish.want.lstrip().startswith("<") else 1.0
    asked = [r for r in rows if not met[r]]
    findings = [
        note(r, f"Row {r + 1} is answered {wish.want}: there is nothing to give reasons for.")
        for r in rows
        if met[r]
    ]
    if not asked:
        return [], [], findings
    found = explain(sorted({*asked, *behind}))
    place = {int(r): i for i, r in enumerate(found.rows)}
    kept = [place[b] for b in behind if b in place]
    mean = found.values[kept].mean(axis=0) if kept else found.values.mean(axis=0)
    metrics, charts = [], []
    for row in asked:
        short = sign * (mean - found.values[place[row]])
        order = [int(i) for i in np.argsort(-short, kind="stable")[:count] if short[i] > 0]
        shown = []
        for i in order:
            told = _Told(found.names[i], _reason(table, found.names[i], row, good), notices)
            of = {"row": row + 1, "reason": told.words} | ({"code": told.code} if told.code else {})
            metrics.append(Metric.number("shortfall", float(short[i]), of=of, unit=found.unit))
            shown.append({"reason": told.shown, "shortfall": float(short[i])})
            findings += told.findings(row, bool(notices.coded))
        alt = (
            f"Row {row + 1} is not answered {wish.want}, first of all because {shown[0]['reason']}."
            if shown
            else ""
        )
        charts.append(
            Chart(
                f"Why row {row + 1} is not answered {wish.want}",
                "table",
                tuple(shown),
                "reason",
                "shortfall",
                alt=alt,
            )
        )
    return metrics, charts, findings


class _Told:
    """One reason: the feature, what is said of it, and the code it has in a notice."""

    def __init__(self, name: str, words: str, notices: Notices) -> None:
        self.name, self.protected = name, name in notices.protected
        self.code, says = notices.coded.get(name, ("", ""))
        self.words = f"{says} ({words})" if says else words

    @property
    def shown(self) -> str:
        """Return it as a line of the table."""
        return f"{self.code}: {self.words}" if self.code else self.words

    def findings(self, row: int, coded: bool) -> list[Finding]:
        """Return a finding where it may be no reason, or has no code among those that have. row: from 0."""
        where = {"row": row + 1, "column": self.name}
        if self.protected:
            said = f"{self.name} is protected, and is one of the reasons against row {row + 1}."
            remedy = "train without it and look for what stands in for it (data.leakage on it, model.bias)"
            return [Finding("model.explain.protected_reason", Severity.HIGH, said, where, remedy, _REFS)]
        if coded and not self.code:
            said = f"{self.name} is one of the reasons against row {row + 1}, and has no code."
            return [
                Finding("model.explain.uncoded_reason", Severity.LOW, said, where, "give it one (--codes)")
            ]
        return []


def _reason(table: Any, name: str, row: int, good: Any) -> str:
    """Say one reason: the row's own value, and what those approved have."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.effects import floats, number

    if name not in table.column_names:
        return name
    own = cell(table, name, row)
    column = table.column(name).take(pa.array(good))
    if number(column):
        held = floats(column)
        held = held[np.isfinite(held)]
        usual = "none"
        if len(held):
            middle, mean = float(np.median(held)), float(held.mean())
            usual = f"{mean:.6g} on average" if middle == own else f"{middle:.6g} in the middle"
        return f"{name} is {value(own)}; those answered so have {usual}"
    texts, counts = np.unique(np.array([str(v) for v in column.to_pylist()]), return_counts=True)
    at = int(counts.argmax())
    return (
        f"{name} is {value(own)}; of those answered so {counts[at] / counts.sum():.0%} have {texts[at][:40]}"
    )
