"""Which group each row is of, learnt from one table and told alike of any other; a missing facet is a group of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods import facets
from assay.methods.values import spelled

MISSING = "(missing)"
MOST = 200  # groups
FEW = 30  # rows under which a group is told as small

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups that facets make. names: of each group, in the order of its code. cuts: where facets of numbers are cut.

    A group of one facet is called by its value, and of several by each: ``sex=Female & race=Black``.
    """

    facets: tuple[str, ...]
    names: tuple[str, ...]
    cuts: Mapping[str, tuple[float, ...]]

    @classmethod
    def learnt(cls, table: pa.Table, names: Sequence[str]) -> Grouping:
        """Return the groups that lie in a table; UsageError where there are more than MOST, or one alone."""
        wanted = tuple(dict.fromkeys(names))
        cuts = {n: at for n in wanted if (at := facets.cuts(_column(table, n)))}
        told = _told(table, wanted, cuts)
        found: list[str] = sorted(set(told.tolist()))
        if len(found) > MOST:
            raise UsageError(
                f"{', '.join(wanted)} make {len(found):,} groups, and {MOST} are the most",
                remedy="name fewer facets, or one with fewer values",
            )
        if len(found) < 2:
            raise UsageError(
                f"every row of {', '.join(wanted)} is of one group, so that there is nobody to compare with",
                remedy="name another facet",
            )
        return cls(wanted, tuple(found), cuts)

    def codes(self, table: pa.Table) -> Codes:
        """Return the place of each row's group, -1 for one that was not there when this was learnt."""
        told = _told(table, self.facets, self.cuts)
        place = {name: at for at, name in enumerate(self.names)}
        held, inverse = np.unique(told, return_inverse=True)
        found: Codes = np.array([place.get(str(n), -1) for n in held], dtype=np.int64)[inverse]
        return found

    @property
    def shown(self) -> str:
        """Return the facets in words."""
        return " & ".join(self.facets)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        cuts = {name: list(at) for name, at in self.cuts.items()}
        return {"facets": list(self.facets), "names": list(self.names), "cuts": cuts}

    @classmethod
    def from_json(cls, raw: Any) -> Grouping:
        """Read what to_json wrote; ValueError where it is none."""
        try:
            names, wanted = tuple(map(_text, raw["names"])), tuple(map(_text, raw["facets"]))
            cuts = {_text(k): tuple(map(float, v)) for k, v in raw["cuts"].items()}
        except (KeyError, TypeError, AttributeError):
            raise ValueError("its groups cannot be read") from None
        if not wanted or not 1 < len(names) <= MOST or not all(np.isfinite(c).all() for c in cuts.values()):
            raise ValueError("its groups cannot be read")
        return cls(wanted, names, cuts)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise Missing(f"there is no column {name!r}", remedy="name a facet that the table has")
    return facets.plain(table.column(name), name)


def _told(table: pa.Table, names: Sequence[str], cuts: Mapping[str, tuple[float, ...]]) -> Any:
    """Return the name of each row's group."""
    parts = []
    for name in names:
        column = _column(table, name)
        there = facets.present(column)
        if name in cuts:
            own, at = _between(column, cuts[name], name)
        else:
            at, held = facets.coded(column)
            own = [spelled(v) or MISSING for v in held.to_pylist()]
        labels = np.array([*own, MISSING], dtype=object)
        parts.append(labels[np.where(there, at, len(own))])
    if len(parts) == 1:
        return parts[0]
    said = [np.array([f"{n}={v}" for v in part], dtype=object) for n, part in zip(names, parts, strict=True)]
    out = said[0]
    for more in said[1:]:
        out = out + " & " + more
    return out


def _between(column: pa.ChunkedArray, at: Sequence[float], name: str) -> tuple[list[str], Codes]:
    if not facets.is_number(column):
        raise BadInput(f"{name} holds no numbers, and was cut as numbers when this was learnt", where=name)
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    said = [spelled(c) for c in at]
    between = [f"({x}, {y}]" for x, y in pairwise(said)]
    own = [f"<= {said[0]}", *between, f"> {said[-1]}"]
    return own, np.searchsorted(np.asarray(at), numbers, side="left")


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows by group and by label. groups, labels: codes from 0; a row whose label is missing has the label -1."""

    grouping: Grouping
    groups: Codes
    labels: Codes
    classes: tuple[str, ...]

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Return which rows have a label."""
        return self.labels >= 0

    def counts(self, weights: Any = None) -> NDArray[np.float64]:
        """Return how many rows, or how much weight, each cell has: groups × classes."""
        rows = self.labelled & (self.groups >= 0)
        shape = len(self.grouping.names), len(self.classes)
        at = np.ravel_multi_index((self.groups[rows], self.labels[rows]), shape)
        held = None if weights is None else weights[rows]
        return np.bincount(at, held, minlength=shape[0] * shape[1]).astype(float).reshape(shape)


def cells(table: pa.Table, label: str, positive: Sequence[str], names: Iterable[str]) -> Cells:
    """Return the cells of a table: the good outcome against the rest where it is named, else each class.

    UsageError where the label has one class only, or more than fifty.
    """
    from assay.methods import outcomes

    grouping = Grouping.learnt(table, tuple(names))
    column = _column(table, label)
    there = facets.present(column)
    if positive:
        yes = facets.matches(column, positive)
        facets.named(column, positive, label)
        if not (there & ~yes).any():
            raise UsageError(
                f"every row of {label} is {', '.join(positive)}", remedy="name the good outcome alone"
            )
        labels = np.where(there, yes.astype(np.int64), -1)
        classes: tuple[str, ...] = ("others", ", ".join(map(str, positive)))
    else:
        held = outcomes.distinct(column)
        if not 2 <= len(held) <= 50:
            raise UsageError(
                f"{label} has {len(held)} values, and 2 to 50 are classes",
                remedy="name the good ones: --positive VALUE",
            )
        classes = tuple(spelled(v) for v in held)
        codes, values = facets.coded(column)
        place = np.array(
            [*(classes.index(s) if (s := spelled(v)) in classes else -1 for v in values.to_pylist()), -1]
        )
        labels = np.where(there, place[codes], -1)
    return Cells(grouping, grouping.codes(table), labels, classes)
