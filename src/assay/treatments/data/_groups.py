"""What treatments of groups share: what is told of small and missing groups, and the trade that reference learners show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import Table, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.engines.trade import Told
    from assay.methods.mitigation.grouping import Cells

GAP = "demographic_parity_difference"
HELD = "on rows held out of the fit"
_GIVEN_AWAY = 0.995  # of balanced accuracy


@dataclass(frozen=True, slots=True)
class Given:
    """What is learnt from and what is asked at a strength of a treatment.

    rows: places in the whole table of the rows to learn from. table, asked: rows to learn from, and those held out.
    cells: of the rows to learn from. weights: of them, None where each is 1.
    """

    rows: Any
    table: pa.Table
    cells: Cells
    asked: pa.Table
    groups: Any
    weights: Any = None

    def with_(self, **changes: Any) -> Given:
        """Return a copy with fields replaced."""
        return replace(self, **changes)


def told(check: str, cells: Cells, label: str) -> list[Finding]:
    """Return what is told of rows without a label, without a facet, and of groups of few rows."""
    import numpy as np

    from assay.methods.mitigation.grouping import FEW, MISSING

    out = []
    left = int((~cells.labelled).sum())
    if left:
        said = f"{left:,} rows have no {label}, and are left as they are."
        out.append(Finding(f"{check}.unlabelled", Severity.LOW, said, {"column": label}, count=left))
    sizes = np.bincount(cells.groups[cells.groups >= 0], minlength=len(cells.grouping.names))
    for name, rows in zip(cells.grouping.names, sizes.tolist(), strict=True):
        where = {"facet": cells.grouping.shown, "group": name}
        if MISSING in name:
            said = f"{rows:,} rows lack {cells.grouping.shown}, and are a group of their own: {name}."
            out.append(Finding(f"{check}.missing_facet", Severity.LOW, said, where, count=rows))
        if 0 < rows < FEW:
            said = f"{cells.grouping.shown} = {name} is {rows} rows, too few to say what is made of them."
            remedy = "join it with another group, or leave it out of what is treated"
            out.append(Finding(f"{check}.small_group", Severity.LOW, said, where, remedy, count=rows))
    return out


def trade(
    check: str,
    table: Table,
    cells: Cells,
    label: str,
    work: Work,
    *,
    hide: Sequence[str],
    treated: Callable[[Given, float], Given],
    gap: str = GAP,
) -> Told:
    """Return the trade of a treatment at each strength, as metrics, findings and a chart; or why there is none."""
    from assay.engines import trade as engine
    from assay.methods.mitigation.features import Encoder

    why = ""
    if len(cells.classes) != 2:
        why = "the outcome has several classes, and none was named good"
    elif int(cells.labelled.sum()) < engine.LEAST:
        why = f"there are fewer than {engine.LEAST} rows with a label"
    names = [c.name for c in table.columns if c.name != label and c.name not in hide]
    if not names and not why:
        why = "there is no column to learn from"
    if why:
        return engine.Told([Metric("balanced_accuracy", None, reason=why)])
    learn, ask = engine.halves(work, cells.labelled & (cells.groups >= 0))
    data = table.arrow(list(dict.fromkeys([*names, *cells.grouping.facets])))
    own = replace(cells, groups=cells.groups[learn], labels=cells.labels[learn])
    base = Given(learn, engine.taken(data, learn), own, engine.taken(data, ask), cells.groups[ask])
    shown = Encoder.learnt(base.table, names)

    def prepare(strength: float) -> engine.Prepared:
        given = treated(base, strength)
        same = given.table is base.table
        encoder = (
            shown
            if same
            else Encoder.learnt(given.table, [n for n in names if n in given.table.column_names])
        )
        yes = given.cells.labels == 1
        return engine.Prepared(
            encoder, encoder.matrix(given.table), yes, given.weights, encoder.matrix(given.asked)
        )

    points = engine.measured(work, prepare, cells.labels[ask] == 1, cells.groups[ask])
    out = engine.told(check, points, gap, HELD)
    out.metrics += [
        Metric("rows_learnt_from", len(learn), unit="rows"),
        Metric("rows_held_out", len(ask), unit="rows"),
    ]
    plain = [p.values["balanced_accuracy"] for p in points if p.untreated]
    if max(plain) > _GIVEN_AWAY:
        said = f"Untreated, a reference learner is right in nearly every row held out: a column gives {label} away, and the trade says nothing."
        remedy = "find it with data.leakage, and hide or drop it"
        out.findings.append(Finding(f"{check}.given_away", Severity.MEDIUM, said, {}, remedy))
    if shown.left:
        said = (
            f"The reference learners are not shown {', '.join(n for n, _ in shown.left)}: {shown.left[0][1]}."
        )
        out.findings.append(Finding(f"{check}.not_learnt", Severity.INFO, said))
    return out
