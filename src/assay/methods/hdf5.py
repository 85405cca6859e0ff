"""HDF5 followed without its library, as h5py writes it by default: what a file holds, and whatever is odd about it.

Version 0 superblocks, symbol tables and version 1 object headers (the HDF5 File Format Specification, version 3.0). Each
object is visited once; arrays are not unpacked. What is odd: links and data that lie in other files, filters that are not
HDF5's own (their code is loaded by name), types other than numbers and texts, and anything that is not known here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

MAGIC = b"\x89HDF\r\n\x1a\n"
_MOST = 100_000  # objects and blocks of one file
_NONE = 0xFFFFFFFFFFFFFFFF
_TYPES = {0: "integer", 1: "float", 3: "text", 8: "enumeration"}
_FILTERS = {1, 2, 3}  # deflate, shuffle, fletcher32
_KNOWN = {0x0, 0x1, 0x3, 0x4, 0x5, 0x7, 0x8, 0xB, 0xC, 0xD, 0x10, 0x11, 0x12}


class Hdf5:
    """One file. odd: what was found, in words. arrays: how many data sets it holds. Errors are ValueError."""

    def __init__(self, data: Any) -> None:
        self.data, self.odd, self.arrays = data, [], 0
        self._seen: set[int] = set()

    odd: list[str]

    def follow(self) -> None:
        """Visit every object; ValueError where the file cannot be followed to its end."""
        if bytes(self.data[:8]) != MAGIC:
            raise ValueError("it has no signature at its start")
        if self.data[8] != 0 or self.data[13] != 8 or self.data[14] != 8:
            raise ValueError(f"its superblock is of version {self.data[8]}")
        base, _, end, _ = struct.unpack_from("<4Q", self._at(24, 32))
        if base or end != len(self.data):
            raise ValueError(f"it says that it has {end:,} bytes, and has {len(self.data):,}")
        (root,) = struct.unpack("<Q", self._at(64, 8))
        todo = [(root, "/")]
        while todo:
            address, name = todo.pop()
            if address in self._seen:
                continue
            self._visit(address)
            todo += self._object(address, name)

    def _visit(self, address: int) -> None:
        self._seen.add(address)
        if len(self._seen) > _MOST:
            raise ValueError("it holds too many objects")

    def _at(self, address: int, size: int) -> bytes:
        if address < 0 or size < 0 or address + size > len(self.data):
            raise ValueError("something lies outside the file")
        return bytes(self.data[address : address + size])

    def _object(self, address: int, name: str) -> list[tuple[int, str]]:
        """Look at one object's messages; return the members of a group."""
        members: list[tuple[int, str]] = []
        layout = False
        for kind, body in self._messages(address):
            if kind == 0x11:
                tree, heap = struct.unpack("<2Q", body[:16])
                members += self._members(tree, heap, name)
            elif kind == 0x07:
                self.odd.append(f"the data of {name[:80]} lie in other files")
            elif kind == 0x03:
                self._type(body, name)
            elif kind == 0x0B:
                self._filters(body, name)
            elif kind == 0x0C:
                self._attribute(body, name)
            elif kind == 0x08:
                layout = True
                if body[0] != 3 or body[1] > 2:
                    self.odd.append(f"{name[:80]} is laid out in a way that is not known")
            elif kind not in _KNOWN:
                self.odd.append(f"{name[:80]} has a message of the kind {kind}")
        self.arrays += layout
        return members

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        version, _, count, _, size = struct.unpack("<BBHII", self._at(address, 12))
        if version != 1:
            raise ValueError(f"an object header is of version {version}")
        blocks = [(address + 16, size)]
        for start, length in blocks:
            at, end = start, start + length
            self._at(start, length)
            while at + 8 <= end and count > 0:
                kind, body, flags = struct.unpack("<HHB", self._at(at, 5))
                content = self._at(at + 8, body)
                count -= 1
                at += 8 + body
                if flags & 2:
                    self.odd.append("a message lies in another object")
                elif kind == 0x10:
                    where, much = struct.unpack("<2Q", content[:16])
                    self._visit(where)
                    blocks.append((where, much))
                else:
                    yield kind, content
        if count > 0:
            raise ValueError("an object header is cut short")

    def _members(self, tree: int, heap: int, name: str) -> list[tuple[int, str]]:
        if self._at(heap, 4) != b"HEAP":
            raise ValueError("a group has no names")
        (names,) = struct.unpack("<Q", self._at(heap + 24, 8))
        found: list[tuple[int, str]] = []
        todo = [tree]
        while todo:
            node = todo.pop()
            if node in self._seen:
                raise ValueError("a group's tree holds a block twice")
            self._visit(node)
            mark = self._at(node, 4)
            if mark == b"TREE":
                level, used = self._at(node + 5, 1)[0], struct.unpack("<H", self._at(node + 6, 2))[0]
                if self._at(node + 4, 1)[0] or level > 16:
                    raise ValueError("a group's tree is none")
                todo += [struct.unpack("<Q", self._at(node + 32 + 16 * i, 8))[0] for i in range(used)]
            elif mark == b"SNOD":
                (used,) = struct.unpack("<H", self._at(node + 6, 2))
                for i in range(used):
                    place, address, cache = struct.unpack("<QQI", self._at(node + 8 + 40 * i, 20))
                    raw = self._at(names + place, min(1024, len(self.data) - names - place))
                    said = raw.partition(b"\0")[0].decode("utf-8", "replace")
                    if cache == 2 or address == _NONE:
                        self.odd.append(f"{said[:80]} is a link by name")
                    else:
                        found.append((address, f"{name.rstrip('/')}/{said}"[-300:]))
            else:
                raise ValueError("a group's tree leads nowhere")
        return found

    def _type(self, body: bytes, name: str) -> None:
        kind = body[0] & 15
        if kind == 9:  # of variable length: texts alone
            kind = 3 if body[1] & 15 == 1 else kind
        if kind not in _TYPES:
            self.odd.append(f"{name[:80]} holds values of the type {kind}")

    def _filters(self, body: bytes, name: str) -> None:
        version, count = body[0], body[1]
        at = 8 if version == 1 else 2
        for _ in range(min(count, 32)):
            (which,) = struct.unpack_from("<H", body, at)
            if which not in _FILTERS or version != 1:
                self.odd.append(f"{name[:80]} is packed by the filter {which}")
                return
            length, _, values = struct.unpack_from("<3H", body, at + 2)
            at += 8 + length + 4 * (values + values % 2)

    def _attribute(self, body: bytes, name: str) -> None:
        version = body[0]
        title, kind, _ = struct.unpack_from("<3H", body, 2)
        if version not in (1, 3):
            self.odd.append(f"{name[:80]} has an attribute of the version {version}")
            return
        start = 8 + (title + 7) // 8 * 8 if version == 1 else 9 + title
        self._type(body[start : start + kind] + b"\xff\xff", name)
