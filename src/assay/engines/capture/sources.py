"""Where captured events lie: a file or a folder of them, here or behind a URL, pinned to the byte."""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from assay.engines.remote import filesystem
from assay.kernel.canonical import canonical
from assay.kernel.errors import BadInput, Broken, Missing, UsageError

if TYPE_CHECKING:
    from assay.engines.blobs import Store

FORMAT = "capture"
SCHEME = "capture://"
SEALED = ".sealed"
PACKED = ".parquet.sealed"
SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".ndjson", ".ndjson.gz", ".parquet", ".sealed")
MOST_FILES = 200_000
_PEEK = 1 << 16
_BLOCK = 1 << 20
_FRESH = 2_000_000_000  # ns: a file written this lately may change again without its time telling
_seen: dict[
    Any, tuple[tuple[str, int, int, int], ...]
] = {}  # how files looked when they were pinned; losing it costs only time
_HOUR = re.compile(r"(?:^|/)(\d{4})/(\d\d)/(\d\d)/(\d\d)/[^/]+$")
_MARKS = (b'"captureData"', b'"groundTruthData"')


@dataclass(frozen=True, slots=True)
class File:
    """One file. name: below its root; size: the bytes of it that are pinned, which is where reading ends."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What is pinned. root: where the files lie, a folder or a URL; truths: files of ground truth, below ``truth_root``.

    start, end: seconds since 1970, of the events that are in it, None for no bound. features: names of the columns asked
    with, where something other than the capture knows them. endpoint: of which it is, where that is known.
    variant: whose events are in it; those of all that answered, where none is said.
    """

    root: str
    files: Sequence[File]
    truths: Sequence[File] = ()
    truth_root: str = ""
    start: float | None = None
    end: float | None = None
    features: Sequence[str] = ()
    endpoint: str = ""
    variant: str = ""

    def to_bytes(self) -> bytes:
        """Return it as canonical JSON, without the place where the files lie: its digest is the same wherever that is."""
        rows = {
            key: [{"path": f.name, "sha256": f.sha256, "size": f.size} for f in files]
            for key, files in (("files", self.files), ("truths", self.truths))
        }
        return canonical(
            {
                "schema": "assay.capture/1",
                "start": self.start,
                "end": self.end,
                "features": list(self.features),
                "endpoint": self.endpoint,
                **({"variant": self.variant} if self.variant else {}),
                **rows,
            }
        )

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], root: str, truth_root: str) -> Manifest:
        """Read what to_bytes wrote."""
        files, truths = (
            tuple(File(f["path"], f["size"], f["sha256"]) for f in raw[key]) for key in ("files", "truths")
        )
        return cls(
            root,
            files,
            truths,
            truth_root,
            raw["start"],
            raw["end"],
            tuple(raw["features"]),
            raw["endpoint"],
            raw.get("variant", ""),
        )


def is_capture(text: str) -> bool:
    """Whether a path, or a URL, holds captured events rather than a table: its first file says so."""
    if text.startswith(SCHEME):
        return True
    if "://" in text:
        return not text.lower().endswith(SUFFIXES)
    path = Path(text)
    if path.is_file():
        return path.name.lower().endswith(SUFFIXES) and _captured(path)
    if not path.is_dir():
        return False
    first = next((p for p in sorted(path.rglob("*")) if _ours(p)), None)
    return first is not None and _captured(first)


def _ours(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES) and path.is_file() and not path.is_symlink()


def _captured(path: Path) -> bool:
    if path.name.endswith(".sealed"):
        return True
    if path.name.lower().endswith(".parquet"):
        import pyarrow.parquet as pq

        try:
            names = set(pq.read_schema(path).names)
        except (OSError, ValueError):
            return False
        return {"event", "input", "input_encoding"} <= names
    try:
        with opened(str(path), path.stat().st_size) as given:
            head = given.read(_PEEK)
    except (OSError, EOFError):
        return False
    return any(mark in head for mark in _MARKS)


def opened(place: str, size: int) -> BinaryIO:
    """Open a file of a capture, unpacked where it is packed; no more of it is read than was pinned."""
    raw = _raw(place)
    if place.lower().endswith(".gz"):
        import gzip

        return gzip.GzipFile(fileobj=_Cut(raw, size))  # type: ignore[return-value]
    return _Cut(raw, size)  # type: ignore[return-value]


def _raw(place: str) -> Any:
    return filesystem(place)[0].open(place, "rb") if "://" in place else open(place, "rb")  # noqa: PTH123


class _Cut(io.RawIOBase):
    """The first bytes of a file that may have grown since."""

    def __init__(self, raw: BinaryIO, size: int) -> None:
        self._raw, self._left = raw, size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._raw.close()
        super().close()


