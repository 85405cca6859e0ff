"""Correlation remover: numbers without what the facets tell of them in a straight line.

Of each column of numbers is taken off what least squares on the facets say of it, --alpha of the way (0 nothing, 1 all), as
fairlearn's CorrelationRemover does. A facet of texts, or of few numbers, is a column of 0 and 1 a value, a missing one a value of
its own; one of many numbers is taken as it is. What was learnt is kept as JSON, and --fitted applies it to further tables: test
rows, and those that are decided of, whose facets are then needed.

Told are each column's correlation with the facets before and after, and how well trees, which know more than straight lines, still
tell the facet; with --label the trade, by reference learners that are not shown the facet.

Example: assay treat data.decorrelate bookings.csv.gz --facet customer_type \\
  --columns lead_time --columns adr -o apart.parquet
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Table, Tree, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Fitted, Made
from assay.methods.inwords import share
from assay.treatments.data import _groups, _numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.mitigation.decorrelation import Straight

NAME = "data.decorrelate"
ROWS = 20_000  # by lot, in which the facet is told
GAIN = 0.1  # of what a constant guess leaves open, from which the facet can still be told


def treat(
    table: Table,
    *,
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")] = (),
    columns: Annotated[tuple[Column, ...], Doc("a column of numbers; else every one but the label")] = (),
    alpha: Annotated[float, Interval(ge=0, le=1), Doc("how much is taken off: from 0, nothing, to 1")] = 1.0,
    label: Annotated[
        Column | None, Doc("the column that holds the outcome: it stays, and the trade is told")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    keep_facet: Annotated[bool, Doc("leave the facet in the table")] = True,
    hide: Annotated[tuple[Column, ...], Doc("a column that is neither changed nor shown to learners")] = (),
    fitted: Annotated[
        Tree | None, Doc("what an earlier data.decorrelate learnt: apply it, learn nothing")
    ] = None,
    trade: Annotated[bool, Doc("with a label, measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the table without what facets tell of its numbers, and what was learnt."""
    import pyarrow as pa

    from assay.engines.trade import Told
    from assay.methods.mitigation import grouping
    from assay.methods.mitigation.applied import no_part

    if not table.rows:
        raise BadInput("there is no row to change", where=table.asset.name)
    if fitted is None:
        _numbers.named(facet)
        names = _numbers.chosen(table, columns, [*facet, *hide, *([label] if label else [])])
        data = table.arrow([*dict.fromkeys([*facet, *names])])
        learnt = _Learnt.of(data, facet, names, alpha)
    else:
        learnt = _Learnt.read(_numbers.read(fitted, NAME), fitted)
        no_part(
            list(learnt.facets), facet, columns=bool(columns), alpha=alpha != 1.0, label=label is not None,
            positive=bool(positive), hide=bool(hide),
        )  # fmt: skip
        _numbers.lacking(table, [*learnt.facets, *learnt.names])
        data = table.arrow([*dict.fromkeys([*learnt.facets, *learnt.names])])
    before = _numbers.numbers(data, learnt.names)
    told = learnt.of_facets(data)
    after = learnt.straight.removed(told, before, learnt.alpha)
    changed = {n: pa.array(after[:, i], from_pandas=True) for i, n in enumerate(learnt.names)}
    outputs = {
        "out": _numbers.written(
            table, work, changed if learnt.alpha else {}, () if keep_facet else list(learnt.facets)
        )
    }
    if fitted is None:
        outputs["fitted"] = work.put("fitted", Fitted(NAME, learnt.to_json()).to_bytes(), "json")
    metrics = _correlations(told, before, after, learnt)
    more, findings = _groups_of(data, learnt, after, work, fitted is not None)
    metrics += more
    findings += _numbers.beside(NAME, list(learnt.facets), keep_facet)
    strange = learnt.strange(data)
    if strange:
        said = f"{strange:,} values of facets were never there when this was learnt, and count as the first of those that were."
        findings.append(
            Finding(f"{NAME}.unknown_value", Severity.MEDIUM, said, {}, "fit anew", count=strange)
        )
    bought = Told()
    if trade and label is not None and fitted is None:
        cells = grouping.cells(table.arrow([*dict.fromkeys([label, *facet])]), label, positive, facet)
        bought = _groups.trade(NAME, table, cells, label, work, hide=(*hide, *facet), treated=_at(learnt))
    report = bought.report(table.rows, metrics, findings)
    return Made(outputs, report)


