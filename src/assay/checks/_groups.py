"""What data.bias and model.bias do alike: groups judged beside the others, gathered as metrics, findings and gaps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from assay.kernel.handles import Work
from assay.kernel.report import Finding, Metric, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.amounts import Told
    from assay.methods.cells import Cells
    from assay.methods.clarify.analysis import Entry
    from assay.methods.facets import Group
    from assay.methods.limits import Policy
    from assay.methods.question import Outcome, Part, Question
    from assay.methods.resample import Tally

TESTS = {"z": "by a z test", "Fisher": "by Fisher's exact test"}  # of the four-fifths rule
MISSING = "(missing)"  # the group of the rows without a facet
_MANY = 0.1  # of the rows have no label
_NOTABLE = 0.01  # of the labelled rows have no answer
_SIZES = ("rows", "weight")  # told whatever is asked for


class Groups:
    """The metrics, findings and gaps of one examination, gathered group by group.

    labelled, and every mask of rows here, are of the combinations of values that ``cells`` counts.
    check: whose rules the findings are of. refs: what they refer to. remedy: what to do where a limit is passed. share: what
    the share of good outcomes is called.
    """

    check: ClassVar[str]
    refs: ClassVar[tuple[str, ...]]
    remedy: ClassVar[str]
    share: ClassVar[str]

    def __init__(
        self,
        asked: Question,
        labelled: Any,
        cells: Cells,
        *,
        threshold: float,
        least: int,
        policy: Policy | None,
        work: Work,
    ) -> None:
        self.asked, self.labelled, self.cells = asked, labelled, cells
        self.threshold, self.least, self.policy, self.work = threshold, least, policy, work
        self.strata: Any = None
        self.metrics: list[Metric] = []
        self.findings: list[Finding] = []
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.skipped: list[Skipped] = []
        self.mirrors: set[tuple[str, str]] = (
            set()
        )  # the second of two groups, whose differences are the first's
        self.small: set[tuple[str, str]] = set()  # facet and group of those that are shown and not judged

    def find(
        self,
        rule: str,
        severity: Severity,
        message: str,
        where: Mapping[str, Any],
        remedy: str = "",
        **more: Any,
    ) -> None:
        """Note a finding of this check."""
        self.findings.append(Finding(f"{self.check}.{rule}", severity, message, where, remedy, **more))

    def grave(self, group: Group, outcome: Outcome, name: str, value: float, spread: Any) -> str:
        """Return how grave a metric's value is; empty where it is no finding, as where a policy alone says what is."""
        from assay.methods import judging

        if self.policy is not None:
            return ""
        # which class is good is not known, where each takes its turn
        if outcome.of and (group.facet, group.name) in self.mirrors:
            return ""
        either = group.named or bool(outcome.of)
        return judging.judge(name, value, spread, self.threshold, either=either)

    def conditional(
        self,
        name: str,
        positive: Any,
        d_rows: Any,
        known: Any,
        of: Mapping[str, str] | None = None,
        *,
        sure: bool = False,
    ) -> Metric:
        """Return the conditional disparity within strata, or why there is none.

        positive: rows of the good outcome. sure: with its interval.
        """
        from assay.methods.question import conditional

        of = of or {}
        rng = self.work.rng("/".join([name, *of.values()])) if sure and self.asked.wants(name) else None
        value, spread, why = conditional(self.asked, self.strata, positive, d_rows, known, self.cells, rng)
        if why:
            return Metric(name, None, of, reason=why)
        return Metric.number(name, value, of=of, interval=spread)

    def within(self, group: Group, outcome: Outcome, found: Metric, remedy: str, what: str) -> None:
        """Find a disparity among people whose case is alike. what: of whom a larger share is refused, in words."""
        if found.value is None or not self.asked.wants(found.name):
            return
        grave = self.grave(group, outcome, found.name, found.value, found.interval)
        if not grave:
            return
        from assay.methods.judging import WORDS

        more, less = ("refused", "accepted") if found.value > 0 else ("accepted", "refused")
        said = (
            f"{group.shown}: among those alike in {self.asked.group_variable} they are more of the {more} than of the {less}"
            f"{what} ({WORDS[found.name]} {found.value:.3f})."
        )
        where = {"column": group.facet, **found.of}
        self.find(found.name, Severity.parse(grave), said, where, remedy, refs=self.refs)

    def beside(
        self, large: Sequence[tuple[Group, Tally]], outcome: Outcome
    ) -> tuple[list[str], list[Tally]] | None:
        """Return names and tallies of the groups that can be judged; a group that was named stands beside all others.

        None where there are no two of them.
        """
        from assay.methods import fairness, resample

        names, tallies = [g.name for g, _ in large], [t for _, t in large]
        if large and large[0][0].named:
            group = large[0][0]
            rest = ~group.member & group.known & self.labelled
            names.append(fairness.OTHERS)
            tallies.append(resample.tally(outcome.observed, outcome.said, rest, self.cells))
            of = {"facet": group.facet, "group": fairness.OTHERS, **outcome.of}
            share = Metric.number(self.share, tallies[-1].counts.predicted, of=of)
            self.metrics += [Metric("rows", tallies[-1].n, of), share]
        if len(tallies) < 2 or not all(t.counts.n for t in tallies):
            return None
        return names, tallies

    def four_fifths(
        self, facet: str, names: Sequence[str], tallies: Sequence[Tally], outcome: Outcome
    ) -> None:
        """Add each group's rate over the highest group's, and the test of it."""
        if not self.asked.wants("impact_ratio", "impact_p_value"):
            return
        from assay.methods import fairness

        found = fairness.four_fifths([t.selected for t in tallies], [t.effective for t in tallies])
        top = max(range(len(names)), key=lambda i: tallies[i].counts.predicted)
        best, spread = names[top], self._impacts(facet, tallies, top, outcome)
        for at, (name, impact) in enumerate(zip(names, found, strict=True)):
            shown = name if " & " in facet else f"{facet} = {name}"
            of = {"facet": facet, "group": name, **outcome.of}
            self.metrics.append(
                Metric.number("impact_ratio", impact.ratio, of=of, interval=spread.get(str(at)))
            )
            if not math.isnan(impact.p):
                self.metrics.append(Metric.number("impact_p_value", impact.p, of=of, unit=TESTS[impact.test]))
            judged = self.policy is None and self.asked.wants("impact_ratio")
            if judged and not outcome.of and impact.adverse and name != fairness.OTHERS:
                self.find(
                    "four_fifths",
                    Severity.MEDIUM,
                    f"{shown}: {impact.words(best)}.",
                    {"column": facet, "facet": facet, "group": name},
                    "find out which step selects unequally, and whether it is needed for what is decided",
                    refs=("29-CFR-1607.4(D)", *self.refs),
                )

    def _impacts(
        self, facet: str, tallies: Sequence[Tally], top: int, outcome: Outcome
    ) -> dict[str, tuple[float, float]]:
        """Return the interval of each group's rate over that of the group with the highest, by its place."""
        from assay.methods import bias, resample

        def measure(*drawn: bias.Counts) -> dict[str, Any]:
            return {
                str(i): bias.ratio(g.predicted, drawn[top].predicted) for i, g in enumerate(drawn) if i != top
            }

        rng = self.work.rng("/".join(["impact", facet, *outcome.of.values()]))
        return resample.intervals(tallies, measure, rng)

    def amounts(
        self,
        part: Part,
        group: Group,
        sizes: tuple[int, int],
        found: Mapping[str, Told],
        words: Callable[[], str],
        remedy: str,
    ) -> bool:
        """Add what is told of a group's amounts beside the others'; return whether both are large enough to be judged.

        sizes: rows of the others and of the group. words: both means in a sentence that goes on with how far apart.
        """
        from assay.methods import amounts

        of = {"facet": part.name, "group": group.name}
        small = min(sizes) < self.least
        self.metrics.append(Metric("rows", sizes[1], of))
        for name, told in found.items():
            interval = None if small else told.interval
            self.metrics.append(Metric.number(name, told.value, of=of, interval=interval))
        if small:
            self.small.add((part.name, group.name))
            return False
        effect = found["standardized_mean_difference"]
        grave = amounts.grave(effect) if self.policy is None else ""
        if grave and (group.named or effect.value > 0):
            message = f"{group.shown}: {words()}, {abs(effect.value):.2f} standard deviations apart."
            where = {"column": part.name, **of}
            rule = "standardized_mean_difference"
            self.find(rule, Severity.parse(grave), message, where, remedy, refs=self.refs)
        return True

    def noted(self, parts: Sequence[Part]) -> None:
        """Tell where numbers were cut, and what of a file has no part in this."""
        from assay.methods.question import cut_words

        for note in self.asked.notes:
            self.find("config", Severity.INFO, f"Not read here: {note}.", {})
        for reading in self.asked.readings:
            remedy = "say it without --config: --facet-threshold, --label-threshold"
            self.find("reading", Severity.INFO, reading, {}, remedy)
        for part in parts:
            if len(part.groups) == 2:
                self.mirrors.add((part.name, part.groups[1].name))
            if part.cuts:
                where = {"column": part.name, "facet": part.name}
                remedy = "name another cut with --facet-threshold, or values with --facet-value"
                self.find("cut", Severity.INFO, cut_words(part), where, remedy)

    def lost(self, what: str, left: int) -> None:
        """Tell the rows that say nothing. what: they lack, in words."""
        if left:
            message = f"{left:,} rows have no {what}, and are left out."
            severity = Severity.MEDIUM if left > _MANY * self.cells.rows else Severity.LOW
            self.find("unlabelled", severity, message, {"column": self.asked.label}, count=left)

    def unanswered(self, left: int, of: int) -> None:
        """Tell labelled rows that have no answer: a model that fails where it is hard would look fair on the others."""
        if left:
            message = (
                f"There is no answer for {left:,} of the {of:,} rows that have a label; they are not judged."
            )
            severity = Severity.HIGH if left > _NOTABLE * of else Severity.MEDIUM
            remedy = "find out which rows are not answered, whose they are, and what is done with them in use"
            self.find("unanswered", severity, message, {}, remedy, count=left)
            self.skipped.append(Skipped(f"{left:,} rows", "no answer"))

    def absent(self, part: Part) -> Group | None:
        """Return the rows whose facet is missing as a group of their own, held against all that have one; None where there
        are none, or where they are everybody, and where they count as advantaged, as in the reference library.
        """
        from assay.methods import facets

        if part.column is None or self.asked.clarify:
            return None
        there = facets.present(part.column)
        if not (~there & self.labelled).any() or not (there & self.labelled).any():
            return None
        return facets.Group(part.name, MISSING, ~there, there | True)

    def joined(self, part: Part, outcome: Outcome) -> None:
        """Show the rows without the facet where they are no group that is judged, and say where they are counted in."""
        from assay.methods import facets

        if part.column is None:
            return
        absent = ~facets.present(part.column) & self.labelled
        rows = self.cells.count(absent)
        if not rows or self.absent(part) is not None:
            return
        of = {"facet": part.name, "group": MISSING, **outcome.of}
        whole = self.cells.weight(absent)
        value = self.cells.weight(absent & outcome.said) / whole if whole else math.nan
        self.metrics += [Metric("rows", rows, of), Metric.number(self.share, value, of=of)]
        if self.asked.clarify and not part.empty:
            said = f"{rows:,} rows have no {part.name}, and count as advantaged, as in the reference library."
            remedy = "without --compat clarify they are a group of their own"
            self.find("missing_advantaged", Severity.LOW, said, {"column": part.name}, remedy, count=rows)

    def unseen(self, part: Part, judged: bool) -> None:
        """Tell the groups of a facet that were not examined, and a facet of which none could be judged."""
        for why in part.unseen(self.least, judged):
            told = Skipped(f"facet {part.name}", why)
            self.skipped += [] if told in self.skipped else [told]  # once, where each class takes its turn

    def held(
        self, policy: Policy, stage: Sequence[str], columns: Sequence[str], parts: Sequence[Part]
    ) -> None:
        """Hold the metrics of a stage against a policy: it alone says what is worth a finding."""
        from assay.methods import holding

        for facet in policy.check(columns, [p.name for p in parts]):
            self.skipped.append(Skipped(f"facet {facet}", "the policy limits it, and it was not asked about"))
        for one in holding.held(policy, self.metrics, stage, self.small):
            if one.limit is None:
                self.skipped.append(Skipped(one.what, one.words))
                continue
            severity = Severity.parse(one.limit.severity)
            self.find(one.metric, severity, f"{one.sentence}.", one.where, self.remedy, refs=self.refs)

    def told(self) -> list[Metric]:
        """Return the metrics that were asked for, and how many rows they are of."""
        if not self.asked.metrics:
            return self.metrics
        return [m for m in self.metrics if m.name in (*self.asked.metrics, *_SIZES)]

    def entries_of(self, names: Sequence[str]) -> list[Entry]:
        """Return the metrics of groups that have one of the names, as a Clarify file holds them."""
        from assay.methods.clarify.analysis import Entry

        return [
            Entry(str(m.of["facet"]), str(m.of["group"]), m.name, m.value, m.reason or "")
            for m in self.metrics
            if m.name in names and "group" in m.of
        ]


def furthest(rows: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """Return the row of a chart whose value is furthest from 0; of two that mirror each other the one that is worse off."""
    return max(rows, key=lambda r: (round(abs(r[name]), 9), r[name]), default=None)


def shown(of: Mapping[str, str]) -> str:
    """Return a group as a chart names it."""
    return f"{of['group']}: {of['class']}" if "class" in of else of["group"]