def listed(root: str) -> list[tuple[str, int]]:
    """Return name and size of each file of a capture, by name; Missing where there is none."""
    if "://" in root:
        fs, prefix = filesystem(root)
        found = fs.find(prefix, detail=True) if fs.exists(prefix) else {}
        base = prefix.rstrip("/")
        names = [
            (k[len(base) :].lstrip("/") or Path(k).name, int(v.get("size") or 0)) for k, v in found.items()
        ]
        out = sorted(n for n in names if n[0].lower().endswith(SUFFIXES) and not _hidden(n[0]))
    else:
        path = Path(root)
        if not path.exists():
            raise Missing(f"there is no file {root!r}", remedy="check the path")
        if path.is_file():
            return [(path.name, path.stat().st_size)]
        found = ((p.relative_to(path).as_posix(), p) for p in path.rglob("*") if _ours(p))
        out = sorted((name, p.stat().st_size) for name, p in found if not _hidden(name))
    packed = {n.removesuffix(PACKED) for n, _ in out if n.endswith(PACKED)}
    out = [f for f in out if not (f[0].endswith(".jsonl.sealed") and f[0][: -len(".jsonl.sealed")] in packed)]
    if not out:
        raise Missing(
            "there is no captured event", where=root, remedy="give a folder of data-capture JSON lines"
        )
    if len(out) > MOST_FILES:
        raise UsageError(f"{len(out):,} files are more than the {MOST_FILES:,} that are read", where=root)
    return out


def _hidden(name: str) -> bool:
    """Whether a file lies in a hidden folder, as the counters beside a capture do."""
    return any(part.startswith(".") for part in name.split("/")[:-1])


def place(root: str, name: str) -> str:
    """Return where a file of a capture lies."""
    if "://" in root:
        return root if root.endswith(name) else f"{root.rstrip('/')}/{name}"
    path = Path(root)
    return str(path if path.is_file() else path / name)


def digested(root: str, files: Sequence[tuple[str, int]]) -> tuple[File, ...]:
    """Return files with the digests of so many of their bytes."""
    out = []
    for name, size in files:
        where = place(root, name)
        raw = _raw(where)
        hasher, left = hashlib.sha256(), size
        with raw:
            while left and (block := raw.read(min(left, _BLOCK))):
                hasher.update(block)
                left -= len(block)
        if left:
            raise BadInput(f"{name} became shorter while it was read", where=root, remedy="run again")
        out.append(File(name, size, hasher.hexdigest()))
    return tuple(out)


def pinned(root: str, start: float | None = None, end: float | None = None) -> Manifest:
    """Return a file or folder of captured events, pinned. start, end: of the events wanted, by which files are chosen.

    Missing where there is no file of that time.
    """
    files = [f for f in listed(root) if _of_time(f[0], start, end)]
    if not files:
        raise Missing("nothing was captured in that time", where=root, remedy="ask for another")
    stamps = _stamps(root, files)
    manifest = Manifest(root, digested(root, [(n, s) for n, s, *_ in stamps]), start=start, end=end)
    if time.time_ns() - max(s[2] for s in stamps) > _FRESH:
        _seen[(root, manifest.files)] = stamps
    return manifest


def with_truths(manifest: Manifest, root: str) -> Manifest:
    """Return a manifest with the ground truth that is kept below a folder: all of it that came after its events began."""
    if not Path(root).is_dir():
        return manifest
    try:
        files = [f for f in listed(root) if _of_time(f[0], manifest.start, None)]
    except Missing:
        return manifest
    return replace(manifest, truths=digested(root, files), truth_root=root)


def _of_time(name: str, start: float | None, end: float | None) -> bool:
    """Whether a file may hold events of a time: its folder says the hour in which they were captured."""
    found = _HOUR.search(name)
    if found is None:
        return True
    hour = datetime(*map(int, found.groups()), tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]
    return (start is None or hour + 3600 > start) and (end is None or hour < end)


def _stamps(root: str, files: Sequence[tuple[str, int]]) -> tuple[tuple[str, int, int, int], ...]:
    """Return how files look: name, size, when they changed last, and their number on the disk; nothing of remote ones."""
    if "://" in root:
        return tuple((n, s, time.time_ns(), 0) for n, s in files)
    stats = [(n, s, Path(place(root, n)).stat()) for n, s in files]
    return tuple((n, s, max(a.st_mtime_ns, a.st_ctime_ns), a.st_ino) for n, s, a in stats)


def kept(manifest: Manifest, store: Store) -> str:
    """Keep a manifest in the store and return its digest, which is the capture's."""
    return store.put_bytes(manifest.to_bytes())


def read(store: Store, digest: str, root: str, truth_root: str = "") -> Manifest:
    """Return a manifest that was kept."""
    import json

    try:
        return Manifest.from_dict(json.loads(store.read(digest)), root, truth_root)
    except (ValueError, KeyError, TypeError) as error:
        raise Broken("the manifest of a capture cannot be read", where=digest) from error


def changed(manifest: Manifest) -> bool:
    """Whether any of the bytes that were pinned is no longer there, or another. What was added since is no part of it."""
    for root, files in ((manifest.root, manifest.files), (manifest.truth_root, manifest.truths)):
        try:
            pairs = [(f.name, f.size) for f in files]
            if (root, tuple(files)) in _seen and _stamps(root, pairs) == _seen[(root, tuple(files))]:
                continue
            now = digested(root, pairs)
        except (OSError, BadInput):
            return True
        if now != tuple(files):
            return True
    return False
