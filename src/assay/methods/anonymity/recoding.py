"""What a part's rows are called in one column, and how much that says less than the values did.

Normalised certainty penalty of a cell (Xu et al. 2006): of numbers the part's range over the column's, of categories the
values its name stands for, less one, over all values less one. 0 says all, 1 nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from assay.methods.anonymity.classes import Ints
from assay.methods.anonymity.mondrian import Floats

ROOT = "*"
MOST_NAMED = 12  # categories named one by one; of more the cell is ``*``
Shown = Literal["range", "mean", "median"]


@dataclass(frozen=True)
class Axis:
    """A quasi-identifier: each row's value as a number, and the values in the order in which they lie together.

    values: ascending numbers or dates, or texts; a missing value is the first. places: 0 to 1, by which a part's width is
    judged. tree: a text's groups, nearest first.
    """

    name: str
    codes: Ints
    values: list[Any]
    places: Floats
    numeric: bool
    tree: Mapping[str, tuple[str, ...]] | None = None

    @classmethod
    def of(
        cls,
        name: str,
        codes: Ints,
        values: list[Any],
        numeric: bool,
        tree: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Axis:
        """Make an axis of values in any order."""
        if tree is not None:
            order = sorted(range(len(values)), key=lambda i: (values[i] is not None, _path(values[i], tree)))
        else:
            order = sorted(
                range(len(values)),
                key=lambda i: (values[i] is not None, values[i] if values[i] is not None else 0),
            )
        place = np.empty(len(values), np.int64)
        place[order] = np.arange(len(values))
        ordered = [values[i] for i in order]
        return cls(name, place[codes], ordered, _places(ordered, numeric), numeric, tree)


def _path(value: Any, tree: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return () if value is None else (*tree[str(value)][::-1], str(value))


def _number(value: Any) -> float:
    if hasattr(value, "timestamp"):  # without a zone in UTC, whatever the zone of this machine
        return float((value if value.tzinfo else value.replace(tzinfo=dt.UTC)).timestamp())
    return float(value.toordinal()) if hasattr(value, "toordinal") else float(value)


def _places(values: Sequence[Any], numeric: bool) -> Floats:
    if not numeric:
        return np.linspace(0, 1, len(values)) if len(values) > 1 else np.zeros(len(values))
    known = np.array([_number(v) for v in values if v is not None])
    widest = np.finfo(float).max / 4  # infinity lies as far out as can be measured
    known = np.clip(known, -widest, widest)
    missing = len(values) - len(known)
    span = known[-1] - known[0] if len(known) else 0.0
    inside = (known - known[0]) / span if span > 0 else np.zeros(len(known))
    return np.concatenate([np.zeros(missing), inside])


def recoded(axis: Axis, parts: Ints, shown: Shown) -> tuple[pa.Array, Floats]:
    """Return what each part is called in this column, and its penalty."""
    count = int(parts.max(initial=-1)) + 1
    order = np.lexsort((axis.codes, parts))
    starts = np.searchsorted(parts[order], np.arange(count + 1))
    names: list[Any] = []
    penalty = np.zeros(count)
    for part in range(count):
        held = axis.codes[order[starts[part] : starts[part + 1]]]
        kinds = np.unique(held)
        names.append(_called(axis, kinds, held, shown))
        penalty[part] = _penalty(axis, kinds)
    plain = axis.numeric and shown != "range"
    return pa.array(names, pa.float64() if plain else pa.string()), penalty


def _called(axis: Axis, kinds: Ints, held: Ints, shown: Shown) -> Any:
    values = [axis.values[i] for i in kinds.tolist()]
    known = [v for v in values if v is not None]
    if axis.numeric and shown != "range":
        numbers = np.array([_number(axis.values[i]) for i in held.tolist() if axis.values[i] is not None])
        return _middle(numbers, shown)
    if not known:
        return None
    if len(known) == 1:
        text = str(known[0])
    elif axis.numeric:
        text = f"[{known[0]}, {known[-1]}]"
    elif axis.tree is not None:
        text = _ancestor(known, axis.tree)
    else:
        text = "{" + ", ".join(map(str, known)) + "}" if len(known) <= MOST_NAMED else ROOT
    return f"{text} or missing" if len(known) < len(values) and text != ROOT else text


def _middle(numbers: Floats, shown: Shown) -> float | None:
    """Return the mean or median; None where there is none, as between infinities that face each other."""
    if not len(numbers):
        return None
    most = float(np.abs(numbers).max())
    scale = most if 1e300 < most < np.inf else 1.0  # sums of more would overflow
    with np.errstate(invalid="ignore"):
        found = float(np.mean(numbers / scale) if shown == "mean" else np.median(numbers / scale)) * scale
    return None if np.isnan(found) else found


def _ancestor(values: Sequence[Any], tree: Mapping[str, tuple[str, ...]]) -> str:
    paths = [tree[str(v)] for v in values]
    found: str = next(level[0] for level in zip(*paths, strict=True) if len(set(level)) == 1)
    return found


def _penalty(axis: Axis, kinds: Ints) -> float:
    if axis.numeric:
        known = kinds[[axis.values[i] is not None for i in kinds.tolist()]]
        return float(axis.places[known[-1]] - axis.places[known[0]]) if len(known) else 0.0
    total = len(axis.values)
    if len(kinds) == 1 or total < 2:
        return 0.0
    if axis.tree is not None:
        known_ = [axis.values[i] for i in kinds.tolist() if axis.values[i] is not None]
        group = _ancestor(known_, axis.tree) if len(known_) > 1 else ""
        size = sum(group in axis.tree[str(v)] for v in axis.values if v is not None) if group else 1
        return (max(size, len(kinds)) - 1) / (total - 1)
    return 1.0 if len(kinds) > MOST_NAMED else (len(kinds) - 1) / (total - 1)


def discernibility(sizes: Ints, suppressed: int, rows: int) -> float:
    """Return Σ |class|² + suppressed rows times all rows (Bayardo and Agrawal 2005): rows that cannot be told apart."""
    return float(np.sum(sizes.astype(np.float64) ** 2)) + float(suppressed) * rows


def average_class(sizes: Ints, k: int) -> float:
    """Return the mean class size over k: 1 is the best there is (LeFevre et al. 2006)."""
    return float(sizes.mean()) / k if len(sizes) else 0.0