class _Learnt:
    """The slopes of columns on facets. facets: name → the values that have a column of their own; None for a number."""

    def __init__(
        self,
        facets: Mapping[str, Sequence[str] | None],
        names: Sequence[str],
        straight: Straight,
        alpha: float,
    ) -> None:
        self.facets, self.names, self.straight, self.alpha = dict(facets), list(names), straight, alpha

    @classmethod
    def of(cls, data: pa.Table, facet: Sequence[str], names: Sequence[str], alpha: float) -> _Learnt:
        """Learn of a table."""
        from assay.methods import facets as methods
        from assay.methods.mitigation.decorrelation import Straight
        from assay.methods.mitigation.grouping import Grouping

        held: dict[str, Sequence[str] | None] = {}
        for name in dict.fromkeys(facet):
            own = Grouping.learnt(data, (name,))  # told where it has one value alone, or very many
            many = bool(methods.cuts(methods.plain(data.column(name), name)))
            held[name] = None if many else own.names
        return cls(held, names, Straight.learnt(_told(data, held), _numbers.numbers(data, names)), alpha)

    def of_facets(self, data: pa.Table) -> Any:
        """Return the facets as n × s floats; a missing number is the mean that was learnt, whatever other rows are there."""
        return _told(data, self.facets, self.straight.mean)

    def strange(self, data: pa.Table) -> int:
        """Return how many values of facets were not there when this was learnt."""
        import numpy as np

        known = [(n, v) for n, v in self.facets.items() if v is not None]
        return sum(int((~np.isin(_spelled(data, n).astype(str), list(v))).sum()) for n, v in known)

    def untold(self, data: pa.Table) -> bool:
        """Whether no row has a facet that was there when this was learnt."""
        import numpy as np

        from assay.methods import outcomes
        from assay.methods.mitigation.grouping import MISSING

        if not data.num_rows:
            return False
        for name, values in self.facets.items():
            if values is None:
                there = np.isfinite(outcomes.finite(data.column(name), name))
            else:
                there = np.isin(_spelled(data, name).astype(str), [v for v in values if v != MISSING])
            if there.any():
                return False
        return True

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        facets = [{"name": n, "values": None if v is None else list(v)} for n, v in self.facets.items()]
        slopes = self.straight.slopes.tolist()
        return {
            "facets": facets,
            "columns": self.names,
            "mean": self.straight.mean.tolist(),
            "slopes": slopes,
            "alpha": self.alpha,
        }

    @classmethod
    def read(cls, raw: Any, tree: Tree) -> _Learnt:
        """Read what to_json wrote; BadInput where it is none."""
        import numpy as np

        from assay.methods.mitigation.decorrelation import Straight

        try:
            facets = {
                str(f["name"]): None if f["values"] is None else tuple(map(str, f["values"]))
                for f in raw["facets"]
            }
            names = [str(n) for n in raw["columns"]]
            mean, slopes = (np.array(raw[n], dtype=np.float64) for n in ("mean", "slopes"))
            alpha, wide = float(raw["alpha"]), sum(2 if v is None else len(v) - 1 for v in facets.values())
            right = mean.shape == (wide,) and slopes.shape == (wide, len(names)) and wide > 0 and names
            if (
                not right
                or not np.isfinite(mean).all()
                or not np.isfinite(slopes).all()
                or not 0 <= alpha <= 1
            ):
                raise ValueError
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
            raise BadInput(
                "this cannot be applied: its slopes cannot be read", where=tree.asset.name
            ) from None
        return cls(facets, names, Straight(mean, slopes), alpha)


def _told(data: pa.Table, facets: Mapping[str, Sequence[str] | None], means: Any = None) -> Any:
    """Return facets as n × s floats: a column of 0 and 1 for each value but the first, which the others tell; a number as it
    is, and a column that says where it is missing.

    means: of each column, what stands for a missing number; None for the mean of these rows.
    """
    import numpy as np

    from assay.methods import outcomes

    parts: list[Any] = []
    for name, values in facets.items():
        if values is not None:
            said = _spelled(data, name)
            parts += [(said == value).astype(float) for value in values[1:]]
            continue
        numbers = outcomes.finite(data.column(name), name)
        known = np.isfinite(numbers)
        mean = means[len(parts)] if means is not None else numbers[known].mean() if known.any() else 0.0
        parts += [np.where(known, numbers, mean), (~known).astype(float)]
    return np.column_stack(parts)


def _spelled(data: pa.Table, name: str) -> Any:
    """Return each row's value of a facet as it is spelled; a missing one has a name too."""
    import numpy as np

    from assay.methods import facets
    from assay.methods.mitigation.grouping import MISSING
    from assay.methods.values import spelled

    codes, held = facets.coded(facets.plain(data.column(name), name))
    said = np.array([*(spelled(v) or MISSING for v in held.to_pylist()), MISSING], dtype=object)
    return said[codes]


