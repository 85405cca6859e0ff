"""What is judged of each group and facet, gathered; the metrics, findings and charts of one examination."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from assay.checks._groups import Groups, furthest, shown
from assay.kernel.report import Chart, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.facets import Group
    from assay.methods.question import Outcome, Part
    from assay.methods.resample import Tally

_REMEDY = "ask why the groups differ; reweigh or resample before training, and compare after it"


class Judged(Groups):
    """The metrics, findings and charts of one examination of labels."""

    check, refs, share = "data.bias", ("EU-AI-ACT:10(2)(f)",), "positive_share"
    remedy = "ask why the groups differ; reweigh or resample before training; or ask those who set the limit"

    def add(self, group: Group, outcome: Outcome) -> tuple[Tally, bool]:
        """Judge one group; return its tally, and whether it and the others are large enough to be judged."""
        from assay.methods import bias, resample

        known = group.known & self.labelled
        d_rows, a_rows = group.member & known, ~group.member & known
        a, d = (resample.tally(outcome.observed, outcome.said, r, self.cells) for r in (a_rows, d_rows))
        of = {"facet": group.facet, "group": group.name, **outcome.of}
        values = bias.pre_training(a.counts, d.counts)
        if self.asked.clarify:
            values = bias.refused(values, a.counts, d.counts)
        small = min(a.n, d.n) < self.least and not self.asked.clarify
        rng = self.work.rng("/".join([group.facet, group.name, *outcome.of.values()]))
        spread = {} if small else resample.intervals((a, d), bias.pre_training, rng)
        self.metrics.append(Metric("rows", d.n, of))
        if self.cells.sums is not None:
            self.metrics.append(Metric.number("weight", d.counts.n, of=of))
        self.metrics.append(Metric.number("positive_share", d.counts.observed, of=of))
        for name, value in values.items():
            self.metrics.append(Metric.number(name, value, of=of, interval=spread.get(name)))
            if not small and self.asked.wants(name):
                self._judge(group, outcome, name, value, spread.get(name), a, d)
        within = self.conditional("CDDL", outcome.observed, d_rows, known, of, sure=not small)
        self.metrics.append(within)
        if not small:
            self.within(group, outcome, within, _REMEDY, f" as {outcome.name}" if outcome.of else "")
        if small:
            self.small.add((group.facet, group.name))
        row = {
            "group": shown(of),
            "DPL": values["DPL"] if math.isfinite(values["DPL"]) else None,
            "rows": d.n,
        }
        if "DPL" in spread:
            row |= {"low": spread["DPL"][0], "high": spread["DPL"][1]}
        self.rows.setdefault(group.facet, []).append(row)
        return d, not small

    def _judge(
        self, group: Group, outcome: Outcome, name: str, value: float, spread: Any, a: Tally, d: Tally
    ) -> None:
        from assay.methods.judging import WORDS

        grave = self.grave(group, outcome, name, value, spread)
        if not grave:
            return
        what = f"are {outcome.name}" if outcome.of else "have the good outcome"
        self.find(
            name,
            Severity.parse(grave),
            f"{group.shown}: {d.counts.observed:.0%} {what} against "
            f"{a.counts.observed:.0%} of the others ({WORDS[name]} {value:.3f}).",
            {"column": group.facet, "facet": group.facet, "group": group.name, **outcome.of},
            _REMEDY,
            refs=self.refs,
        )

    def amount(self, parts: list[Part], truth: Any) -> None:
        """Judge each group's numbers beside the others'. truth: floats, NaN where there is none."""
        import numpy as np

        from assay.methods import amounts

        for part in parts:
            large, absent = False, self.absent(part)
            for group in [*part.groups, *([absent] if absent else [])]:
                known = group.known & self.labelled & np.isfinite(truth)
                d, a = (self.cells.repeated(truth, m & known) for m in (group.member, ~group.member))
                remedy = "ask why the groups differ, and whether a model should learn it"
                found = amounts.amounts(a, d)
                enough = self.amounts(
                    part, group, (len(a), len(d)), found, partial(self._means, a, d), remedy
                )
                large |= enough and group is not absent
            self.unseen(part, large)

    def _means(self, a: Any, d: Any) -> str:
        return f"{self.asked.label} is {d.mean():.6g} on average and {a.mean():.6g} of the others"

    def alike(self, outcome: Outcome) -> None:
        """Tell an outcome that every row has: nothing can be learnt of it."""
        if not outcome.of and outcome.observed[self.labelled].all():
            self.find(
                "one_outcome",
                Severity.MEDIUM,
                f"Every row has the good outcome, so that the groups cannot differ in {self.asked.label}.",
                {"column": self.asked.label},
                "look at whether the good outcome is named rightly, and at the rows that were chosen",
            )

    def charts(self) -> list[Chart]:
        """Return a chart a facet."""
        out = []
        for facet, rows in self.rows.items():
            drawn = [r for r in rows if r["DPL"] is not None][:40]
            most = furthest(drawn, "DPL")
            alt = (
                f"The group furthest from the others is {most['group']}, by {most['DPL']:.3f}."
                if most
                else ""
            )
            title = f"Difference in positive outcomes by {facet} (DPL)"
            out.append(
                Chart(title, "interval", tuple(drawn), "group", "DPL", low="low", high="high", alt=alt)
            )
        return out
