"""From a table to its profile: every column at once where it fits, counted where it lies where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.kernel.handles import Table, Work

if TYPE_CHECKING:
    from assay.methods.profile.whole import Profile

CELLS = 8_000_000  # cells brought into memory at once
LARGE = 20_000_000  # rows from which a column no longer fits in memory with its codes
WORDY = 4_000_000  # distinct texts of one column that are held: with their codes they fill 1 GB


def profile(table: Table, work: Work, most: int, large: int = LARGE, wordy: int = WORDY) -> Profile:
    """Return a table's profile. most: how many columns are correlated.

    large, wordy: rows, or distinct texts of a column, from which columns are counted.
    """
    if table.rows > large or (table.rows > wordy and _wordy(table, wordy)):
        from assay.checks.data.profile.large import profile as counted

        return counted(table, work, most)
    from assay.methods.profile.codes import encode
    from assay.methods.profile.whole import Gathering

    gathering = Gathering(table.rows, most)
    stored = {c.name: c.type for c in table.columns}
    names = list(stored)
    step = max(1, min(250, CELLS // max(1, table.rows)))
    for at in range(0, len(names), step):
        work.progress(at, len(names), "columns")
        part = table.arrow(names[at : at + step])
        for name in names[at : at + step]:
            gathering.take(name, stored[name], encode(part.column(name)))
        del part
    work.progress(len(names), len(names), "columns")
    return gathering.finish()


def _wordy(table: Table, most: int) -> bool:
    """Whether some column has more distinct texts than ``most``, or than fit in a gigabyte."""
    return any(c.type == "text" and table.counts([c.name], most) is None for c in table.columns)
