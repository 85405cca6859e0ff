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

REFS = ("EU-AI-ACT:15(4)",)


class Judged:
    """The metrics, findings and charts of one examination, gathered group by group."""

    def __init__(
        self,
        table: Any,
        asked: Question,
        labelled: Any,
        weights: Any,
        *,
        threshold: float,
        least: int,
        policy: Policy | None,
        work: Work,
    ) -> None:
        self.table, self.asked, self.labelled, self.weights = table, asked, labelled, weights
        self.threshold, self.least, self.policy, self.work = threshold, least, policy, work
        self.strata: Any = None
        self.metrics: list[Metric] = []
        self.findings: list[Finding] = []
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.skipped: list[Skipped] = []
        self.before: list[Entry] = []  # as a Clarify file holds them
        self.small: set[tuple[str, str]] = set()  # facet and group of those that are shown and not judged

    def add(self, group: Group, outcome: Outcome) -> tuple[Tally, bool]:
        """Judge one group; return its tally, and whether it and the others are large enough to be judged."""
        from assay.methods import bias, fairness, resample

        known = group.known & self.labelled
        d_rows, a_rows = group.member & known, ~group.member & known
        a, d = (resample.tally(outcome.observed, outcome.said, r, self.weights) for r in (a_rows, d_rows))
        clarify = self.asked.clarify

        def measure(x: bias.Counts, y: bias.Counts) -> dict[str, Any]:
            found = bias.post_training(x, y, zero=clarify)
            return (bias.refused(found, x, y) if clarify else found) | fairness.pair(x, y)

        of = {"facet": group.facet, "group": group.name, **outcome.of}
        small = min(a.n, d.n) < self.least and not clarify
        rng = self.work.rng("/".join([group.facet, group.name, *outcome.of.values()]))
        spread = {} if small else resample.intervals((a, d), measure, rng)
        values = measure(a.counts, d.counts)
        self.metrics.append(Metric("rows", d.n, of))
        if self.weights is not None:
            self.metrics.append(Metric.number("weight", d.counts.n, of=of))
        for name, value in values.items():
            self.metrics.append(Metric.number(name, value, of=of, interval=spread.get(name)))
            if not small:
                self._judge(group, outcome, name, value, spread.get(name), a, d)
        self.metrics += [
            self._cddpl(outcome, d_rows, known, of),
            self._entropy(outcome, known, of),
        ]
        if clarify and self.asked.pre:
            self._before(a, d, outcome, d_rows, known, of)
        if small:
            self.small.add((group.facet, group.name))
        self._row(of, values["DPPL"], spread.get("DPPL"))
        return d, not small

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
        whose = group.shown
        said = f"the model says {outcome.name}" if outcome.of else "the model gives the good outcome"
        self.findings.append(
            Finding(
                f"model.bias.{name}",
                Severity.parse(grave),
                f"{whose}: {judging.WORDS[name]} is {value:.3f}; {said} to "
                f"{d.counts.predicted:.0%} of them and to {a.counts.predicted:.0%} of the others.",
                {"column": group.facet, "facet": group.facet, "group": group.name, **outcome.of},
                "compare with the bias before training; reweigh the data, or choose thresholds that treat groups alike",
                REFS,
            )
        )

    def _row(self, of: dict[str, str], value: float, interval: tuple[float, float] | None) -> None:
        if math.isfinite(value):
            shown = f"{of['group']}: {of['class']}" if "class" in of else of["group"]
            row: dict[str, Any] = {"group": shown, "DPPL": value}
            if interval:
                row |= {"low": interval[0], "high": interval[1]}
            self.rows.setdefault(of["facet"], []).append(row)

    def _cddpl(self, outcome: Outcome, d_rows: Any, known: Any, of: dict[str, str]) -> Metric:
        from assay.methods.question import conditional

        value, why = conditional(self.asked, self.strata, outcome.said, d_rows, known, self.weights)
        return Metric("CDDPL", None, of, reason=why) if why else Metric.number("CDDPL", value, of=of)

    def _entropy(self, outcome: Outcome, known: Any, of: dict[str, str]) -> Metric:
        from assay.methods import bias, resample

        counts = resample.tally(outcome.observed, outcome.said, known, self.weights).counts
        value = bias.generalised_entropy(counts.tp, counts.fp, counts.fn, counts.tn)
        return Metric.number("GE", value, of=of)

    def unseen(self, part: Part, judged: bool) -> None:
        """Tell the groups of a facet that were not examined, and a facet of which none could be judged."""
        for why in part.unseen(self.least, judged):
            told = Skipped(f"facet {part.name}", why)
            self.skipped += [] if told in self.skipped else [told]  # once, where each class takes its turn

    def missing(self, part: Part, outcome: Outcome) -> None:
        """Show the rows whose facet is missing as a group of their own."""
        from assay.methods import facets

        if part.column is None:
            return
        absent = ~facets.present(part.column) & self.labelled
        if absent.any():
            of = {"facet": part.name, "group": "(missing)", **outcome.of}
            share = float(outcome.said[absent].mean())
            self.metrics += [
                Metric("rows", int(absent.sum()), of),
                Metric.number("predicted_share", share, of=of),
            ]

    def noted(self, parts: list[Part]) -> None:
        """Tell where numbers were cut, and what of a file has no part in this."""
        from assay.methods.question import cut_words

        for note in self.asked.notes:
            self.findings.append(Finding("model.bias.config", Severity.INFO, f"Not read here: {note}."))
        for part in parts:
            if part.cuts:
                self.findings.append(
                    Finding(
                        "model.bias.cut",
                        Severity.INFO,
                        cut_words(part),
                        {"column": part.name, "facet": part.name},
                        "name another cut with --facet-threshold, or values with --facet-value",
                    )
                )

    def lost(self) -> None:
        """Tell the rows that cannot be judged."""
        left = int((~self.labelled).sum())
        if left:
            message = f"{left} rows have no {self.asked.label} or no prediction, and are left out."
            where = {"column": self.asked.label}
            self.findings.append(Finding("model.bias.unlabelled", Severity.LOW, message, where, count=left))

    def unheard(self, label: str, unheard: Any) -> None:
        """Tell the predictions that no label is."""
        strange = int((unheard & self.labelled).sum())
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
                self.findings.append(
                    Finding(
                        "model.bias.one_outcome",
                        Severity.MEDIUM,
                        f"Every row {what}, so that the groups cannot differ in it.",
                        {"column": self.asked.label},
                        "look at whether the good outcome is named rightly, and at the rows that were chosen",
                    )
                )

    def hold(self, policy: Policy, columns: list[str], parts: list[Part]) -> None:
        """Hold the metrics against a policy: it alone says what is worth a finding."""
        from assay.methods import holding
        from assay.methods.limits import AFTER

        for facet in policy.check(columns, [p.name for p in parts]):
            self.skipped.append(Skipped(f"facet {facet}", "the policy limits it, and it was not asked about"))
        for one in holding.held(policy, self.metrics, AFTER, self.small):
            if one.limit is None:
                self.skipped.append(Skipped(one.what, one.words))
                continue
            self.findings.append(
                Finding(
                    f"model.bias.{one.metric}",
                    Severity.parse(one.limit.severity),
                    f"{one.sentence}.",
                    one.where,
                    "reweigh the data, or choose thresholds that treat groups alike; or ask those who set the limit",
                    REFS,
                )
            )

    def data(self) -> dict[str, Any]:
        """Return by whose conventions this was told, and what was asked."""
        from assay.methods.flip import SIGNS
        from assay.methods.question import conventions

        return conventions(self.asked) | {"flip_test_sign": SIGNS[self.asked.compat]}

    def entries(self) -> list[Entry]:
        """Return the metrics of groups as a Clarify file holds them."""
        from assay.methods.bias import POST_TRAINING
        from assay.methods.clarify.analysis import Entry

        return [
            Entry(str(m.of["facet"]), str(m.of["group"]), m.name, m.value, m.reason or "")
            for m in self.metrics
            if m.name in POST_TRAINING and "group" in m.of
        ]

    def _before(
        self, a: Tally, d: Tally, outcome: Outcome, d_rows: Any, known: Any, of: dict[str, str]
    ) -> None:
        """Keep the metrics before training, for a Clarify file that holds both."""
        from assay.methods import bias
        from assay.methods.clarify.analysis import Entry
        from assay.methods.question import conditional

        values = bias.refused(bias.pre_training(a.counts, d.counts), a.counts, d.counts)
        told = [Metric.number(name, value) for name, value in values.items()]
        value, why = conditional(self.asked, self.strata, outcome.observed, d_rows, known, self.weights)
        told.append(Metric("CDDL", None, reason=why) if why else Metric.number("CDDL", value))
        self.before += [Entry(of["facet"], of["group"], m.name, m.value, m.reason or "") for m in told]

    def charts(self) -> list[Chart]:
        """Return a chart a facet."""
        out = []
        for facet, rows in self.rows.items():
            most = max(rows, key=lambda r: abs(r["DPPL"]))
            alt = f"The group furthest from the others is {most['group']}, by {most['DPPL']:.3f}."
            title = f"Difference in positive predictions by {facet} (DPPL)"
            out.append(
                Chart(title, "interval", tuple(rows[:40]), "group", "DPPL", low="low", high="high", alt=alt)
            )
        return out
