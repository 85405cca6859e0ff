"""Rules of one row: those that break one by themselves are kept out."""

from __future__ import annotations

from pathlib import Path

from assay.engines.gate.asked import asked_of, examined, told
from assay.engines.gate.batch import PLACE, Sorter, without
from assay.methods.quality.hold import hold
from assay.methods.quality.question import Rowwise


def keep_single(batch: Path, to: Sorter) -> Path | None:
    """Keep out the rows that break a rule by themselves."""
    import numpy as np
    import pyarrow.parquet as pq

    from assay.methods.repair.mending import truths

    out: set[int] = set()
    numbers = pq.read_table(batch, columns=[PLACE])[PLACE].to_numpy()
    if to.rules.holds:
        at = 0
        with pq.ParquetFile(batch) as opened:
            for part in opened.iter_batches(batch_size=65_536):
                for name, expression in to.rules.holds:
                    for row in np.flatnonzero(~truths(expression, part, unknown=True)):
                        place = int(numbers[at + int(row)])
                        out.add(place)
                        to.keep_out(place, name, f"it is expected that {expression.text}")
                at += part.num_rows
    with asked_of(batch, to, lambda q: isinstance(q, Rowwise)) as (asking, context, asked):
        outcomes = hold(asked, context, asking.rows, lambda *_: None)
        for (rule, _), outcome in zip(asked, outcomes, strict=True):
            examined(rule, outcome)
        out |= told(asked, outcomes, asking, context, numbers, 0, to)
    return without(batch, out, to)
