"""Both tables' samples as one matrix, for the classifier that tries to tell them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.data.drift._columns import FEW, NUMBERS, Seen

if TYPE_CHECKING:
    from assay.methods.drift.telling import Told

FEW_CELLS = 4_000_000


def told(seen: Seen, work: Any) -> Told | None:
    """Return how well the tables are told apart by all columns but keys and times, or None where none is left."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from assay.engines.counting import plain_numbers
    from assay.methods.drift import telling

    names, sides, categorical = [], [], []
    for column in seen.columns:
        name = column.name
        old, new = seen.old.get(name), seen.new.get(name)
        if old is None or new is None or name in seen.keys or name in seen.times or not column.pair.n:
            continue
        if column.of == "length":
            pair = [np.asarray(pc.utf8_length(s.array).cast(pa.float64()), float) for s in (old, new)]
        elif old.type in NUMBERS and new.type in NUMBERS:
            pair = [plain_numbers(s.array) for s in (old, new)]
            pair = [np.where(np.isfinite(p), p, np.nan) for p in pair]
        elif old.type == new.type:
            pair = list(telling.codes(*(pc.cast(s.array, pa.string()) for s in (old, new))))
        else:
            continue
        names.append(name)
        sides.append(pair)
        categorical.append(old.type not in NUMBERS and column.of != "length")
    if not names or min(len(s) for s in sides[0]) < FEW:
        return None
    a, b = (np.column_stack([s[i] for s in sides]) for i in (0, 1))
    # Threads that wait for one another cost more than they bring while the matrix is small.
    threads = work.cores if a.size + b.size > FEW_CELLS else 1
    return telling.told(names, a, b, categorical, work.rng("drift/window"), threads)
