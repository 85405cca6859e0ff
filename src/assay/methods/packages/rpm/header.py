"""A header of rpm's: an index of tags over a store of data, as it lies in the database.

https://rpm-software-management.github.io/rpm/manual/format_header.html; bounds as rpm's own headerVerifyInfo has them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from assay.methods.packages.package import LONGEST, Package, Unreadable
from assay.methods.packages.wanted import kind_of

_TAGS = 1 << 16
_DATA = 256 << 20
_INT32, _STRING, _LIST, _TRANSLATED = 4, 6, 8, 9
_NAME, _VERSION, _RELEASE, _EPOCH, _LICENCE, _ARCH, _SOURCE = 1000, 1001, 1002, 1003, 1014, 1022, 1044
_FOLDER_OF, _FILES, _FOLDERS, _MODULE = 1116, 1117, 1118, 5096
_PATHS = 5_000_000
_LONGEST_PATH = 4_096


def read(blob: bytes, path: str) -> Package | None:
    """Return the package of a header; None of a key that is kept as one. Unreadable where its index lies."""
    if len(blob) < 8:
        raise Unreadable("a header is cut short")
    count, size = struct.unpack_from(">II", blob)
    if not 0 < count <= _TAGS or size > _DATA or 8 + 16 * count + size > len(blob):
        raise Unreadable("a header's index and data are larger than the header")
    store = blob[8 + 16 * count : 8 + 16 * count + size]
    tags: dict[int, tuple[int, int, int]] = {}
    for tag, kind, place, items in struct.iter_unpack(">IIII", blob[8 : 8 + 16 * count]):
        if tag >= 1000 or tag == 100:
            if place > size or items > _PATHS:
                raise Unreadable("a header's tag points behind its data")
            tags.setdefault(tag, (kind, place, items))
    name, version, release = (_text(store, tags.get(t)) for t in (_NAME, _VERSION, _RELEASE))
    if not name or not version:
        raise Unreadable("a header names no package, or no version of it")
    if name == "gpg-pubkey":
        return None
    epoch = ""
    if tags.get(_EPOCH, (0, 0, 0))[0] == _INT32:
        epoch = str(struct.unpack_from(">I", store, tags[_EPOCH][1])[0])
    source = _text(store, tags.get(_SOURCE)).removesuffix(".rpm")
    about: dict[str, object] = {"files": tuple(_paths(store, tags))}
    if module := _text(store, tags.get(_MODULE)):
        about["module"] = module
    full = f"{version}-{release}" if release else version
    return Package(
        "rpm", name, full, source=source.rsplit("-", 2)[0] if source.count("-") >= 2 else "",
        arch=_text(store, tags.get(_ARCH)), licence=_text(store, tags.get(_LICENCE)), path=path,
        epoch="" if epoch == "0" else epoch, about=about,
    )  # fmt: skip


def _text(store: bytes, at: tuple[int, int, int] | None) -> str:
    if at is None or at[0] not in (_STRING, _LIST, _TRANSLATED):
        return ""
    end = store.find(b"\0", at[1], at[1] + 64 * LONGEST)
    if end < 0:
        raise Unreadable("a text of a header has no end")
    return store[at[1] : end].decode("utf-8", "replace")[:LONGEST]


def _texts(store: bytes, at: tuple[int, int, int] | None) -> list[bytes]:
    if at is None or at[0] != _LIST:
        return []
    texts = store[at[1] :].split(b"\0", at[2])
    if len(texts) <= at[2]:
        raise Unreadable("a list of texts of a header has no end")
    return texts[: at[2]]


def _paths(store: bytes, tags: dict[int, tuple[int, int, int]]) -> Iterator[str]:
    """Give the paths of its files that tell of packages of another kind: they came with it."""
    at = tags.get(_FOLDER_OF)
    names, folders = _texts(store, tags.get(_FILES)), _texts(store, tags.get(_FOLDERS))
    if at is None or at[0] != _INT32 or at[2] != len(names) or at[1] + 4 * at[2] > len(store):
        return
    for name, number in zip(names, struct.unpack_from(f">{at[2]}I", store, at[1]), strict=True):
        if number < len(folders):
            if len(folders[number]) + len(name) > _LONGEST_PATH:
                raise Unreadable("a header names a path longer than any")
            path = (folders[number] + name).decode("utf-8", "replace").lstrip("/")
            if kind_of(path, 1 << 20):
                yield path
