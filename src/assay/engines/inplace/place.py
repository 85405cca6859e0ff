"""A table where it lies, opened to be changed: nothing is seen of a change before it is committed, and then all of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of
from assay.kernel.errors import BadInput, UsageError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Edits:
    """Cells to be changed: a table of row (from 1), column, old and new (as text), in the order of rows.

    adds: columns to be added first, each with its type in Assay's words (boolean, false in every row; text, null).
    """

    changes: pa.Table
    adds: Sequence[tuple[str, str]] = ()

    def by_row(self) -> dict[int, dict[str, tuple[str | None, str | None]]]:
        """Return row (from 1) → column → (old, new)."""
        out: dict[int, dict[str, tuple[str | None, str | None]]] = {}
        columns = (self.changes.column(n).to_pylist() for n in ("row", "column", "old", "new"))
        for row, column, old, new in zip(*columns, strict=True):
            out.setdefault(row, {})[column] = (old, new)
        return out

    def columns(self) -> list[str]:
        """Return the columns that are changed."""
        return sorted(set(self.changes.column("column").to_pylist()))


@dataclass(frozen=True)
class Undo:
    """What takes a change back. before, after: digests of the table. rows: the hash of each changed row as it is now, and
    what its cells held, as text, null for null. adds: the columns that were added. Files have no rows: they are kept whole.
    """

    before: str
    after: str
    rows: Sequence[tuple[str, Mapping[str, Any]]] = ()
    adds: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        rows = [[h, dict(old)] for h, old in self.rows]
        return {
            "before": self.before,
            "after": self.after,
            "rows": rows,
            "adds": [list(a) for a in self.adds],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Undo:
        """Read what to_dict wrote."""
        rows = [(str(h), dict(old)) for h, old in raw.get("rows", ())]
        adds = [(str(n), str(k)) for n, k in raw.get("adds", ())]
        return cls(str(raw["before"]), str(raw["after"]), rows, adds)


class Place(ABC):
    """One table, opened for one change. A context manager: leaving it without ``commit`` leaves the table as it was."""

    uri: str

    @abstractmethod
    def subject(self) -> Asset:
        """Return the table as an asset that can be opened and read, as it is in this transaction."""

    def narrowed(self, reads: Callable[[Sequence[str]], Sequence[str] | None]) -> Asset:
        """Return the table, or a part of it that holds the columns which ``reads`` names of all; None stands for all."""
        return self.subject()

    def left_behind(self) -> int:
        """Return how many other names (hard links) of its file keep what it was, as another file takes its place; once it is changed."""
        return 0

    @abstractmethod
    def digest(self) -> str:
        """Return the digest of its content as it is in this transaction: of a file its bytes', of a table its rows' in any order."""

    @abstractmethod
    def change(self, edits: Edits) -> Undo:
        """Make the edits ready to be committed, and return what takes them back; UsageError where it changed meanwhile."""

    @abstractmethod
    def restore(self, undo: Undo, original: Path | None) -> None:
        """Make ready what takes a change back; UsageError where the table is no longer as the change left it."""

    @abstractmethod
    def commit(self) -> None:
        """Let it be seen, all of it at once."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it; what was not committed is gone."""

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def changed_since(where: str) -> UsageError:
    """Return the error of an undo that comes too late."""
    return UsageError(
        "the table has changed since it was repaired, and taking the repair back would lose that",
        where=where,
        remedy="repair it again, or put the version back that the repair left",
    )


def not_restored(where: str) -> BadInput:
    """Return the error of an undo whose result is not the table that it was: it is rolled back."""
    return BadInput("the table cannot be brought back to what it was, so nothing was changed", where=where)


def changed_meanwhile(where: str) -> UsageError:
    """Return the error of a table that somebody else wrote to."""
    return UsageError(
        "somebody else changed the table meanwhile, so nothing was changed",
        where=where,
        remedy="run it again",
    )


def content_digest(columns: Sequence[str], hashes: Sequence[str]) -> str:
    """Return the digest of a table's rows in any order, from a hash of each."""
    import hashlib

    rows = hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()
    return digest_of({"columns": list(columns), "count": len(hashes), "rows": rows})


def matched(undo: Undo, ids: Sequence[Any], hashes: Sequence[str]) -> list[tuple[Any, Mapping[str, Any]]]:
    """Return each row that is to be restored by the id it has now; rows that are alike in every cell are taken in their order."""
    wanted = {h for h, _ in undo.rows}
    held: dict[str, list[Any]] = {}
    for id_, hash_ in zip(reversed(ids), reversed(hashes), strict=True):
        if hash_ in wanted:
            held.setdefault(hash_, []).append(id_)
    return [(held[h].pop(), old) for h, old in undo.rows]
