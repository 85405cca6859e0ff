"""A whole table's profile, gathered column by column; what is kept of each is bounded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from assay.methods.profile.codes import Encoded
from assay.methods.profile.column import describe
from assay.methods.profile.likeness import Alike, Bits, Probe, alike, missing_bits, missing_together, probe
from assay.methods.profile.pairs import Pair, associations
from assay.methods.profile.rows import RowKeys

HELD = 512 << 20  # bytes of codes kept for the correlations
EFFORT = 3_000_000_000  # rows times pairs that the correlations may take
PROBED = 400  # columns of which probes are kept
MOST_MISSING = 60  # columns whose missing cells are correlated with one another


@dataclass(frozen=True)
class Profile:
    """What is known of a table.

    columns: what methods.profile.column.describe says of each. duplicate_rows: rows that repeat an earlier one, and
    first_duplicates where the first of them lie, from 1. left_out: columns that were not correlated with others.
    pairs_of: the rows that pairs and likeness are of, where those are not all. notes: what is not exact, and why.
    """

    rows: int
    columns: dict[str, dict[str, Any]]
    pairs: tuple[Pair, ...] = ()
    alike: tuple[Alike, ...] = ()
    missing_together: tuple[tuple[str, str, float], ...] = ()
    duplicate_rows: int | None = 0
    first_duplicates: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()
    pairs_of: int = 0
    notes: tuple[str, ...] = ()


@dataclass
class Gathering:
    """What was seen of the columns so far. most: how many columns are correlated with one another."""

    rows: int
    most: int
    described: bool = True  # whether figures are wanted, or only how the columns go together
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    _order: list[str] = field(default_factory=list)
    _numbers: list[tuple[str, Encoded]] = field(default_factory=list)
    _categories: list[tuple[str, Encoded]] = field(default_factory=list)
    _probes: dict[str, Probe] = field(default_factory=dict)
    _missing: list[tuple[str, Bits]] = field(default_factory=list)
    _held: int = 0
    _keys: RowKeys | None = None

    def take(self, name: str, stored: str, column: Encoded, about: dict[str, Any] | None = None) -> None:
        """Take one more column. stored: its type in Assay's words. about: what is known of it already."""
        self._order.append(name)
        about = about if about is not None else describe(name, column, stored)
        self.columns[name] = about
        if self.described:
            self._keys = self._keys or RowKeys(self.rows)
            self._keys.add(column)
        if not self.rows:
            return
        if len(self._probes) < PROBED:
            self._probes[name] = probe(column)
        if 0 < column.missing < self.rows and len(self._missing) < MOST_MISSING:
            self._missing.append((name, missing_bits(column)))
        if about["kind"] == "numeric" or (about["kind"] == "boolean" and column.nature == "number"):
            self._keep(self._numbers, name, column)
        elif about["kind"] in ("categorical", "boolean"):
            self._keep(self._categories, name, column)

    def _keep(self, chosen: list[tuple[str, Encoded]], name: str, column: Encoded) -> None:
        count = len(self._numbers) + len(self._categories) + 1
        size = column.places.nbytes + (16 * column.distinct if column.nature != "text" else 0)
        too_much = count > 2 and count * (count - 1) // 2 * self.rows > EFFORT
        if count > self.most or self._held + size > HELD or too_much:
            self.left_out.append(name)
            return
        if (
            column.nature == "text" and column.distinct > 10_000
        ):  # its texts are needed only to tell it from others
            column = replace(column, values=None)
        chosen.append((name, column))
        self._held += size

    def finish(self) -> Profile:
        """Return the profile of what was taken."""
        found = associations(self._numbers, self._categories) if self.rows else []
        place = {n: i for i, n in enumerate(self._order)}
        duplicates: Any = self._keys.duplicates() if self._keys is not None else ()
        comparable = {n: c for n, c in (*self._numbers, *self._categories) if c.values is not None}
        return Profile(
            self.rows,
            self.columns,
            tuple(sorted(found, key=lambda p: (place[p.a], place[p.b], p.measure))),
            tuple(alike(self._probes, comparable)) if self.rows > 2 else (),
            tuple(missing_together(self._missing, self.rows)),
            len(duplicates),
            tuple(int(r) + 1 for r in duplicates[:10]),
            tuple(self.left_out),
        )
