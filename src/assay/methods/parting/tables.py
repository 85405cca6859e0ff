"""Two tables held against one another: all that parts them, what matters most first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from assay.methods.drift.compare import compare
from assay.methods.parting.alignment import Alignment, align
from assay.methods.parting.columns import Held, columns, most_common, shown
from assay.methods.parting.parting import Kind, Parting
from assay.methods.parting.telling import strengths, told
from assay.methods.parting.values import became

if TYPE_CHECKING:
    import pyarrow as pa

ALPHA = 1e-4  # shared by all columns: two samples of one population are not to be told apart
_ROWS = 0.02  # of the rows
_MISSING = 0.05
_SHIFT = 0.05  # of the label's shares


def parted(old: pa.Table, new: pa.Table, label: str = "", *, seed: int = 0) -> list[Parting]:
    """Return where the new table parts from the old one; nothing where they are alike, row for row or as samples.

    label: the column that is learnt, which counts for more. Rows are held against one another where a key or their
    place says which belong together; else distributions are compared: by effect (PSI, KS) and chance, alpha shared
    by the columns.
    """
    a, b = columns(old), columns(new)
    rows = align(a, b, (old.num_rows, new.num_rows))
    found = list(_shape(old, new, rows)) if old.num_rows or new.num_rows else []
    shared = [n for n in b if n in a]
    for name in shared:
        found += _column(a[name], b[name], rows, name == label, len(shared))
    if label:
        rng = np.random.default_rng(seed)
        was, now = strengths(a, label, rng), strengths(b, label, rng)
        if was is not None and now is not None:
            found += list(told(was, now, label))
    return sorted(found, key=lambda p: p.rank)


def _shape(old: pa.Table, new: pa.Table, rows: Alignment | None) -> Iterator[Parting]:
    n, m = old.num_rows, new.num_rows
    if abs(n - m) > _ROWS * max(n, m):
        lost = m < n
        share = abs(n - m) / max(n, 1)
        said = f"{abs(n - m):,} of {n:,} rows ({share:.0%}) are lost" if lost else f"{m - n:,} rows are new"
        by = {"key": rows.by, "removed": rows.removed, "added": rows.added} if rows and rows.by else {}
        yield Parting("rows", "", said, min(1.0, share), n, m, more=by)
    for name in old.column_names:
        if name not in new.column_names:
            yield Parting("column_removed", name, f"the column `{name}` is gone", 1.0)
    for name in new.column_names:
        if name not in old.column_names:
            yield Parting("column_added", name, f"the column `{name}` is new", 1.0)


def _column(old: Held, new: Held, rows: Alignment | None, label: bool, among: int) -> list[Parting]:
    out: list[Parting] = []
    name = new.name
    if rows is not None:
        one = became(old, new, rows, label=label)
        if one is not None:
            out.append(one)
    elif new.counted.distinct == 1 and old.counted.distinct > 1:
        mix = ", ".join(f"{v} in {s:.0%}" for v, s in list(most_common(old).items())[:3])
        said = f"`{name}` is {shown(new.counted.values[0])} in 100% of rows (before: {mix})"
        out.append(Parting("constant", name, said, 1.0, most_common(old), most_common(new), label))
    if new.type != old.type and new.narrower(old) and not out:
        out.append(
            Parting(
                "type", name, f"`{name}` is {new.type}, and was {old.type}", 0.5, old.type, new.type, label
            )
        )
    if not out:
        out += _distribution(old, new, label, among)
    return out


def _distribution(old: Held, new: Held, label: bool, among: int) -> list[Parting]:
    """Return what parts two columns as samples: more missing cells, one class less, another distribution."""
    name = new.name
    a, b = old.counted, new.counted
    gone = (b.missing / b.rows if b.rows else 0.0) - (a.missing / a.rows if a.rows else 0.0)
    if gone > _MISSING:
        said = f"`{name}` is missing in {b.missing / b.rows:.0%} of rows (before: {a.missing / a.rows:.0%})"
        return [Parting("missing", name, said, gone, label=label)]
    if old.numeric != new.numeric or not a.present or not b.present:
        return []
    if new.counted.distinct == 1 and old.counted.distinct > 1 and a.present >= 20:
        said = f"`{name}` is {shown(b.values[0])} in 100% of rows (before: {_mix(old)})"
        return [Parting("constant", name, said, 1.0, most_common(old), most_common(new), label)]
    found = compare(name, a, b)
    if found.kind == "category" and a.distinct > 0.5 * a.present:
        return []  # names and keys: each sample has its own
    p = found.p.get("distribution", 1.0)
    found.adjusted["distribution"] = min(1.0, p * max(1, among))
    shift = 0.0
    if label and a.distinct <= 20:
        was, now = most_common(old, 20), most_common(new, 20)
        shift = max(abs(was.get(v, 0.0) - now.get(v, 0.0)) for v in {*was, *now})
    if found.adjusted["distribution"] >= ALPHA or (found.size < 1 and shift < _SHIFT):
        return []
    said = f"`{name}` is distributed otherwise: {_mix(new)} (before: {_mix(old)})"
    if old.numeric and a.distinct > 20:
        x, y = old.floats, new.floats
        said = (
            f"`{name}` is distributed otherwise: mean {shown(float(y[np.isfinite(y)].mean()))} "
            f"(before: {shown(float(x[np.isfinite(x)].mean()))})"
        )
    kind: Kind = "label" if label else "distribution"
    return [Parting(kind, name, said, min(1.0, found.size / 10), most_common(old), most_common(new), label)]


def _mix(column: Held) -> str:
    return ", ".join(f"{v} in {s:.0%}" for v, s in list(most_common(column).items())[:3])
