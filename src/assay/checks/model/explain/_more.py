"""What was asked for beyond the values: gathered as metrics, charts and findings."""

from __future__ import annotations

from typing import Any, NamedTuple

from assay.checks.model.explain import _changes, _effects, _inside, _reasons
from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._values import Values, explained
from assay.kernel.errors import UsageError
from assay.kernel.handles import Work
from assay.kernel.report import Chart, Finding, Metric
from assay.methods.notices import Notices


class Wanted(NamedTuple):
    """An answer wanted for some rows (from 0), what cannot change, and how many reasons are given against it."""

    want: str | None
    rows: tuple[int, ...]
    fixed: tuple[str, ...]
    reasons: int
    notices: Notices
    wish: Any = None

    def checked(self, asking: Asking, table: Any) -> Wanted:
        """Return it with what asks the model; UsageError where something is missing, before anything long begins."""
        if self.want is None:
            if self.reasons or self.fixed:
                what = "--reasons" if self.reasons else "--fixed or --protected"
                raise UsageError(f"{what} is of an answer that is wanted", remedy="name it: --want VALUE")
            return self
        if not self.rows:
            raise UsageError("an answer is wanted for rows, and none is named", remedy="name one: --row N")
        return self._replace(wish=_changes.Wish(asking, self.want, table.slice(0, 1000)))


class More:
    """Metrics, charts, findings and data that are added one after another. order: features, greatest first."""

    def __init__(self, table: Any, found: Values, order: Any, asking: Asking, work: Work) -> None:
        self.table, self.found, self.asking, self.work = table, found, asking, work
        self.metrics: list[Metric] = []
        self.charts: list[Chart] = []
        self.findings: list[Finding] = []
        self.data: dict[str, Any] = {}
        taken = asking.names or table.column_names
        first = [found.names[i] for i in order if found.names[i] in taken]
        self.names = [*first, *(n for n in taken if n not in first)]  # what the model takes, greatest first

    def add(self, metrics: list[Metric], charts: list[Chart], findings: list[Finding]) -> None:
        """Add what a part has found."""
        self.metrics += metrics
        self.charts += charts
        self.findings += findings

    def effects(
        self, feature: tuple[str, ...], interactions: bool, permute: int, whole: Any, label: str | None
    ) -> None:
        """Add how the answer changes with features. whole: the table with its label, if it has one."""
        for name in feature:
            self.add(*_effects.dependence(self.table, name, self.asking, self.work), [])
        if interactions:
            metrics, charts, method = _effects.together(self.table, self.names, self.asking, self.work)
            self.add(metrics, charts, [])
            self.data["interactions"] = method
        if permute:
            given = (whole, self.names, label, self.asking, permute, self.work)
            metrics, chart = _effects.shuffled(*given)
            self.add(metrics, [chart], [])

    def inside(self, depth: int) -> None:
        """Add the model itself."""
        metrics, charts, findings, kind = _inside.inside(
            self.table, self.names, self.asking, depth, self.work
        )
        self.add(metrics, charts, findings)
        self.data["inside"] = kind

    def changes(self, wanted: Wanted) -> list[Chart]:
        """Add what would turn the answers of rows, and the reasons against them; return the charts that say so."""
        if wanted.wish is None:
            return []
        before = len(self.charts)
        rows = list(wanted.rows)
        self.add(*_changes.counterfactuals(self.table, rows, wanted.fixed, wanted.wish, self.names))
        if wanted.reasons:
            rng = self.work.rng("reasons")
            self.add(
                *_reasons.reasons(
                    self.table,
                    rows,
                    wanted.reasons,
                    wanted.wish,
                    self._of_wanted(wanted),
                    wanted.notices,
                    rng,
                )
            )
        return self.charts[before:]

    def _of_wanted(self, wanted: Wanted) -> Any:
        """Return what explains rows as answers of the class wanted."""
        classes = [str(c) for c in self.asking.model.info.classes]
        of = wanted.want if wanted.want in classes else None
        asking = Asking(self.asking.model, self.work, of)

        def explain(rows: list[int]) -> Values:
            import pyarrow as pa

            # each row behind costs as much as the row itself where values are sampled
            behind = [r for r in rows if r not in wanted.rows]
            if self.found.error is not None or self.found.unit == "score":
                behind = behind[:: max(1, len(behind) // 40)]
            some = [*wanted.rows, *behind]
            found = explained(
                asking.model,
                self.table.take(pa.array(some)),
                asking,
                method="auto",
                row=tuple(range(1, len(wanted.rows) + 1)),
                samples=len(some),
                most=len(some),
                budget=1_000_000,
                work=self.work,
            )
            found.rows = [some[i] for i in found.rows]
            return found

        return explain