def _groups_of(
    data: pa.Table, learnt: _Learnt, after: Any, work: Work, applied: bool
) -> tuple[list[Metric], list[Finding]]:
    """Return what is told of the groups. applied: something learnt before is, and then the rows may be of one group alone."""
    from assay.methods.mitigation.grouping import Grouping

    findings = []
    if applied and learnt.untold(data):
        shown = " & ".join(learnt.facets)
        said = (
            f"No row has a {shown} that was there when this was learnt, so that nothing of it is taken off."
        )
        remedy = "look at whether the column holds what it held then"
        findings.append(Finding(f"{NAME}.no_group", Severity.HIGH, said, {"facet": shown}, remedy))
    try:
        groups = Grouping.learnt(data, tuple(learnt.facets))
    except UsageError:
        if not applied:
            raise
        of = {"facet": " & ".join(learnt.facets)}
        return [Metric("told_right", None, of, reason="the rows are of one group, or of too many")], findings
    codes = groups.codes(data)
    metrics, more = _still(after, codes, groups, work)
    return metrics, [*findings, *more, *_numbers.whose(NAME, groups, codes, lambda at: True)]


def _correlations(told: Any, before: Any, after: Any, learnt: _Learnt) -> list[Metric]:
    """Return the widest correlation of each column with a column of the facets, and how far values moved."""
    import numpy as np

    out = []
    for at, name in enumerate(learnt.names):
        of = {"column": name}
        for word, values in (("correlation_before", before[:, at]), ("correlation", after[:, at])):
            out.append(Metric.number(word, _widest(told, values), of=of))
        known = np.isfinite(before[:, at])
        spread = float(before[known, at].std()) if known.any() else 0.0
        moved = float(np.abs(after[known, at] - before[known, at]).mean()) / spread if spread else 0.0
        out.append(Metric.number("moved", moved, of=of))
    return out


def _widest(told: Any, values: Any) -> float:
    import numpy as np

    known = np.isfinite(values)
    x = values[known] - values[known].mean() if known.any() else values[known]
    size = float(np.sqrt((x**2).sum()))
    found = []
    for at in range(told.shape[1]):
        s = told[known, at] - (told[known, at].mean() if known.any() else 0)
        both = size * float(np.sqrt((s**2).sum()))
        # what is left of a column that the facets tell whole is rounding, and no correlation
        found.append(
            abs(float(s @ x)) / both
            if both > 1e-9 * max(1.0, float(np.abs(values[known]).max(initial=0)))
            else 0.0
        )
    return max(found, default=float("nan"))


def _still(after: Any, codes: Any, groups: Any, work: Work) -> tuple[list[Metric], list[Finding]]:
    """Return how well trees still tell the groups from the changed columns together."""
    import numpy as np

    from assay.methods.components import told

    known = np.flatnonzero(codes >= 0)
    if len(known) > ROWS:
        known = np.sort(work.rng("decorrelate/rows").choice(known, ROWS, replace=False))
    truth = np.unique(codes[known], return_inverse=True)[1]
    many = int(truth.max(initial=0)) + 1
    of = {"facet": groups.shown}
    if len(known) < 100 or not 2 <= many <= 20:
        return [Metric("told_right", None, of, reason="too few rows, or too many groups")], []
    right, guess = told(after[known], truth, True, work.rng("decorrelate/told"))
    metrics = [Metric.number("told_right", right, of=of), Metric.number("constant_guess", guess, of=of)]
    if (right - guess) / max(1e-9, 1 - guess) < GAIN:
        return metrics, []
    said = f"Trees still tell {groups.shown} from the changed columns: right in {share(right)} of rows, a constant guess in {share(guess)}. What is not a straight line stays."
    remedy = "data.impact makes whole distributions alike; leave out the columns that tell most"
    return metrics, [Finding(f"{NAME}.told", Severity.MEDIUM, said, of, remedy)]


def _at(learnt: _Learnt) -> Any:
    """Return what learners are given at a strength: learnt of the rows that they learn from, applied to both parts."""

    def treated(given: _groups.Given, alpha: float) -> _groups.Given:
        import pyarrow as pa

        own = _Learnt.of(given.table, list(learnt.facets), learnt.names, alpha)
        out = []
        for part in (given.table, given.asked):
            after = own.straight.removed(own.of_facets(part), _numbers.numbers(part, own.names), alpha)
            for at, name in enumerate(own.names):
                part = part.set_column(
                    part.column_names.index(name), name, pa.array(after[:, at], from_pandas=True)
                )
            out.append(part)
        return given.with_(table=out[0], asked=out[1])

    return treated
