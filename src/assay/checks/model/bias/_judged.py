"""What is judged of each group and facet, gathered; the metrics, findings and charts of one examination."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.checks._groups import Groups, furthest, shown
from assay.checks.model.bias._evidence import evidence
from assay.kernel.report import Chart, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.cells import Cells
    from assay.methods.clarify.analysis import Entry
    from assay.methods.facets import Group
    from assay.methods.question import Outcome, Question
    from assay.methods.resample import Tally

_REMEDY = (
    "compare with the bias before training; reweigh the data, or choose thresholds that treat groups alike"
)


class Judged(Groups):
    """The metrics, findings and charts of one examination of predictions."""

    check, refs, share = "model.bias", ("EU-AI-ACT:15(4)",), "predicted_share"
    remedy = "reweigh the data, or choose thresholds that treat groups alike; or ask those who set the limit"

    def __init__(self, asked: Question, labelled: Any, cells: Cells, **more: Any) -> None:
        super().__init__(asked, labelled, cells, **more)
        self.before: list[Entry] = []  # as a Clarify file holds them

    def add(self, group: Group, outcome: Outcome) -> tuple[Tally, bool]:
        """Judge one group; return its tally, and whether it and the others are large enough to be judged."""
        from assay.methods import bias, fairness, resample

        known = group.known & self.labelled
        d_rows, a_rows = group.member & known, ~group.member & known
        a, d = (resample.tally(outcome.observed, outcome.said, r, self.cells) for r in (a_rows, d_rows))
        clarify = self.asked.clarify

        def measure(x: bias.Counts, y: bias.Counts) -> dict[str, Any]:
            found = bias.post_training(x, y, zero=clarify)
            found = (bias.refused(found, x, y) if clarify else found) | fairness.pair(x, y)
            return {name: value for name, value in found.items() if name == "DPPL" or self.asked.wants(name)}

        of = {"facet": group.facet, "group": group.name, **outcome.of}
        small = min(a.n, d.n) < self.least and not clarify
        rng = self.work.rng("/".join([group.facet, group.name, *outcome.of.values()]))
        spread = {} if small else resample.intervals((a, d), measure, rng)
        values = measure(a.counts, d.counts)
        self.metrics.append(Metric("rows", d.n, of))
        if self.cells.sums is not None:
            self.metrics.append(Metric.number("weight", d.counts.n, of=of))
        self.metrics.append(Metric.number("predicted_share", d.counts.predicted, of=of))
        for name, value in values.items():
            self.metrics.append(Metric.number(name, value, of=of, interval=spread.get(name)))
            if not small and self.asked.wants(name):
                self._judge(group, outcome, name, value, spread.get(name), a, d)
        within = self.conditional("CDDPL", outcome.said, d_rows, known, of, sure=not small)
        self.metrics += [within, self._entropy(outcome, known, of)]
        if not small:
            self.within(group, outcome, within, _REMEDY, f" as {outcome.name}" if outcome.of else "")
        if clarify and self.asked.pre:
            self._before(a, d, outcome, d_rows, known, of)
        if small:
            self.small.add((group.facet, group.name))
        self._row(of, values["DPPL"], spread.get("DPPL"))
        return d, not small

    def _judge(
        self, group: Group, outcome: Outcome, name: str, value: float, spread: Any, a: Tally, d: Tally
    ) -> None:
        from assay.methods.judging import WORDS

        grave = self.grave(group, outcome, name, value, spread)
        if not grave:
            return
        said = evidence(name, d.counts, a.counts, outcome.name if outcome.of else "")
        self.find(
            name,
            Severity.parse(grave),
            f"{group.shown}: {WORDS[name]} is {value:.3f}; {said}.",
            {"column": group.facet, "facet": group.facet, "group": group.name, **outcome.of},
            _REMEDY,
            refs=self.refs,
        )

    def _row(self, of: dict[str, str], value: float, interval: tuple[float, float] | None) -> None:
        if math.isfinite(value):
            row: dict[str, Any] = {"group": shown(of), "DPPL": value}
            if interval:
                row |= {"low": interval[0], "high": interval[1]}
            self.rows.setdefault(of["facet"], []).append(row)

    def _entropy(self, outcome: Outcome, known: Any, of: dict[str, str]) -> Metric:
        from assay.methods import bias, resample

        held = resample.tally(outcome.observed, outcome.said, known, self.cells)

        def measure(c: bias.Counts) -> dict[str, Any]:
            return {"GE": bias.generalised_entropy(c.tp, c.fp, c.fn, c.tn)}

        rng = self.work.rng("/".join(["GE", of["facet"], *outcome.of.values()]))
        spread = resample.intervals([held], measure, rng) if held.n >= self.least else {}
        return Metric.number("GE", measure(held.counts)["GE"], of=of, interval=spread.get("GE"))

    def unheard(self, label: str, unheard: Any) -> None:
        """Tell the predictions that no label is."""
        strange = self.cells.count(unheard & self.labelled)
        if strange:
            self.find(
                "unknown_predictions",
                Severity.MEDIUM,
                f"{strange} rows are predicted to be what no {label} is; they count as not good.",
                {"column": label},
                "compare how labels and predictions are written",
                count=strange,
            )

    def alike(self, outcome: Outcome) -> None:
        """Tell an outcome that every row has, or is told: nothing can be learnt of it."""
        if outcome.of:
            return
        for rows, what in (
            (outcome.observed, f"has the same {self.asked.label}"),
            (outcome.said, "is told the same"),
        ):
            known = rows[self.labelled]
            if len(known) and known.all() == known.any():
                self.find(
                    "one_outcome",
                    Severity.MEDIUM,
                    f"Every row {what}, so that the groups cannot differ in it.",
                    {"column": self.asked.label},
                    "look at whether the good outcome is named rightly, and at the rows that were chosen",
                )

    def data(self) -> dict[str, Any]:
        """Return by whose conventions this was told, and what was asked."""
        from assay.methods.flip import SIGNS
        from assay.methods.question import conventions

        return conventions(self.asked) | {"flip_test_sign": SIGNS[self.asked.compat]}

    def _before(
        self, a: Tally, d: Tally, outcome: Outcome, d_rows: Any, known: Any, of: dict[str, str]
    ) -> None:
        """Keep the metrics before training, for a Clarify file that holds both."""
        from assay.methods import bias
        from assay.methods.clarify.analysis import Entry

        values = bias.refused(bias.pre_training(a.counts, d.counts), a.counts, d.counts)
        told = [Metric.number(name, value) for name, value in values.items()]
        told.append(self.conditional("CDDL", outcome.observed, d_rows, known))
        self.before += [Entry(of["facet"], of["group"], m.name, m.value, m.reason or "") for m in told]

    def charts(self) -> list[Chart]:
        """Return a chart a facet."""
        out = []
        for facet, rows in self.rows.items():
            most = furthest(rows, "DPPL")
            alt = (
                f"The group furthest from the others is {most['group']}, by {most['DPPL']:.3f}."
                if most
                else ""
            )
            title = f"Difference in positive predictions by {facet} (DPPL)"
            out.append(
                Chart(title, "interval", tuple(rows[:40]), "group", "DPPL", low="low", high="high", alt=alt)
            )
        return out
