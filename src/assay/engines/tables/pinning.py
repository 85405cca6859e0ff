"""Pinning: the digest of what a table is now, and whether it still is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from assay.engines.blobs import digest_file
from assay.engines.tables import remote
from assay.engines.tables.seam import seam
from assay.engines.tables.source import DATABASES, Source, parse
from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of
from assay.kernel.errors import Missing

_FRESH = 2_000_000_000  # ns: a file written this lately may change again without its time telling
_Stamp = tuple[tuple[str, int, int, int, int], ...]
_seen: dict[tuple[str, str], _Stamp] = {}  # files and digest → how they looked; losing it costs only time
_tagged: dict[tuple[str, str], list[tuple[str, str]]] = {}  # remote objects and digest → their ETags


def pin(source: Any, *, name: str = "", format: str = "") -> Asset:
    """Return a table as an asset with the digest of its bytes now.

    One file: of its bytes. Several: of the manifest of names, sizes and digests. A database file: of the file
    and its log. A server cannot be pinned: its digest is empty.
    """
    if isinstance(source, Asset):
        return source
    if not isinstance(source, (str, Path)):
        from assay.engines.tables import memory

        data, _ = memory.to_arrow(source)
        digest = memory.digest(data)
        return Asset("table", name or "table", f"memory:{digest[7:19]}", digest, "arrow")
    found = parse(source, format)
    if found.format == "postgres":
        return Asset("table", name or found.name, str(source), "", "postgres")
    digest = _digest(found)
    return Asset("table", name or found.name, str(source), digest, format or _format(found))


def _format(source: Source) -> str:
    packed = bool(source.files) and source.files[0].name.lower().endswith(".gz")
    return source.format + (".gz" if packed and source.format not in DATABASES else "")


def _digest(source: Source) -> str:
    if source.url:
        tags = remote.tags(source.url)
        objects = remote.digests(source.url)
        several = [{"path": n, "size": s, "sha256": d} for n, s, d in objects]
        digest = f"sha256:{objects[0][2]}" if len(objects) == 1 else digest_of(several)
        if all(tag for _, tag in tags):
            _tagged[(source.url, digest)] = tags
        return digest
    with seam(source.text, "it cannot be read"):
        paths = _bytes_of(source)
        stamp = _stamp(paths)
        if len(paths) == 1:
            digest = digest_file(paths[0])
        else:
            root = source.root or paths[0].parent
            digest = digest_of(
                [
                    {"path": _relative(p, root), "size": p.stat().st_size, "sha256": digest_file(p)[7:]}
                    for p in paths
                ]
            )
        if time.time_ns() - max(s[2] for s in stamp) > _FRESH:
            _seen[(source.text, digest)] = stamp
    return digest


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _bytes_of(source: Source) -> list[Path]:
    """Return the files whose bytes make the table: a database's write-ahead log belongs to it."""
    files = list(source.files)
    for file in source.files if source.format in DATABASES else ():
        for suffix in ("-wal", ".wal"):
            log = file.with_name(file.name + suffix)
            if log.is_file() and log.stat().st_size:
                files.append(log)
    return files


def _stamp(paths: list[Path]) -> _Stamp:
    stats = [(p, p.stat()) for p in paths]
    return tuple(
        (str(p), s.st_size, max(s.st_mtime_ns, s.st_ctime_ns), s.st_ino, s.st_mtime_ns) for p, s in stats
    )


def changed(asset: Asset) -> bool:
    """Whether a pinned table's bytes are no longer those of its digest, or are gone.

    Files that look the same to the last nanosecond as when they were pinned are not read again, unless they had
    been written just before; remote objects not while their ETags stay. What could not be pinned, or lies in memory or the store, does not change here.
    """
    held = asset.uri.startswith(("object:", "memory:")) and not asset.uri.startswith("memory://")
    if not asset.digest or held:
        return False
    try:
        found = parse(asset.uri, asset.format)
        key = (found.text, asset.digest)
        if found.url:
            if key in _tagged and remote.tags(found.url) == _tagged[key]:
                return False
        elif key in _seen and _stamp(_bytes_of(found)) == _seen[key]:
            return False
        return _digest(found) != asset.digest
    except (Missing, OSError):
        return True
