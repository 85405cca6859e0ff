"""Two models asked about the same rows: whether they answer alike, and the first row on which they do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.works.bench import Bench

MOST_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Asked:
    """within: whether answers and scores agree within the tolerance. where: the first row where they do not, from 1."""

    within: bool
    said: str
    gap: float
    where: Mapping[str, Any]


def asked(bench: Bench, was: Asset, now: Asset, rows: pa.Table, label: str | None, tolerance: float) -> Asked:
    """Ask both about the first MOST_ROWS rows. Numbers and scores must lie within the tolerance on every row, and the
    share of rows with another class must be no more than it."""
    from assay.methods.predictions import answers

    some = rows.slice(0, MOST_ROWS)
    told = []
    for asset in (was, now):
        with bench.opened(asset, "model") as model:
            told.append(answers(model, some, label))
    return judged(told[0], told[1], tolerance)


def judged(was: tuple[Any, Any], now: tuple[Any, Any], tolerance: float) -> Asked:
    """Judge the answers, and the scores or None, of two models about the same rows."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.listed import listed
    from assay.methods.parting.first import gaps

    said, scores = (was[0], now[0]), (was[1], now[1])
    count = len(said[0])
    one, other = (c.combine_chunks() if hasattr(c, "combine_chunks") else c for c in said)
    if (scores[0] is None) != (scores[1] is None) or (
        scores[0] is not None and scores[0].column_names != scores[1].column_names
    ):
        return Asked(False, "it gives other scores than it gave", float("inf"), {})
    numbers = scores[0] is None and all(pa.types.is_floating(c.type) for c in (one, other))
    gap = np.zeros(count)
    if scores[0] is not None:
        for name in scores[0].column_names:
            a, b = (np.asarray(s.column(name).to_numpy(), dtype=float) for s in scores)
            gap = np.maximum(gap, gaps(a, b))
    elif numbers:
        gap = gaps(one.to_numpy(zero_copy_only=False), other.to_numpy(zero_copy_only=False))
    texts = [np.array([repr(v) for v in listed(c)], dtype=object) for c in (one, other)]
    other_class = np.zeros(count, dtype=bool) if numbers else texts[0] != texts[1]
    apart = (gap > tolerance) | other_class
    share = float(other_class.mean()) if count else 0.0
    largest = float(gap.max(initial=0.0))
    within = largest <= tolerance and share <= tolerance
    where: dict[str, Any] = {}
    if apart.any():
        at = int(np.flatnonzero(apart)[0])
        where = {
            "row": at + 1,
            "before": str(listed(one[at : at + 1])[0])[:80],
            "after": str(listed(other[at : at + 1])[0])[:80],
        }
    shown = f"asked about {count:,} rows, "
    if not apart.any() and not largest:
        return Asked(True, f"its bytes are others; {shown}it answers as it did", 0.0, {})
    what = "answers" if numbers else "scores"
    parts = [f"{int(other_class.sum()):,} get another answer"] if not numbers else []
    parts += [f"{what} differ by up to {largest:.2g}"] if largest else []
    return Asked(within, shown + " and ".join(parts), max(largest, share), where)
