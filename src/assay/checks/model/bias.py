"""Bias after training: thirteen metrics of how unequally a model treats people.

AD, CDDPL, DAR, DCA, DCR, DI, DPPL, DRR, FT, GE, RD, SD and TE of each group of each facet, with 95 % bootstrap
intervals. The subject is a model with a table (--data), or a table that holds its predictions (--predicted). A ratio
x/0 is null and infinite, 0/0 null and undefined. The flip test takes the documentation's sign; `--compat clarify` gives
the reference library's behaviour throughout: rows without the facet count as advantaged, those without label or
prediction as told no, small groups are judged, and the flip test takes numbers only, all of them there.

Example: assay check model.bias registry://bookings --data bookings.csv.gz \\
  --label is_canceled --positive 0 --facet customer_type
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Model, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    import pyarrow

    from assay.methods.facets import Group


def check(
    subject: Table | Model,
    *,
    data: Annotated[Table | None, Doc("the table that the model is judged on")] = None,
    label: Annotated[Column, Doc("the column that holds the outcome")],
    predicted: Annotated[Column | None, Doc("the column that holds the predictions, of a table")] = None,
    positive: Annotated[tuple[str, ...], Doc("the value of the label that is good for the person")] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")],
    facet_value: Annotated[
        tuple[str, ...], Doc("the group that may be disadvantaged; else each in turn")
    ] = (),
    facet_threshold: Annotated[float | None, Doc("the group above this number may be disadvantaged")] = None,
    label_threshold: Annotated[float | None, Doc("labels and predictions above this are good")] = None,
    group_variable: Annotated[Column | None, Doc("the column whose strata CDDPL compares within")] = None,
    threshold: Annotated[float, Interval(ge=0, le=1), Doc("the difference that is worth a finding")] = 0.1,
    compat: Annotated[Literal["docs", "clarify"], Doc("whose conventions where they differ")] = "docs",
    work: Work,
) -> Report:
    """Return the thirteen metrics for each group of each facet."""
    from assay.methods import facets, outcomes
    from assay.methods.predictions import gather

    if not positive and label_threshold is None:
        raise UsageError("which outcome is good?", remedy="say --positive VALUE, or --label-threshold X")
    if not facet:
        raise UsageError("which column tells groups apart?", remedy="say --facet COLUMN")
    if positive and label_threshold is not None:
        raise UsageError("a good outcome is a value or above a threshold", remedy="give one of them")
    table, prediction, _ = gather(subject, data, predicted, None, label)
    truth = facets.plain(table.column(label), label)
    prediction = facets.plain(prediction, predicted or "the prediction")
    labelled = (facets.present(truth) & facets.present(prediction)) | (compat == "clarify")
    observed = outcomes.positive_rows(truth, positive, label_threshold)
    said = outcomes.predicted_rows(prediction, truth, positive, label_threshold)
    if not observed.any():
        raise UsageError(
            f"no row of {label} is {', '.join(positive) or f'above {label_threshold}'}",
            remedy=f"it holds {', '.join(map(str, outcomes.distinct(truth)[:6])) or 'nothing'}",
        )
    out = _Judged(table, observed, said, labelled, compat, threshold, work)
    out.lost(label, None if label_threshold is not None else outcomes.unheard(prediction, truth, two=True))
    out.hidden = {label, *([predicted] if predicted else []), *(facet if compat == "docs" else ())}
    out.strata = facets.plain(table.column(group_variable), group_variable) if group_variable else None
    for name in facet:
        column = facets.plain(table.column(name), name)
        found, more = facets.groups(
            name, column, facet_value, facet_threshold, missing_joins=compat == "clarify"
        )
        judged = [out.add(group) for group in found]
        out.unseen(name, len(found), more, any(judged))
        out.missing(name, column)
    return out.report()


def _numeric(kind: pyarrow.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


class _Judged:
    """The metrics, findings and charts of one examination, gathered group by group."""

    def __init__(
        self, table: Any, observed: Any, said: Any, labelled: Any, compat: str, threshold: float, work: Work
    ) -> None:
        self.table, self.observed, self.said, self.labelled = table, observed, said, labelled
        self.compat, self.threshold, self.work = compat, threshold, work
        self.hidden: set[str] = set()  # columns that are no features
        self.strata: Any = None
        self.metrics: list[Metric] = []
        self.findings: list[Finding] = []
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.skipped: list[Skipped] = []
        self._features: dict[str, Any] = {}

    def lost(self, label: str, unheard: Any) -> None:
        """Tell the rows that cannot be judged, and the predictions that no label is."""
        left = int((~self.labelled).sum())
        if left:
            message = f"{left} rows have no {label} or no prediction, and are left out."
            self.findings.append(
                Finding("model.bias.unlabelled", Severity.LOW, message, {"column": label}, count=left)
            )
        strange = 0 if unheard is None else int((unheard & self.labelled).sum())
        if strange:
            self.findings.append(
                Finding(
                    "model.bias.unknown_predictions",
                    Severity.MEDIUM,
                    f"{strange} rows are predicted to be what no {label} is; they count as not good.",
                    {"column": label},
                    "compare how labels and predictions are written",
                    count=strange,
                )
            )

    def unseen(self, facet: str, shown: int, more: int, judged: bool) -> None:
        """Tell the groups of a facet that were not examined, and a facet of which none could be judged."""
        if more:
            self.skipped.append(Skipped(f"facet {facet}", f"{more} groups smaller than the {shown} largest"))
        if not judged:
            from assay.methods.judging import SMALL

            self.skipped.append(Skipped(f"facet {facet}", f"no two groups of {SMALL} rows to judge"))

    def add(self, group: Group) -> bool:
        """Judge one group; return whether it and the others are large enough to be judged."""
        from assay.methods import bias, judging, outcomes, resample

        known = group.known & self.labelled
        d_rows, a_rows = group.member & known, ~group.member & known
        a = bias.Counts(*outcomes.counts(self.observed, self.said, a_rows))
        d = bias.Counts(*outcomes.counts(self.observed, self.said, d_rows))
        clarify = self.compat == "clarify"

        def measure(x: bias.Counts, y: bias.Counts) -> dict[str, float]:
            found = bias.post_training(x, y, zero=clarify)
            return bias.refused(found, x, y) if clarify else found

        of = {"facet": group.facet, "group": group.name}
        small = min(a.n, d.n) < judging.SMALL and not clarify
        spread = (
            {} if small else resample.intervals(a, d, measure, self.work.rng(f"{group.facet}/{group.name}"))
        )
        values = measure(a, d)
        self.metrics.append(Metric("rows", int(d.n), of))
        for name, value in values.items():
            self.metrics.append(Metric.number(name, value, of=of, interval=spread.get(name)))
            grave = (
                ""
                if small
                else judging.judge(name, value, spread.get(name), self.threshold, either=group.named)
            )
            if grave:
                self.findings.append(self._finding(group, name, value, grave, a, d))
        self.metrics += [
            self._cddpl(d_rows, known, of),
            self._flip(d_rows, known, of),
            self._entropy(known, of),
        ]
        self._row(group, values["DPPL"], spread.get("DPPL"))
        return not small

    def _row(self, group: Group, value: float, interval: tuple[float, float] | None) -> None:
        import math

        if math.isfinite(value):
            row: dict[str, Any] = {"group": group.name, "DPPL": value}
            if interval:
                row |= {"low": interval[0], "high": interval[1]}
            self.rows.setdefault(group.facet, []).append(row)

    def _cddpl(self, d_rows: Any, known: Any, of: dict[str, str]) -> Metric:
        if self.strata is None:
            return Metric("CDDPL", None, of, reason="no group variable was named")
        from assay.methods import bias, facets

        parts = facets.strata(self.strata, self.said, d_rows, known)
        return Metric.number("CDDPL", bias.cddl(parts), of=of)

    def _flip(self, d_rows: Any, known: Any, of: dict[str, str]) -> Metric:
        import numpy as np

        from assay.methods.flip import flip_test

        clarify = self.compat == "clarify"
        features, other = self._split(of["facet"])
        if not features:
            return Metric("FT", None, of, reason="there are no numeric features")
        if clarify and other:
            reason = f"the reference library's flip test takes numbers only, and {other[0]} is none"
            return Metric("FT", None, of, reason=reason)
        values = np.column_stack([self._numbers(c) for c in features])
        if clarify and np.isnan(values).any():
            reason = "the reference library's flip test takes no missing values"
            return Metric("FT", None, of, reason=reason)
        rows = known.nonzero()[0]
        rng = self.work.rng(f"flip/{of['facet']}/{of['group']}")
        value, _ = flip_test(values[rows], self.said[rows], d_rows[rows], rng, clarify=clarify)
        return Metric.number("FT", value, of=of)

    def _split(self, facet: str) -> tuple[list[str], list[str]]:
        """Return the features that are numbers, and the others."""
        features = [c for c in self.table.column_names if c not in self.hidden and c != facet]
        numeric = [c for c in features if _numeric(self.table.column(c).type)]
        return numeric, [c for c in features if c not in numeric]

    def _numbers(self, name: str) -> Any:
        from assay.methods.outcomes import finite

        if name not in self._features:
            self._features[name] = finite(self.table.column(name))
        return self._features[name]

    def _entropy(self, known: Any, of: dict[str, str]) -> Metric:
        from assay.methods import bias, outcomes

        return Metric.number(
            "GE", bias.generalised_entropy(*outcomes.counts(self.observed, self.said, known)), of=of
        )

    def _finding(self, group: Group, name: str, value: float, grave: str, a: Any, d: Any) -> Finding:
        from assay.methods.judging import WORDS

        return Finding(
            f"model.bias.{name}",
            Severity.parse(grave),
            f"{group.facet} = {group.name}: {WORDS[name]} is {value:.3f}; the model gives the good outcome to "
            f"{d.predicted:.0%} of them and to {a.predicted:.0%} of the others.",
            {"column": group.facet, "facet": group.facet, "group": group.name},
            "compare with the bias before training; reweigh the data, or choose thresholds that treat groups alike",
            ("EU-AI-ACT:15(4)",),
        )

    def missing(self, name: str, column: Any) -> None:
        """Show the rows whose facet is missing as a group of their own."""
        from assay.methods import facets

        absent = ~facets.present(column) & self.labelled
        if absent.any():
            of = {"facet": name, "group": "(missing)"}
            share = float(self.said[absent].mean())
            self.metrics += [Metric("rows", int(absent.sum()), of), Metric("predicted_share", share, of)]

    def report(self) -> Report:
        """Return all of it."""
        charts = []
        for facet, rows in self.rows.items():
            most = max(rows, key=lambda r: abs(r["DPPL"]))
            alt = f"The group furthest from the others is {most['group']}, by {most['DPPL']:.3f}."
            title = f"Difference in positive predictions by {facet} (DPPL)"
            charts.append(
                Chart(title, "interval", tuple(rows[:40]), "group", "DPPL", low="low", high="high", alt=alt)
            )
        examined = int(self.labelled.sum())
        return Report.make(
            coverage=Coverage(self.table.num_rows, self.table.num_rows, tuple(self.skipped)),
            metrics=[Metric("judged_rows", examined), *self.metrics],
            findings=self.findings,
            charts=charts,
        )
