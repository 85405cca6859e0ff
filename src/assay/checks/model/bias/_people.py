"""What is told of people and not of counts alone: the flip test, consistency, and answers under another facet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kernel.handles import Model
from assay.kernel.report import Metric

if TYPE_CHECKING:
    import pyarrow

    from assay.checks.model.bias._answers import Answers
    from assay.checks.model.bias._judged import Judged
    from assay.methods.facets import Group
    from assay.methods.question import Outcome, Part


def _numeric(kind: pyarrow.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


class People:
    """The features of the rows, and what is told of them. answers: the rows; hidden: columns that are no features."""

    def __init__(self, judged: Judged, answers: Answers, hidden: set[str], neighbours: int) -> None:
        self.judged, self.table, self.weights = judged, answers.table, answers.weights
        self.hidden, self.neighbours = hidden, neighbours
        self.rows = judged.cells.of_rows
        self._stacks: dict[tuple[str, ...], Any] = {}
        self._alike: tuple[Any, Any] | None = None  # rows, and their features

    def flip(self, group: Group, outcome: Outcome) -> Metric:
        """Return FT of a group."""
        import numpy as np

        from assay.methods.flip import UNITS, flip_test

        of = {"facet": group.facet, "group": group.name, **outcome.of}
        clarify = self.judged.asked.clarify
        features, other = self._split(group.facet)
        if not features:
            return Metric("FT", None, of, reason="there are no numeric features")
        if clarify and other:
            reason = f"the reference library's flip test takes numbers only, and {other[0]} is none"
            return Metric("FT", None, of, reason=reason)
        values = self._stacked(features)
        if clarify and np.isnan(values).any():
            reason = "the reference library's flip test takes no missing values"
            return Metric("FT", None, of, reason=reason)
        rng = self.judged.work.rng("/".join(["flip", group.facet, group.name, *outcome.of.values()]))
        known = group.known & self.judged.labelled
        own, said, known = (self.rows(m) for m in (group.member, outcome.said, known))
        found = flip_test(values, said, own, rng, known=known, weights=self.weights, clarify=clarify)
        sure = found.interval if found.rows >= self.judged.least else None
        return Metric.number("FT", found.value, of=of, interval=sure, unit=UNITS[self.judged.asked.compat])

    def _split(self, facet: str) -> tuple[list[str], list[str]]:
        """Return the features that are numbers, and the others."""
        features = [c for c in self.table.column_names if c not in self.hidden and c != facet]
        numeric = [c for c in features if _numeric(self.table.column(c).type)]
        return numeric, [c for c in features if c not in numeric]

    def _stacked(self, names: list[str]) -> Any:
        """Return columns of numbers as n × p floats, made once."""
        import numpy as np

        from assay.methods.outcomes import finite

        if tuple(names) not in self._stacks:
            self._stacks = {tuple(names): np.column_stack([finite(self.table.column(n)) for n in names])}
        return self._stacks[tuple(names)]

    def consistency(self, outcome: Outcome) -> Metric:
        """Return how alike those who are alike are told, facets left out."""
        import pyarrow as pa

        from assay.methods import consistency

        facets = {f.name for f in self.judged.asked.facets}
        names = [c for c in self.table.column_names if c not in self.hidden | facets]
        rng = self.judged.work.rng("/".join(["consistency", *outcome.of.values()]))
        if self._alike is None:
            rows = consistency.among(self.rows(self.judged.labelled), rng)
            self._alike = (
                rows,
                consistency.standardised(
                    self.table.select(names).take(pa.array(rows.tolist(), pa.int64())), names
                ),
            )
        rows, features = self._alike
        if not features.shape[1]:
            return Metric("consistency", None, outcome.of, reason="there are no features")
        heavy = None if self.weights is None else self.weights[rows]
        value, interval, _ = consistency.consistency(
            features, self.rows(outcome.said)[rows], rng, self.neighbours, heavy
        )
        return Metric.number("consistency", value, of=outcome.of, interval=interval)

    def swapped(self, part: Part, outcome: Outcome, model: Model, says: Any) -> list[Metric]:
        """Return the share of answers that change when the facet does, of all and of each group.

        says: from a table to which of its rows are told yes.
        """
        import numpy as np

        from assay.methods import swapping

        reason = ""
        features = model.info.features
        if part.column is None:
            return []
        if features and part.name not in features:
            reason = f"the model takes no {part.name}"
        elif part.cuts or any(g.name.startswith("> ") and g.named for g in part.groups):
            reason = f"{part.name} is an amount, and has no other value to put in its place"
        masks = [g.member for g in part.groups]
        if part.groups and part.groups[0].named:
            masks.append(~masks[0] & part.groups[0].known)
        values = (
            [] if reason else swapping.values([self.rows(m) for m in masks], self.table.column(part.name))
        )
        if not reason and len(values) < 2:
            reason = f"{part.name} has no other value to put in its place"
        of = {"facet": part.name, **outcome.of}
        if reason:
            return [Metric("counterfactual_change", None, of, reason=reason)]
        rng = self.judged.work.rng("/".join(["swap", part.name, *outcome.of.values()]))
        from assay.methods.resample import mean

        found = swapping.swap(self.table, part.name, values, says, rng)
        heavy = np.ones(len(found.rows)) if self.weights is None else self.weights[found.rows]

        def share(rows: Any, whose: dict[str, str]) -> Metric:
            value, interval = mean(found.changed[rows].astype(float), heavy[rows], rng)
            sure = interval if int(rows.sum()) >= self.judged.least else None
            return Metric.number("counterfactual_change", value, of=whose, interval=sure)

        metrics = [share(np.ones(len(found.rows), dtype=bool), of)]
        for group in part.groups:
            own = self.rows(group.member)[found.rows]
            if own.any():
                metrics.append(share(own, of | {"group": group.name}))
        return metrics
