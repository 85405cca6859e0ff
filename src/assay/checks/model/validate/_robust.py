"""How the model's score falls when its data gets worse: noise, gaps, a shift of everything, a column that is no use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assay.checks.model.validate._answers import Answers
from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._left import unsearched
from assay.checks.model.validate._problem import Wanted
from assay.kernel.errors import AssayError
from assay.kernel.handles import Model, Work
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

_ROWS = 5_000
_COLUMNS = 60
_AS_IT_IS = "as it is"
_WORTH = 0.1  # of the score, or of the error's size


class Robustness:
    """Asks the model about the same rows, made worse; each answer is judged as the first were."""

    def __init__(
        self,
        model: Model,
        table: Any,
        aside: set[str | None],
        judge: Callable[[Answers], Judged],
        ask: Callable[[Model, Any], Answers],
        work: Work,
    ) -> None:
        """table: the rows to ask about, whose answers ``judge`` holds against their labels. ask: how they are asked for.

        aside: columns that are left as they are, such as the label.
        """
        self.model, self.judge, self.ask, self.work = model, judge, ask, work
        names = [n for n in (model.info.features or table.column_names) if n not in aside]
        self.names, self.table = [n for n in names if n in table.column_names], table
        self.asked, self.refused = 0, dict[str, str]()

    def findings(self, made: Judged) -> tuple[list[Finding], list[Chart]]:
        """Ask, and put each score into the metrics of ``made``."""
        from assay.methods import perturb

        base = self._score({}, _AS_IT_IS)
        if base is None:
            return self._refusals(), []
        rng = self.work.rng("robustness")
        scores: dict[str, float | None] = {}
        for size in (0.1, 0.5):
            changed = {n: perturb.noisy(self.table.column(n), rng, size) for n in self.names}
            scores[f"noise of {size:g} sd"] = self._score(changed, f"noise {size:g}")
        for share in (0.1, 0.3):
            changed = {n: perturb.blanked(self.table.column(n), rng, share) for n in self.names}
            scores[f"{share:.0%} of cells missing"] = self._score(changed, f"missing {share:g}")
        for size in (-0.5, 0.5):
            changed = {n: perturb.shifted(self.table.column(n), size) for n in self.names}
            scores[f"all numbers moved by {size:+g} sd"] = self._score(changed, f"shift {size:g}")
        for name in self.names[:_COLUMNS]:
            changed = {name: perturb.shuffled(self.table.column(name), rng)}
            scores[f"{name} shuffled"] = self._score(changed, name)
        told = {k: v for k, v in scores.items() if v is not None}
        of = {"data": _AS_IT_IS}
        made.metrics.append(Metric.number(f"{made.main}_under", base, of=of))
        made.metrics += [Metric.number(f"{made.main}_under", v, of={"data": k}) for k, v in told.items()]
        findings = self._fragile(made, base, told) + self._refusals()
        findings += unsearched(len(self.names), _COLUMNS, "what its answers need")
        return findings, [_drawn(made.main, base, told)]

    def _score(self, changed: dict[str, Any], what: str) -> float | None:
        import numpy as np

        table = self.table
        for name, column in changed.items():
            table = table.set_column(table.column_names.index(name), name, column)
        self.asked += 1
        self.work.progress(self.asked, 7 + min(len(self.names), _COLUMNS), what)
        try:
            judged = self.judge(self.ask(self.model, table))
        except AssayError as error:
            self.refused[what] = str(error)
            return None
        return judged.headline(np.arange(len(judged.truth)))

    def _fragile(self, made: Judged, base: float, scores: dict[str, float]) -> list[Finding]:
        sign = 1 if made.lower_is_better else -1
        losses = {k: sign * (v - base) for k, v in scores.items() if not k.endswith(" shuffled")}
        worst = max(losses, key=lambda k: losses[k], default=None)
        if worst is None or losses[worst] <= _WORTH * max(abs(base), 1e-12):
            return []
        message = f"It is fragile: {made.main} goes from {base:.3f} to {scores[worst]:.3f} with {worst}."
        remedy = "guard its inputs (ranges, missing values), or train it on data that is worse in this way"
        return [Finding("model.validate.fragile", Severity.LOW, message, {"data": worst}, remedy)]

    def _refusals(self) -> list[Finding]:
        if not self.refused:
            return []
        what, why = next(iter(self.refused.items()))
        message = f"It does not answer where data gets worse ({what}): {why[:200]}"
        remedy = "let the pipeline fill in what is missing before the model is asked"
        if what == _AS_IT_IS:  # some of the rows by themselves, which it answered among the others
            message = (
                f"Asked again about {self.table.num_rows:,} rows as they are, it does not answer: {why[:200]}"
            )
            remedy = "how it stands what gets worse is not told; see why it answers once and not again"
        return [
            Finding(
                "model.validate.refuses",
                Severity.LOW,
                message,
                {"data": what},
                remedy,
                count=len(self.refused),
            )
        ]


def sampled(made: Judged, table: Any, wanted: Wanted, work: Work) -> Any:
    """Return at most 5,000 row numbers, by lot: of a ranking whole queries, of forecasts the last of those that are in order."""
    import numpy as np

    rows = made.rows
    if wanted.query is not None:
        from assay.methods import facets

        codes = facets.coded(facets.plain(table.column(wanted.query), wanted.query))[0]
        lot = work.rng("robustness rows").permutation(int(codes.max(initial=0)) + 1)
        order = np.argsort(lot[codes], kind="stable")[:_ROWS]
        last = lot[codes[order[-1]]]  # a query that does not fit is left out, but for the first
        whole = order[lot[codes[order]] != last] if len(order) == _ROWS else order
        return np.sort(whole if len(whole) else order)
    if len(rows) <= _ROWS:
        return rows
    if wanted.time is not None:
        return rows[-_ROWS:]
    return np.sort(work.rng("robustness rows").choice(rows, _ROWS, replace=False))


def _drawn(main: str, base: float, scores: dict[str, float]) -> Chart:
    ordered = sorted(scores, key=lambda k: scores[k])[:24]
    rows = ({"data": _AS_IT_IS, "value": base}, *({"data": k, "value": scores[k]} for k in ordered))
    alt = f"{main} as the data is: {base:.3f}."
    return Chart(f"{main} when the data gets worse", "bar", rows, "data", "value", alt=alt)
