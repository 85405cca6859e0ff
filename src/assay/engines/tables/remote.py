"""Tables in object stores: fetched through fsspec into scratch, and pinned by their bytes."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.engines.remote import filesystem
from assay.engines.tables.seam import seam
from assay.engines.tables.source import Source
from assay.kernel.errors import Missing

_CHUNK = 4 << 20


def _objects(url: str) -> tuple[Any, list[str]]:
    fs, path = filesystem(url)
    with seam(url, "the object cannot be reached"):
        fs.invalidate_cache()  # a listing from before may miss what has come since
        try:
            paths = _found(fs, path)
        except FileNotFoundError:  # the bucket itself is not there
            paths = []
    if not paths:
        raise Missing("there is no object of that name", where=url, remedy="check the bucket and the key")
    return fs, paths


def _found(fs: Any, path: str) -> list[str]:
    if any(c in path for c in "*?"):
        return sorted(fs.glob(path))
    if fs.isfile(path):
        return [path]
    return sorted(p for p in fs.find(path) if not p.rpartition("/")[2].startswith((".", "_")))


def fetched(source: Source, scratch: Path) -> Source:
    """Copy the objects of a remote source into scratch and return them as local files, in order."""
    fs, paths = _objects(source.url)
    folder = scratch / f"remote-{uuid.uuid4().hex[:12]}"
    folder.mkdir(parents=True)
    files = []
    with seam(source.url, "the object cannot be fetched"):
        for number, path in enumerate(paths):
            target = folder / f"{number:05d}-{path.rpartition('/')[2]}"
            fs.get_file(path, str(target))
            files.append(target)
    return replace(source, files=tuple(files), url="", root=folder)


def digests(url: str) -> list[tuple[str, int, str]]:
    """Return name, size and SHA-256 of each object, read as a stream."""
    fs, paths = _objects(url)
    out = []
    with seam(url, "the object cannot be read"):
        for path in paths:
            hasher, size = hashlib.sha256(), 0
            with fs.open(path, "rb") as opened:
                while chunk := opened.read(_CHUNK):
                    hasher.update(chunk)
                    size += len(chunk)
            out.append((path.rpartition("/")[2], size, hasher.hexdigest()))
    return out


def tags(url: str) -> list[tuple[str, str]]:
    """Return each object's name and ETag, empty where the store gives none: it changes with the content."""
    fs, paths = _objects(url)
    with seam(url, "the object cannot be reached"):
        infos = [fs.info(p) for p in paths]
    return [(p, str(i.get("ETag") or i.get("etag") or "")) for p, i in zip(paths, infos, strict=True)]
