"""What a person named, taken apart: a path, files, a database and its table, a remote object, memory."""

from __future__ import annotations

import glob
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from assay.kernel.errors import BadInput, Missing, UsageError

Format = Literal["csv", "tsv", "parquet", "jsonl", "arrow", "duckdb", "sqlite", "postgres"]
SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
    ".duckdb": "duckdb", ".ddb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite",
}  # fmt: skip
DATABASES = ("duckdb", "sqlite", "postgres")
MOST_FILES = 10_000
_NAMES: dict[str, Format] = {
    "csv": "csv", "csv.gz": "csv", "txt": "csv", "tsv": "tsv", "tsv.gz": "tsv", "parquet": "parquet",
    "pq": "parquet", "jsonl": "jsonl", "jsonl.gz": "jsonl", "ndjson": "jsonl", "ndjson.gz": "jsonl",
    "arrow": "arrow", "feather": "arrow", "ipc": "arrow", "duckdb": "duckdb", "sqlite": "sqlite",
    "db": "sqlite",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A named source. files: local files, in order. url: a remote object or a server. table: within a database.

    root: the folder a multi-file source was found under, for names in messages and for partitions.
    """

    text: str
    format: Format
    files: tuple[Path, ...] = ()
    url: str = ""
    table: str = ""
    root: Path | None = None

    @property
    def name(self) -> str:
        """Return a short name: the file's, the folder's, or the table's."""
        if self.table:
            return self.table.rpartition(".")[2]
        if self.url:
            return Path(urlsplit(self.url).path).name or self.url
        return self.files[0].name if len(self.files) == 1 else (self.root or self.files[0].parent).name


def parse(source: str | Path, format: str = "") -> Source:
    """Take a source apart; Missing where nothing is there, UsageError where it is no table.

    format: what the bytes are, where the name does not say (csv, csv.gz, parquet, ...).
    """
    text = str(source)
    if not text.strip():
        raise UsageError("an empty name is no table")
    known = _NAMES.get(format.lower())
    scheme, mark, rest = text.partition("://")
    if mark and scheme in ("postgres", "postgresql"):
        url, _, table = text.partition("::")
        if urlsplit(url).password:
            raise UsageError(
                "a password in a URL would be kept in every record",
                where=url.rpartition("@")[2],
                remedy="leave it out, and set PGPASSWORD or write it to ~/.pgpass",
            )
        return Source(text, "postgres", url=url, table=table)
    if mark and scheme in ("duckdb", "sqlite"):
        path, _, table = rest.partition("::")
        return Source(text, scheme, files=(_file(_local(path)),), table=table)  # type: ignore[arg-type]
    if mark and scheme not in ("file", "local"):
        return Source(text, known or _by_suffix(urlsplit(text).path) or _no_format(text), url=text)
    path = unquote(rest) if mark else text
    file, twice, table = path.partition("::")
    if twice and not Path(path).exists():
        found = _file(file)
        return Source(text, _database(found), files=(found,), table=table)
    return _files(text, path, known)


def _local(path: str) -> str:
    """``sqlite:///file.db`` is relative and ``sqlite:////file.db`` absolute; an absolute one is taken too."""
    relative = path.removeprefix("/")
    return relative if Path(relative).exists() or not Path(path).exists() else path


def _files(text: str, path: str, known: Format | None) -> Source:
    here = Path(path)
    if here.is_dir():
        found = [
            p
            for p in sorted(here.rglob("*"), key=lambda p: p.relative_to(here).as_posix())
            if p.is_file() and _visible(p.relative_to(here)) and (_by_suffix(p.name) or known)
        ]
        return _several(text, found, here, known)
    if not here.exists() and any(c in path for c in "*?["):
        matched = (Path(p) for p in sorted(glob.glob(path, recursive=True)))  # noqa: PTH207 - absolute patterns too
        return _several(text, [p for p in matched if p.is_file()], None, known)
    file = _file(path)
    return Source(text, known or _by_suffix(file.name) or _by_content(file), files=(file,))


def _visible(path: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in path.parts)


def _several(text: str, found: list[Path], root: Path | None, known: Format | None) -> Source:
    if not found:
        raise Missing(f"there is no table file in {text!r}", remedy="look for .csv, .parquet or .jsonl files")
    if len(found) > MOST_FILES:
        raise UsageError(f"{len(found)} files are too many", where=text, remedy=f"{MOST_FILES} are taken")
    for file in found:
        if file.is_symlink():
            raise UsageError(f"{file} is a link", where=text, remedy="put the file itself there")
    formats = {known or _by_suffix(f.name) or _by_content(f) for f in found}
    if len(formats) > 1:
        raise UsageError(
            f"the files are of several formats: {', '.join(sorted(formats))}",
            where=text,
            remedy="name one of them with a pattern, such as *.parquet",
        )
    format = formats.pop()
    if format in DATABASES and len(found) > 1:
        raise UsageError("several databases are no table", where=text, remedy="name one, as file.db::table")
    return Source(text, format, files=tuple(found), root=root)


def _file(path: str) -> Path:
    file = Path(path)
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError):
        raise Missing(f"there is no file {path!r}", remedy="check the path") from None
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path!r} is not a plain file", remedy="copy it to a file first")
    return file


def _by_suffix(name: str) -> Format | None:
    low = name.lower().removesuffix(".gz")
    return SUFFIXES.get(Path(low).suffix)


def _by_content(file: Path) -> Format:
    try:
        with file.open("rb") as opened:
            head = opened.read(16)
            if head[:2] == b"\x1f\x8b":
                import gzip

                opened.seek(0)
                head = gzip.GzipFile(fileobj=opened).read(16)
    except (OSError, EOFError) as error:
        raise BadInput(f"it cannot be read: {error}", where=str(file)) from None
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"ARROW1"):
        return "arrow"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    return "jsonl" if head.lstrip().startswith(b"{") else "csv"


def _database(file: Path) -> Format:
    format = _by_content(file)
    if format not in DATABASES:
        raise UsageError(
            f"{file.name} is no DuckDB or SQLite database", remedy="`file::table` names a database"
        )
    return format


def _no_format(text: str) -> Any:
    raise UsageError(
        f"what {text} holds cannot be told from its name", remedy="it ends in .parquet, .csv, ..."
    )
