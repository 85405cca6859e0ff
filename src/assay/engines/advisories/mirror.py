"""What lies in a mirror of OSV records: JSON files and zips of them, in a folder or a zip; pinned without reading each file.

Layouts that are known: a folder or zip of ``ID.json`` however deep, with ``all.zip`` of an ecosystem in between. Anything else
that is there is left alone. A record, its file and the number of them are bounded.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assay.engines.digests import digest_file
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing
from assay.methods import ziplists

LARGEST = 16 << 20  # bytes of one record: a kernel's with its versions has under 4 MB
MOST = 5_000_000  # files of one mirror
_DEEPEST = 32
_RATIO = 400
_LISTED = 512 << 20  # bytes of a zip's list of members, which is read whole
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SHOWN = 20


def pin(text: str) -> Asset:
    """Return a mirror as an asset: a zip or record by its bytes, a folder by the names, sizes and times of its files."""
    path = Path(text)
    if not path.exists():
        raise Missing(
            f"there is no mirror of advisories at {text!r}",
            remedy="name a folder or zip of OSV records, such as the all.zip of an ecosystem",
        )
    if path.is_dir():
        return Asset("advisories", path.resolve().name, text, _listed(path), "folder")
    return Asset("advisories", path.name, text, digest_file(path), path.suffix[1:].lower())


def changed(asset: Asset) -> bool:
    """Whether a folder is no longer what was pinned."""
    return asset.format == "folder" and _listed(Path(asset.uri)) != asset.digest


def _listed(root: Path) -> str:
    made = hashlib.sha256(b"assay.listing/1\n")
    for name, known in sorted(_files(root)):
        told = f"{name}\0{known.st_size}\0{known.st_mtime_ns}\0"
        made.update(told.encode("utf-8", "surrogateescape"))
    return "sha256:" + made.hexdigest()


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Give each JSON file and zip below a folder, without following links."""
    todo, seen = [("", 0)], 0
    while todo:
        inner, depth = todo.pop()
        with os.scandir(root / inner) as found:
            for entry in found:
                seen += 1
                if seen > MOST:
                    raise BadInput(
                        f"more than {MOST:,} files lie there", where=str(root), remedy="name the mirror alone"
                    )
                path = f"{inner}/{entry.name}" if inner else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if depth < _DEEPEST:
                        todo.append((path, depth + 1))
                elif entry.name.endswith((".json", ".zip")):
                    known = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(known.st_mode):
                        yield path, known


@dataclass
class Problems:
    """What could not be read: how much, and the first of it in words."""

    count: int = 0
    shown: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Note one more."""
        self.count += 1
        if len(self.shown) < _SHOWN:
            self.shown.append(text[:300])


def documents(asset: Asset, problems: Problems) -> Iterator[tuple[str, bytes]]:
    """Give each file by its name and bytes. problems: what could not be read is told there."""
    root = Path(asset.uri)
    if not root.is_dir():
        yield from _of_file(root, root.name, problems)
        return
    for name, _ in sorted(_files(root)):
        yield from _of_file(root / name, name, problems)


def _of_file(path: Path, name: str, problems: Problems) -> Iterator[tuple[str, bytes]]:
    if path.suffix.lower() != ".zip":
        if path.stat().st_size > LARGEST:
            problems.add(f"{name}: it is larger than {LARGEST >> 20} MiB")
        else:
            yield name, path.read_bytes()
        return
    try:
        with path.open("rb") as raw:
            if (ziplists.listed(raw) or 0) > _LISTED:
                problems.add(f"{name}: its list of members is longer than {_LISTED >> 20} MiB")
                return
        with zipfile.ZipFile(path) as archive:
            for count, member in enumerate(archive.infolist()):
                if count > MOST:
                    problems.add(f"{name}: more than {MOST:,} members")
                    return
                if not member.filename.endswith(".json"):
                    continue
                bomb = member.file_size > (1 << 20) and member.file_size > _RATIO * max(
                    member.compress_size, 1
                )
                odd = member.flag_bits & 1 or member.compress_type not in _KINDS
                if member.file_size > LARGEST or bomb or odd:
                    problems.add(
                        f"{name}/{member.filename[:200]}: it is too large, or not packed as zips of records are"
                    )
                    continue
                try:
                    with archive.open(member) as source:
                        yield f"{name}/{member.filename[:200]}", source.read(LARGEST)
                except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError) as error:
                    problems.add(f"{name}/{member.filename[:200]}: {error}")
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        problems.add(f"{name}: it is no whole zip ({error})")
