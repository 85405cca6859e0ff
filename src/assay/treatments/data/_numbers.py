"""What treatments that rewrite columns by group share: which columns, what was learnt read again, and what is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.handles import Table, Tree, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Fitted

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.kernel.asset import Asset
    from assay.methods.mitigation.grouping import Grouping

NUMBERS = ("integer", "number", "boolean")
LARGEST = 64 << 20


def chosen(table: Table, columns: Sequence[str], left: Sequence[str]) -> list[str]:
    """Return the columns of numbers to rewrite: those named, or all but those left out."""
    kinds = {c.name: c.type for c in table.columns}
    for name in columns:
        if kinds.get(name) not in NUMBERS:
            raise UsageError(f"{name} holds no numbers", remedy="leave it out, or encode it first")
        if name in left:
            raise UsageError(f"{name} is the label or a facet", remedy="leave it out")
    found = list(columns) or [n for n, k in kinds.items() if k in ("integer", "number") and n not in left]
    if not found:
        raise UsageError("there is no column of numbers to rewrite", where=table.asset.name)
    return found


def named(facet: Sequence[str]) -> None:
    """Missing where no facet was named, and nothing was fitted before that names one."""
    if not facet:
        raise Missing("which column tells groups apart?", remedy="say --facet COLUMN, or --fitted FILE")


def read(tree: Tree, name: str) -> Mapping[str, Any]:
    """Return what an earlier treatment of this name learnt; BadInput where it is none."""
    if not tree.root.is_file() or tree.root.stat().st_size > LARGEST:
        raise BadInput("what was fitted is one file of at most 64 MB", where=tree.asset.name)
    try:
        return Fitted.from_bytes(tree.root.read_bytes(), name).learnt
    except (ValueError, RecursionError) as error:
        raise BadInput(f"this cannot be applied: {error}", where=tree.asset.name) from None


def lacking(table: Table, names: Sequence[str]) -> None:
    """Missing where the table lacks a column that was fitted on."""
    have = {c.name for c in table.columns}
    lost = [n for n in names if n not in have]
    if lost:
        raise Missing(f"there is no column {lost[0]!r}, which was fitted on", where=table.asset.name)


def written(table: Table, work: Work, changed: Mapping[str, Any], dropped: Sequence[str]) -> Asset:
    """Store the table with some columns changed, and some left out. changed: name → an Arrow array of all rows."""
    from assay.engines.rewrite import rewrite

    names = [c.name for c in table.columns if c.name not in dropped]

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        import pyarrow as pa

        held = {
            n: changed[n].slice(first, batch.num_rows) if n in changed else batch.column(n) for n in names
        }
        return pa.RecordBatch.from_pydict(held)

    return rewrite(table, work, "out", change, names)


def apart(
    name: str, before: Any, after: Any, codes: Any, grouping: Grouping, columns: Sequence[str]
) -> list[Metric]:
    """Return how far apart the groups' distributions of each column were and are, and how far its values moved.

    ``ks``: the widest Kolmogorov-Smirnov distance of a group and the others. ``moved``: mean |x' - x| in standard deviations.
    """
    import numpy as np

    out = []
    for at, column in enumerate(columns):
        of = {"column": column}
        for word, values in (("ks_before", before[:, at]), ("ks", after[:, at])):
            out.append(Metric.number(word, _ks(values, codes, len(grouping.names)), of=of))
        known = np.isfinite(before[:, at])
        spread = float(before[known, at].std()) if known.any() else 0.0
        moved = float(np.abs(after[known, at] - before[known, at]).mean()) / spread if spread else 0.0
        out.append(Metric.number("moved", moved, of=of))
    return out


def _ks(values: Any, codes: Any, many: int) -> float:
    import numpy as np

    found = []
    for group in range(many):
        own = np.sort(values[(codes == group) & np.isfinite(values)])
        rest = np.sort(values[(codes != group) & (codes >= 0) & np.isfinite(values)])
        if len(own) >= 30 and len(rest) >= 30:
            at = np.concatenate([own, rest])
            p, q = (np.searchsorted(x, at, side="right") / len(x) for x in (own, rest))
            found.append(float(np.abs(p - q).max()))
    return max(found, default=math.nan)


def whose(check: str, grouping: Grouping, codes: Any, kept: Callable[[int], bool]) -> list[Finding]:
    """Return what is told of missing, small and unknown groups. kept: whether a group of this code is rewritten."""
    import numpy as np

    from assay.methods.mitigation.grouping import MISSING

    out = []
    sizes = np.bincount(codes[codes >= 0], minlength=len(grouping.names)).tolist()
    for at, (name, rows) in enumerate(zip(grouping.names, sizes, strict=True)):
        where = {"facet": grouping.shown, "group": name}
        if MISSING in name and rows:
            said = f"{rows:,} rows lack {grouping.shown}, and are a group of their own: {name}."
            out.append(Finding(f"{check}.missing_facet", Severity.LOW, said, where, count=rows))
        if not kept(at):
            said = f"{grouping.shown} = {name} had too few rows to be learnt of, and stays as it is."
            out.append(
                Finding(f"{check}.small_group", Severity.LOW, said, where, "join it with another group")
            )
    strange = int((codes < 0).sum())
    lacking = sum(n for name, n in zip(grouping.names, sizes, strict=True) if MISSING in name)
    if len(codes) and strange + lacking == len(codes):
        said = f"No row has a {grouping.shown} that was there when this was learnt, so that the groups are not brought together."
        remedy = "look at whether the column holds what it held then"
        out.append(Finding(f"{check}.no_group", Severity.HIGH, said, {"facet": grouping.shown}, remedy))
    if strange:
        said = f"{strange:,} rows are of no group that was there when this was learnt, and stay as they are."
        out.append(Finding(f"{check}.unknown_group", Severity.MEDIUM, said, {}, "fit anew", count=strange))
    return out


def beside(check: str, facet: Sequence[str], kept: bool) -> list[Finding]:
    """Say that the facet still stands in the table, and what is learnt with it undoes this."""
    if not kept:
        return []
    said = f"{', '.join(facet)} is still a column, so that groups can be compared: a model must not be shown it, or learns it back."
    return [
        Finding(
            f"{check}.facet_kept", Severity.INFO, said, {}, "leave it out of training, or say --no-keep-facet"
        )
    ]
