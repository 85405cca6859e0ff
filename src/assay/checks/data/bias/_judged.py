"""What is judged of each group and facet, gathered; the metrics, findings and charts of one examination."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import Work
from assay.kernel.report import Chart, Finding, Metric, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.clarify.analysis import Entry
    from assay.methods.facets import Group
    from assay.methods.limits import Policy
    from assay.methods.question import Outcome, Part, Question
    from assay.methods.resample import Tally

REFS = ("EU-AI-ACT:10(2)(f)",)


class Judged:
    """The metrics, findings and charts of one examination, gathered group by group."""

    def __init__(
        self,
        asked: Question,
        labelled: Any,
        weights: Any,
        *,
        threshold: float,
        least: int,
        policy: Policy | None,
        work: Work,
    ) -> None:
        self.asked, self.labelled, self.weights = asked, labelled, weights
        self.threshold, self.least, self.policy, self.work = threshold, least, policy, work
        self.strata: Any = None
        self.metrics: list[Metric] = []
        self.findings: list[Finding] = []
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.skipped: list[Skipped] = []
        self.small: set[tuple[str, str]] = set()  # facet and group of those that are shown and not judged

    def add(self, group: Group, outcome: Outcome) -> tuple[Tally, bool]:
        """Judge one group; return its tally, and whether it and the others are large enough to be judged."""
        from assay.methods import bias, resample

        known = group.known & self.labelled
        d_rows, a_rows = group.member & known, ~group.member & known
        a, d = (resample.tally(outcome.observed, outcome.said, r, self.weights) for r in (a_rows, d_rows))
        of = {"facet": group.facet, "group": group.name, **outcome.of}
        values = bias.pre_training(a.counts, d.counts)
        if self.asked.clarify:
            values = bias.refused(values, a.counts, d.counts)
        small = min(a.n, d.n) < self.least and not self.asked.clarify
        rng = self.work.rng("/".join([group.facet, group.name, *outcome.of.values()]))
        spread = {} if small else resample.intervals((a, d), bias.pre_training, rng)
        self.metrics.append(Metric("rows", d.n, of))
        if self.weights is not None:
            self.metrics.append(Metric.number("weight", d.counts.n, of=of))
        self.metrics.append(Metric.number("positive_share", d.counts.observed, of=of))
        for name, value in values.items():
            self.metrics.append(Metric.number(name, value, of=of, interval=spread.get(name)))
            if not small:
                self._judge(group, outcome, name, value, spread.get(name), a, d)
        self.metrics.append(self._cddl(outcome, d_rows, known, of))
        if small:
            self.small.add((group.facet, group.name))
        row = {
            "group": _shown(of),
            "DPL": values["DPL"] if math.isfinite(values["DPL"]) else None,
            "rows": d.n,
        }
        if "DPL" in spread:
            row |= {"low": spread["DPL"][0], "high": spread["DPL"][1]}
        self.rows.setdefault(group.facet, []).append(row)
        return d, not small

    def _cddl(self, outcome: Outcome, d_rows: Any, known: Any, of: dict[str, str]) -> Metric:
        from assay.methods.question import conditional

        value, why = conditional(self.asked, self.strata, outcome.observed, d_rows, known, self.weights)
        return Metric("CDDL", None, of, reason=why) if why else Metric.number("CDDL", value, of=of)

    def _judge(
        self, group: Group, outcome: Outcome, name: str, value: float, spread: Any, a: Tally, d: Tally
    ) -> None:
        from assay.methods import judging

        if self.policy is not None:
            return  # it alone says what is worth a finding
        either = group.named or bool(
            outcome.of
        )  # which class is good is not known, where each takes its turn
        grave = judging.judge(name, value, spread, self.threshold, either=either)
        if not grave:
            return
        what = f"are {outcome.name}" if outcome.of else "have the good outcome"
        self.findings.append(
            Finding(
                f"data.bias.{name}",
                Severity.parse(grave),
                f"{group.shown}: {d.counts.observed:.0%} {what} against "
                f"{a.counts.observed:.0%} of the others ({judging.WORDS[name]} {value:.3f}).",
                {"column": group.facet, "facet": group.facet, "group": group.name, **outcome.of},
                "ask why the groups differ; reweigh or resample before training, and compare after it",
                REFS,
            )
        )

    def four_fifths(self, facet: str, large: list[tuple[Group, Tally]], outcome: Outcome) -> None:
        """Add each group's rate over the highest group's, and the test of it."""
        from assay.methods import fairness, resample

        names, tallies = [g.name for g, _ in large], [t for _, t in large]
        if large and large[0][0].named:
            group = large[0][0]
            rest = ~group.member & group.known & self.labelled
            names, tallies = (
                [*names, "(others)"],
                [*tallies, resample.tally(outcome.observed, outcome.said, rest, self.weights)],
            )
        if len(tallies) < 2 or not all(t.counts.n for t in tallies):
            return
        found = fairness.four_fifths([t.selected for t in tallies], [t.effective for t in tallies])
        best = names[max(range(len(names)), key=lambda i: tallies[i].counts.predicted)]
        for name, impact in zip(names, found, strict=True):
            shown = name if " & " in facet else f"{facet} = {name}"
            of = {"facet": facet, "group": name, **outcome.of}
            self.metrics.append(Metric.number("impact_ratio", impact.ratio, of=of))
            if not math.isnan(impact.p):
                self.metrics.append(Metric.number("impact_p_value", impact.p, of=of | {"test": impact.test}))
            if self.policy is None and not outcome.of and impact.adverse and name != "(others)":
                self.findings.append(
                    Finding(
                        "data.bias.four_fifths",
                        Severity.MEDIUM,
                        f"{shown}: {impact.words(best)}.",
                        {"column": facet, "facet": facet, "group": name},
                        "find out which step selects unequally, and whether it is needed for what is decided",
                        ("29-CFR-1607.4(D)", *REFS),
                    )
                )

    def amount(self, parts: list[Part], truth: Any) -> None:
        """Judge each group's numbers beside the others'. truth: floats, NaN where there is none."""
        import numpy as np

        from assay.methods import amounts

        for part in parts:
            large = False
            for group in part.groups:
                known = group.known & self.labelled & np.isfinite(truth)
                d, a = truth[group.member & known], truth[~group.member & known]
                of = {"facet": part.name, "group": group.name}
                small = min(len(a), len(d)) < self.least
                self.metrics.append(Metric("rows", len(d), of))
                found = amounts.amounts(a, d)
                for name, told in found.items():
                    interval = None if small else told.interval
                    self.metrics.append(Metric.number(name, told.value, of=of, interval=interval))
                large |= not small
                if small:
                    self.small.add((part.name, group.name))
                    continue
                effect = found["standardized_mean_difference"]
                grave = amounts.grave(effect) if self.policy is None else ""
                if grave and (group.named or effect.value > 0):
                    self.findings.append(
                        Finding(
                            "data.bias.standardized_mean_difference",
                            Severity.parse(grave),
                            f"{group.shown}: {self.asked.label} is {d.mean():.6g} on average and "
                            f"{a.mean():.6g} of the others, {abs(effect.value):.2f} standard deviations apart.",
                            {"column": part.name, "facet": part.name, "group": group.name},
                            "ask why the groups differ, and whether a model should learn it",
                            REFS,
                        )
                    )
            self.unseen(part, large)

    def noted(self, parts: list[Part]) -> None:
        """Tell where numbers were cut, and what of a file has no part in this."""
        from assay.methods.question import cut_words

        for note in self.asked.notes:
            self.findings.append(Finding("data.bias.config", Severity.INFO, f"Not read here: {note}."))
        for part in parts:
            if part.cuts:
                where = {"column": part.name, "facet": part.name}
                remedy = "name another cut with --facet-threshold, or values with --facet-value"
                self.findings.append(Finding("data.bias.cut", Severity.INFO, cut_words(part), where, remedy))

    def lost(self) -> None:
        """Tell the rows that cannot be judged."""
        left = int((~self.labelled).sum())
        if left:
            where = {"column": self.asked.label}
            message = f"{left} rows have no {self.asked.label}, and are left out."
            self.findings.append(Finding("data.bias.unlabelled", Severity.LOW, message, where, count=left))

    def alike(self, outcome: Outcome) -> None:
        """Tell an outcome that every row has: nothing can be learnt of it."""
        if not outcome.of and outcome.observed[self.labelled].all():
            self.findings.append(
                Finding(
                    "data.bias.one_outcome",
                    Severity.MEDIUM,
                    f"Every row has the good outcome, so that the groups cannot differ in {self.asked.label}.",
                    {"column": self.asked.label},
                    "look at whether the good outcome is named rightly, and at the rows that were chosen",
                )
            )

    def missing(self, part: Part, outcome: Outcome) -> None:
        """Show the rows whose facet is missing as a group of their own."""
        from assay.methods import facets

        if part.column is None:
            return
        absent = ~facets.present(part.column) & self.labelled
        if absent.any():
            of = {"facet": part.name, "group": "(missing)", **outcome.of}
            share = float(outcome.observed[absent].mean())
            self.metrics += [Metric("rows", int(absent.sum()), of), Metric("positive_share", share, of)]

    def unseen(self, part: Part, judged: bool) -> None:
        """Tell the groups of a facet that were not examined, and a facet of which none could be judged."""
        for why in part.unseen(self.least, judged):
            told = Skipped(f"facet {part.name}", why)
            self.skipped += [] if told in self.skipped else [told]  # once, where each class takes its turn

    def hold(self, policy: Policy, columns: list[str], parts: list[Part]) -> None:
        """Hold the metrics against a policy: it alone says what is worth a finding."""
        from assay.methods import holding
        from assay.methods.limits import BEFORE

        for facet in policy.check(columns, [p.name for p in parts]):
            self.skipped.append(Skipped(f"facet {facet}", "the policy limits it, and it was not asked about"))
        for one in holding.held(policy, self.metrics, BEFORE, self.small):
            if one.limit is None:
                self.skipped.append(Skipped(one.what, one.words))
                continue
            self.findings.append(
                Finding(
                    f"data.bias.{one.metric}",
                    Severity.parse(one.limit.severity),
                    f"{one.sentence}.",
                    one.where,
                    "ask why the groups differ; reweigh or resample before training; or ask those who set the limit",
                    REFS,
                )
            )

    def entries(self) -> list[Entry]:
        """Return the metrics of groups as a Clarify file holds them."""
        from assay.methods.bias import PRE_TRAINING
        from assay.methods.clarify.analysis import Entry

        return [
            Entry(str(m.of["facet"]), str(m.of["group"]), m.name, m.value, m.reason or "")
            for m in self.metrics
            if m.name in PRE_TRAINING and "group" in m.of
        ]

    def charts(self) -> list[Chart]:
        """Return a chart a facet."""
        out = []
        for facet, rows in self.rows.items():
            shown = [r for r in rows if r["DPL"] is not None][:40]
            most = max(shown, key=lambda r: abs(r["DPL"]), default=None)
            alt = (
                f"The group furthest from the others is {most['group']}, by {most['DPL']:.3f}."
                if most
                else ""
            )
            title = f"Difference in positive outcomes by {facet} (DPL)"
            out.append(
                Chart(title, "interval", tuple(shown), "group", "DPL", low="low", high="high", alt=alt)
            )
        return out


def _shown(of: dict[str, str]) -> str:
    return f"{of['group']}: {of['class']}" if "class" in of else of["group"]
