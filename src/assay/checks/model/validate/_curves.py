"""Learning and complexity curves: trained on fewer rows, and with other hyperparameters, on the same folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._options import Training, Way
from assay.checks.model.validate._problem import Wanted
from assay.checks.model.validate._scored import Scored, scored
from assay.checks.model.validate._trials import Told, Trials
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity
from assay.methods.inwords import p_value

if TYPE_CHECKING:
    from assay.methods.curves import Point
    from assay.methods.folds import Fold

_SAID = {"yes": "more data would help", "no": "more data would not help", "unclear": "whether more data would help cannot be told"}  # fmt: skip


class Curves:
    """Draws curves over the folds of one repeat. full: what models trained on whole folds said."""

    def __init__(
        self, table: Any, wanted: Wanted, ideal: Judged, trials: Trials, folds: Sequence[Fold], made: Judged
    ) -> None:
        self.table, self.wanted, self.ideal, self.trials = table, wanted, ideal, trials
        self.folds, self.made = list(folds), made
        self.main, self.error = ideal.main, ideal.lower_is_better
        self.tested = sum(len(f.test) for f in folds) / len(folds)
        self.rows = sum(len(f.train) for f in folds) / len(folds)

    def learning(self, way: Way, full: Scored) -> tuple[list[Finding], list[Chart]]:
        """Draw the score by training size, each twice the one before, and name what it says."""
        from assay.methods import curves

        points = []
        for part in curves.sizes(1 << 20):  # as shares of each fold, which may differ in size
            share = part / (1 << 20)
            cut = [f._replace(train=f.train[: max(10, round(len(f.train) * share))]) for f in self.folds]
            whole = share == 1
            point = self._point(full) if whole else self._run(way, cut, f"{share:.3g} of the training rows")
            if point is not None:
                points.append(point)
        points = [p for p in points if len(p.held) == len(points[-1].held)] if points else []
        if len(points) < 2:
            return [], []
        last, before = points[-1], points[-2]
        help_, gain, p = curves.more_data(before, last, self.tested, error=self.error)
        how = curves.fitting(last.own, last.mean, self.ideal.guess()[self.main], error=self.error)
        self.made.data["learning_curve"] = {
            "more_data": help_,
            "fitting": how or "neither over- nor under-fitting",
        }
        for point in points:
            of = {"trained_on": point.at}
            self.made.metrics += [
                Metric.number(self.main, point.mean, of=of),
                Metric.number(f"{self.main}_in_training", point.own, of=of),
            ]
        self.made.metrics.append(Metric.number("gain_of_doubling", gain))
        message = (
            f"From {before.at:,.0f} to {last.at:,.0f} training rows {self.main} goes from {before.mean:.4f} to {last.mean:.4f}"
            + (f" (p {p_value(p)})" if p == p else "")
            + f": {_SAID[help_]}."
        )
        if how:
            message += f" With all of them it is {how}: {last.own:.3f} on the rows trained on."
        severity = Severity.LOW if help_ == "yes" or how else Severity.INFO
        remedy = {
            "yes": "gather more rows",
            "no": "look for better features or another model instead",
            "unclear": "ask for more folds or repeats",
        }
        found = Finding("model.validate.learning_curve", severity, message, {}, remedy[help_])
        alt = f"{_SAID[help_].capitalize()}; {how or 'neither over- nor under-fitting'}."
        return [found], [self._drawn("Learning curve", points, "training rows", alt)]

    def complexity(self, asked: Training) -> tuple[list[Finding], list[Chart]]:
        """Draw the score over a hyperparameter's values, and name the sides of the best."""
        from assay.methods import curves

        if asked.complexity is None:
            return [], []
        name, values = asked.complexity
        found = [self._run(asked.way.with_(**{name: v}), self.folds, f"{name} = {v}", v) for v in values]
        points = [p for p in found if p is not None and p.own == p.own]
        if len(points) < 2:
            return [], []
        places = curves.complexity(points, self.tested, self.rows, error=self.error)
        for point in points:
            of = {name: point.at}
            self.made.metrics += [
                Metric.number(self.main, point.mean, of=of),
                Metric.number(f"{self.main}_in_training", point.own, of=of),
            ]
        best, simplest = points[places.best], points[places.simplest]
        message = f"Of {name}, {best.at} is best: {self.main} {best.mean:.4f} on rows held out, {best.own:.4f} on those trained on."
        parts = [
            (places.under, "it under-fits: it is too simple"),
            (places.over, "it over-fits: better on the rows trained on, and no better on others"),
        ]
        for some, what in parts:
            if some:
                message += f" At {', '.join(str(points[i].at) for i in some)} {what}."
        if not places.under and not places.over:
            message += " No value is worse by more than one standard error."
        if simplest is not best:
            message += f" {simplest.at} is the simplest within one standard error of it."
        edge = places.best in (0, len(points) - 1) and not (places.under and places.over)
        if edge and (places.under or places.over):
            message += " The best is the last that was tried: try beyond it."
        self.made.data["complexity_curve"] = {
            "hyperparameter": name,
            "best": best.at,
            "simplest_within_one_standard_error": simplest.at,
            "under_fitting": [points[i].at for i in places.under],
            "over_fitting": [points[i].at for i in places.over],
        }
        remedy = f"train with {name} = {simplest.at}"
        told = Finding(
            "model.validate.complexity_curve", Severity.INFO, message, {"hyperparameter": name}, remedy
        )
        alt = f"Best at {best.at}; the simplest within one standard error is {simplest.at}."
        return [told], [self._drawn("Complexity curve", points, name, alt)]

    def _run(self, way: Way, folds: Sequence[Fold], what: str, at: Any = None) -> Point | None:
        told: list[Told] = []
        for fold in folds:
            one = self.trials.run(way, fold, f"fold {fold.name} with {what}")
            if one is not None:
                told.append(one)
        found = scored(told, self.table, self.wanted, self.main) if told else None
        return None if found is None else self._point(found, at)

    def _point(self, found: Scored, at: Any = None) -> Point:
        from assay.methods.curves import Point

        rows = round(found.sizes[1]) if at is None else at
        return Point(rows, tuple(found.values), tuple(found.trained))

    def _drawn(self, title: str, points: Sequence[Point], x: str, alt: str) -> Chart:
        numbers = all(isinstance(p.at, (int, float)) and not isinstance(p.at, bool) for p in points)
        rows = []
        for point in points:
            where = point.at if numbers else str(point.at)
            rows.append({"x": where, "y": point.mean, "rows": "held out"})
            rows.append({"x": where, "y": point.own, "rows": "trained on"})
        kind = "line" if numbers else "grouped_bar"
        if numbers:
            rows.sort(key=lambda r: (r["rows"], r["x"]))
        return Chart(title, kind, tuple(rows), "x", "y", "rows", x_title=x, y_title=self.main, alt=alt)
