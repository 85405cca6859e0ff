"""HDF5 followed without its library, as h5py writes it: what a file holds, and whatever is odd about it.

Superblocks of versions 0, 2 and 3, symbol tables and links, object headers of versions 1 and 2 (the HDF5 File Format
Specification, version 3.0); links and attributes in heaps of their own are told. Each
object is visited once; arrays are not unpacked. Texts of attributes are kept. What is odd: links and data that lie in other files, filters that are not
HDF5's own (their code is loaded by name), types other than numbers and texts, and anything that is not known here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

MAGIC = b"\x89HDF\r\n\x1a\n"
_MOST = 100_000  # objects and blocks of one file
_STEPS = (
    5_000_000  # messages, entries and objects of heaps that are looked at: blocks may lie over one another
)
_NONE = 0xFFFFFFFFFFFFFFFF
_TYPES = {0: "integer", 1: "float", 3: "text", 8: "enumeration"}
_FILTERS = {1, 2, 3}  # deflate, shuffle, fletcher32
_KNOWN = {0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0xA, 0xB, 0xC, 0xD, 0x10, 0x11, 0x12, 0x15, 0x16}
_MOST_TEXT = 64 << 20


class Hdf5:
    """One file. odd: what was found, in words. arrays: how many data sets it holds. texts: object, attribute, text.

    Errors are ValueError.
    """

    def __init__(self, data: Any) -> None:
        self.data, self.odd, self.arrays = data, [], 0
        self.texts = []
        self._seen: set[int] = set()
        self._left, self._length = _STEPS, 0

    odd: list[str]
    texts: list[tuple[str, str, str]]

    def follow(self) -> None:
        """Visit every object; ValueError where the file cannot be followed to its end."""
        if bytes(self.data[:8]) != MAGIC:
            raise ValueError("it has no signature at its start")
        root = self._root()
        todo = [(root, "/")]
        above: dict[int, int] = {}
        while todo:
            address, name = todo.pop()
            if address in self._seen:
                continue
            self._visit(address)
            within = self._object(address, name)
            todo += within
            for inner, said in within:
                above.setdefault(inner, address)
                if inner == address or (inner in self._seen and self._holds(inner, address, above)):
                    self.odd.append(f"{said[:80]} leads back to a group that holds it, without end")

    def _root(self) -> int:
        version = self.data[8]
        sizes = (self.data[13], self.data[14]) if version == 0 else (self.data[9], self.data[10])
        if version not in (0, 2, 3) or sizes != (8, 8):
            raise ValueError(f"its superblock is of version {version}")
        if version == 0:
            base, _, end, _ = struct.unpack_from("<4Q", self._at(24, 32))
            (root,) = struct.unpack("<Q", self._at(64, 8))
        else:
            base, _, end, root = struct.unpack_from("<4Q", self._at(12, 32))
        if base or end != len(self.data):
            raise ValueError(f"it says that it has {end:,} bytes, and has {len(self.data):,}")
        return int(root)

    def _visit(self, address: int) -> None:
        self._seen.add(address)
        if len(self._seen) > _MOST:
            raise ValueError("it holds too many objects")

    def _on(self, address: int) -> None:
        """Visit the block at which a header goes on."""
        if address in self._seen:
            raise ValueError("an object header goes on where it or another was")
        self._visit(address)

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError("it holds too much to follow")

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
            elif kind == 0x06:
                members += self._link(body, name)
            elif kind in (0x02, 0x15):
                self._dense(kind, body, name)
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
                if body[0] == 4 and body[1] == 3:
                    self.odd.append(
                        f"the data of {name[:80]} are put together from other files (a virtual data set)"
                    )
                elif body[0] not in (3, 4) or body[1] > 2:
                    self.odd.append(f"{name[:80]} is laid out in a way that is not known")
            elif kind not in _KNOWN:
                self.odd.append(f"{name[:80]} has a message of the kind {kind}")
        self.arrays += layout
        return members

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        if self._at(address, 4) == b"OHDR":
            yield from self._modern(address)
            return
        version, _, count, _, size = struct.unpack("<BBHII", self._at(address, 12))
        if version != 1:
            raise ValueError(f"an object header is of version {version}")
        blocks = [(address + 16, size)]
        for start, length in blocks:
            at, end = start, start + length
            self._at(start, length)
            while at + 8 <= end and count > 0:
                self._step()
                kind, body, flags = struct.unpack("<HHB", self._at(at, 5))
                content = self._at(at + 8, body)
                count -= 1
                at += 8 + body
                if flags & 2:
                    self.odd.append("a message lies in another object")
                elif kind == 0x10:
                    where, much = struct.unpack("<2Q", content[:16])
                    self._on(where)
                    blocks.append((where, much))
                else:
                    yield kind, content
        if count > 0:
            raise ValueError("an object header is cut short")

    def _modern(self, address: int) -> Iterator[tuple[int, bytes]]:
        """Give the messages of a header of version 2."""
        version, flags = self._at(address + 4, 2)
        if version != 2:
            raise ValueError(f"an object header is of version {version}")
        at = address + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(self._at(at, width), "little")
        blocks = [(at + width, size)]
        head = 6 if flags & 4 else 4
        for start, length in blocks:
            at, end = start, start + length
            self._at(start, length)
            while at + head <= end:
                self._step()
                kind, body, how = struct.unpack("<BHB", self._at(at, 4))
                content = self._at(at + head, body)
                at += head + body
                if how & 2:
                    self.odd.append("a message lies in another object")
                elif kind == 0x10:
                    where, much = struct.unpack("<2Q", content[:16])
                    self._on(where)
                    if self._at(where, 4) != b"OCHK" or much < 8:
                        raise ValueError("an object header goes on where nothing is")
                    blocks.append((where + 4, much - 8))
                else:
                    yield kind, content

    def _link(self, body: bytes, name: str) -> list[tuple[int, str]]:
        """Follow a link that is a message; those by name and to other files are odd."""
        if len(body) < 4 or body[0] != 1:
            self.odd.append(f"{name[:80]} has a message of the kind 6")
            return []
        flags = body[1]
        at = 2
        kind = body[at] if flags & 8 else 0
        at += bool(flags & 8) + 8 * bool(flags & 4) + bool(flags & 16)
        width = 1 << (flags & 3)
        size = int.from_bytes(body[at : at + width], "little")
        at += width
        said = body[at : at + size].decode("utf-8", "replace")
        rest = body[at + size :]
        if kind == 0:
            (address,) = struct.unpack_from("<Q", rest)
            return [(address, f"{name.rstrip('/')}/{said}"[-300:])]
        target = rest[3:].split(b"\0") if kind == 64 else [rest[2:]]
        shown = ":".join(t.decode("utf-8", "replace").rstrip("\0") for t in target if t)[:120].rstrip(":")
        what = "a link to another file" if kind == 64 else "a link by name"
        self.odd.append(f"{name.rstrip('/')[:80]}/{said[:80]} is {what} ({shown})")
        return []

    def _dense(self, kind: int, body: bytes, name: str) -> None:
        """Links or attributes may lie in a heap of their own, which is not followed."""
        flags = body[1]
        at = 2 + (8 if kind == 0x02 else 2) * (flags & 1)
        (heap,) = struct.unpack_from("<Q", body, at)
        if heap != _NONE:
            what = "links" if kind == 0x02 else "attributes"
            raise ValueError(f"the {what} of {name[:80]} lie in a heap of their own, which is not followed")

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
                self._left -= used
                self._step()
                todo += [struct.unpack("<Q", self._at(node + 32 + 16 * i, 8))[0] for i in range(used)]
            elif mark == b"SNOD":
                (used,) = struct.unpack("<H", self._at(node + 6, 2))
                for i in range(used):
                    self._step()
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
        form = body[start : start + kind]
        self._type(form + b"\xff\xff", name)
        (space,) = struct.unpack_from("<H", body, 6)
        pad = 8 if version == 1 else 1
        begin = start + -(-kind // pad) * pad + -(-space // pad) * pad
        said = body[start - -(-title // pad) * pad :][:title].partition(b"\0")[0].decode("utf-8", "replace")
        for text in self._text(form, body[begin:]):
            self._length += len(text)
            if self._length > _MOST_TEXT or len(self.texts) > _MOST:
                raise ValueError("its attributes hold too much text")
            self.texts.append((name, said, text))

    def _text(self, form: bytes, raw: bytes) -> Iterator[str]:
        """Give the texts of an attribute: of fixed length, or kept in the heap of the file."""
        kind, size = form[0] & 15, int.from_bytes(form[4:8], "little")
        if kind == 3 and size:
            for at in range(0, len(raw) - size + 1, size):
                yield raw[at : at + size].rstrip(b"\0").decode("utf-8", "replace")
        elif kind == 9 and form[1] & 15 == 1:
            for at in range(0, len(raw) - 15, 16):
                length, heap, index = struct.unpack_from("<IQI", raw, at)
                if length and heap not in (0, _NONE):
                    yield self._kept(heap, index)[:length].decode("utf-8", "replace")

    def _kept(self, heap: int, index: int) -> bytes:
        """Return an object of a global heap collection."""
        if self._at(heap, 4) != b"GCOL":
            raise ValueError("a text lies in no heap")
        (size,) = struct.unpack("<Q", self._at(heap + 8, 8))
        at, end = heap + 16, heap + size
        for _ in range(_MOST):
            self._step()
            if at + 16 > end:
                break
            number, _, _, much = struct.unpack("<HHIQ", self._at(at, 16))
            if number == index:
                return self._at(at + 16, much)
            if not number:
                break
            at += 16 + -(-much // 8) * 8
        raise ValueError("a text is not in its heap")

    def _holds(self, outer: int, inner: int, above: dict[int, int]) -> bool:
        """Whether one group lies above another."""
        at = inner
        for _ in range(len(above) + 1):
            self._step()
            if at == outer:
                return True
            if at not in above or above[at] == at:
                return False
            at = above[at]
        return True
