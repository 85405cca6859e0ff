"""What a table's columns tell of the label, each alone: lost where a label was shuffled, too much where it leaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from assay.methods.giveaway import Target, folds, strength
from assay.methods.parting.columns import Held
from assay.methods.parting.parting import Parting

if TYPE_CHECKING:
    from numpy.random import Generator

TOO_MUCH = 0.9  # of the strength: the column tells the label almost by itself
_MORE = 0.3  # stronger than before, or than any column was
_KEPT = 0.34  # of what the strongest column told must be left
_TELLS = 0.15  # a column that tells so much tells something
_ROWS = 50_000
_MOST_CLASSES = 50


def strengths(table: Mapping[str, Held], label: str, rng: Generator) -> dict[str, float] | None:
    """Return how well each column alone tells the label; None where the label has one value, or too many texts."""
    if label not in table:
        return None
    target = table[label]
    rows = len(target.array)
    some = np.arange(rows) if rows <= _ROWS else np.sort(rng.choice(rows, _ROWS, replace=False))
    some = some[target.codes[0][some] >= 0]
    if len(some) < 30:
        return None
    _, codes = np.unique(target.codes[0][some], return_inverse=True)
    distinct = int(codes.max()) + 1
    if distinct < 2 or (not target.numeric and distinct > _MOST_CLASSES):
        return None
    wanted = Target.of(codes.astype(np.int64), distinct, target.floats[some] if target.numeric else None)
    fold = folds(len(some), rng)
    out = {}
    for name, column in table.items():
        if name != label:
            places, numbers = column.codes[0][some], column.floats[some] if column.numeric else None
            out[name] = strength(places, numbers, wanted, fold)
    return out


def told(old: Mapping[str, float], new: Mapping[str, float], label: str) -> Iterator[Parting]:
    """Give the columns that tell the label too much, and whether what told it tells it no more."""
    best = max(old.values(), default=0.0)
    for name, found in sorted(new.items(), key=lambda kv: -kv[1]):
        before = old.get(name)
        # one that is new is news beside others that give it away, which what trains may well leave out
        known = 0.0 if before is None and best >= TOO_MUCH else best if before is None else before
        if found >= TOO_MUCH and found - known >= _MORE / 3:
            was = "it was not there before" if before is None else f"before: {before:.2f}"
            said = f"`{name}` gives `{label}` away: alone it tells it with strength {found:.2f} of 1 ({was})"
            yield Parting("giveaway", name, said, found, before, found)
    now = max(new.values(), default=0.0)
    if best >= _TELLS and now < _KEPT * best:
        column = max(old, key=lambda n: old[n])
        said = (
            f"no column tells `{label}` any more: `{column}` told it with strength {best:.2f} of 1, "
            f"now {new.get(column, 0.0):.2f}"
        )
        yield Parting("association", label, said, best - now, best, now, label=True)
