"""A store that rows are appended to: what it holds, what it takes, and how clean and quarantined rows reach it together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RULES, REASONS, SOURCE, ROW, WHEN, RUN = (
    "_assay_rules", "_assay_reasons", "_assay_source", "_assay_row", "_assay_when", "_assay_run",
)  # fmt: skip
OWN = (
    RULES,
    REASONS,
    SOURCE,
    ROW,
    WHEN,
    RUN,
)  # the columns of a quarantine beside those of the source, which are texts there
LOADS = "_assay_loads"  # the table of a database in which its loads are remembered
RELEASES = "_assay_releases"  # and the one that says what became of rows that were kept out


@dataclass(frozen=True)
class Entry:
    """A load, as the store itself remembers it. digest: of the source; rows are loaded + quarantined."""

    run: str
    table: str
    source: str
    digest: str
    at: str
    rows: int
    loaded: int
    quarantined: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Entry:
        """Read what to_dict wrote."""
        run, table, source, digest, at = (str(raw[n]) for n in ("run", "table", "source", "digest", "at"))
        rows, loaded, quarantined = (int(raw[n]) for n in ("rows", "loaded", "quarantined"))
        return cls(run, table, source, digest, at, rows, loaded, quarantined)


@dataclass(frozen=True)
class Release:
    """What became of rows that a load kept out. state: released (they went in) or rejected. rows: their numbers in that load's source."""

    id: str
    run: str
    table: str
    state: str
    at: str
    rows: tuple[int, ...]

    @classmethod
    def of(cls, about: Iterable[Any], rows: Iterable[Any]) -> Release:
        """Make one of its texts, in order, and its rows."""
        id_, run, table, state, at = map(str, about)
        return cls(id_, run, table, state, at, tuple(map(int, rows)))


class Sink(ABC):
    """One table, or one file, held against other writers until it is closed. A context manager.

    columns: name → DuckDB's name of its type; empty where it is not there yet. required: columns that hold no null.
    keys: columns that together hold no value twice. keeps_nan: whether a number that is none stays one. quarantine: where what is kept out goes, as a person names it.
    """

    uri: str
    name: str
    columns: dict[str, str]
    required: Sequence[str] = ()
    keys: Sequence[tuple[str, ...]] = ()
    quarantine: str
    takes: Sequence[str] = (
        "binary",
        "other",
    )  # of the types that not every store has: bytes, and lists or objects
    keeps_nan = True

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        return bool(self.columns)

    @abstractmethod
    def loads(self) -> list[Entry]:
        """Return the loads that it remembers, the earliest first."""

    @abstractmethod
    def existing(self, to: Path) -> None:
        """Write what it holds as Parquet, in the types of its columns."""

    @abstractmethod
    def append(
        self, clean: Path | None, quarantined: Path | None, columns: Mapping[str, str], entry: Entry
    ) -> None:
        """Make ready: clean rows (Parquet, of the columns' types), quarantined ones (Parquet, of texts), and the entry.

        columns: of a table that is to be made, in order, with their types. Quarantined rows of the same run replace those
        that are there. UsageError where the store itself refuses a row.
        """

    @abstractmethod
    def kept_out(self, run: str, to: Path) -> bool:
        """Write the rows that a load kept out as Parquet, as they lie in the quarantine now; False where there are none."""

    @abstractmethod
    def releases(self, run: str) -> list[Release]:
        """Return what became of the rows that a load kept out, the earliest release first."""

    @abstractmethod
    def release(self, clean: Path | None, columns: Mapping[str, str], release: Release) -> None:
        """Make ready: rows that go in after all (Parquet, of the columns' types), and what became of them.

        The quarantine itself stays as it is: it is what was found then.
        """

    def left_behind(self) -> int:
        """Return how many other names (hard links) of its file keep what it was, as another file takes its place."""
        return 0

    @abstractmethod
    def commit(self) -> None:
        """Let all of it be seen at once."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it; what was not committed is gone."""

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
