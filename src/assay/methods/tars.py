"""tar, read header by header: ustar, GNU's long names and pax, and nothing on which readers disagree.

One reader serves the examination of an archive and its unpacking, so that what was examined is what is unpacked. Where
readers are known to differ (a folder or link with content of its own, a name that can be read in two ways, sparse
files, headers for the whole archive) it stops, since one of them would see members that another does not.

Sources: POSIX.1-2008 pax, GNU tar's tar.h, and the behaviour of CPython's Lib/tarfile.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

BLOCK = 512
_LONGEST = 1 << 20  # bytes of further headers before one member
_FILES = (b"0", b"\0", b"7")
_HARMLESS = frozenset(
    {"mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment", "charset", "hdrcharset"}
)


class Damaged(ValueError):
    """It is no tar from here on, or one that readers read differently. at: where."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.what, self.at = what, at


class Source(Protocol):
    """Bytes in order. at: where the next one stands."""

    at: int

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end."""

    def skip_to(self, place: int) -> bool:
        """Stand at a place further on; False when there are no bytes so far."""


@dataclass(frozen=True, slots=True)
class Member:
    """kind: file, folder, link, or the letter of anything else. start: where its ``size`` bytes begin.

    hard: of a link, whether it is another name of a member of this archive. mode: its permissions, 0 where they are no number.
    """

    name: str
    kind: str
    size: int
    link: str
    start: int
    hard: bool = False
    mode: int = 0


def members(source: Source) -> Iterator[Member]:
    """Give each member; whoever takes them may read their content from the source before going on.

    Damaged where it can be read no further. Ends at the block of zeros that ends an archive, or at the end.
    """
    further: dict[str, str] = {}
    spent = 0
    while True:
        place = source.at
        header = source.take(BLOCK)
        if not header or (len(header) == BLOCK and not header.strip(b"\0")):
            if further:
                raise Damaged("it ends after a header that belongs to a member", place)
            return
        if len(header) < BLOCK:
            raise Damaged("it ends in the middle of a block", place)
        if not sum_holds(header):
            raise Damaged("a header of the tar has a wrong checksum", place)
        kind, size = header[156:157], _size(header, place)
        if kind in (b"x", b"g", b"L", b"K"):
            spent += BLOCK + size
            if spent > _LONGEST:
                raise Damaged("a header of the tar is longer than 1 MiB", place)
            body = source.take(-(-size // BLOCK) * BLOCK)
            if len(body) < size:
                raise Damaged("a header of the tar is cut short", place)
            _extend(further, kind, body[:size], place)
            continue
        member = _member(header, kind, size, further, source.at)
        yield member
        if not source.skip_to(member.start + -(-member.size // BLOCK) * BLOCK):
            raise Damaged("a member of the tar is cut short", member.start)
        further, spent = {}, 0


def sum_holds(header: bytes) -> bool:
    """Whether a block is a header: its checksum is that of its bytes."""
    if len(header) < BLOCK or not header[:1].strip(b"\0"):
        return False
    try:
        return _number(header[148:156]) == sum(header[:148]) + 8 * 32 + sum(header[156:])
    except ValueError:
        return False


def _number(field: bytes) -> int:
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    text = field.split(b"\0", 1)[0].strip(b" ")
    if text.strip(b"01234567"):
        raise ValueError("not octal")
    return int(text, 8) if text else 0


def _size(header: bytes, place: int) -> int:
    try:
        return _number(header[124:136])
    except ValueError:
        raise Damaged("the size of a member is no number", place) from None


def _mode(header: bytes) -> int:
    try:
        return _number(header[100:108]) & 0o7777
    except ValueError:
        return 0


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _extend(further: dict[str, str], kind: bytes, body: bytes, place: int) -> None:
    """Add what a further header says of the next member; nothing may be said twice."""
    if kind == b"g":
        found = _pax(body, place)
        if found.keys() - _HARMLESS:
            raise Damaged("a header of the tar speaks of all members that follow", place)
        return
    if kind == b"x":
        found = _pax(body, place)
        if any(key.startswith("GNU.sparse") for key in found):
            raise Damaged("a member of the tar is sparse", place)
    else:
        if body.split(b"\0", 1)[-1].strip(b"\0") and b"\0" in body:
            raise Damaged("bytes follow a long name", place)
        found = {"path" if kind == b"L" else "linkpath": _text(body)}
    for key, value in found.items():
        if key in ("path", "linkpath", "size"):
            if key in further:
                raise Damaged("a member of the tar is named twice", place)
            further[key] = value


def _pax(body: bytes, place: int) -> dict[str, str]:
    """Read ``length key=value`` lines."""
    out, at = {}, 0
    while at < len(body):
        space = body.find(b" ", at, at + 12)
        digits = body[at:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        key, mark, value = body[space + 1 : at + length - 1].partition(b"=")
        if (
            length <= space - at + 1
            or at + length > len(body)
            or body[at + length - 1 : at + length] != b"\n"
            or not mark
        ):
            raise Damaged("a pax header of the tar cannot be read", place)
        name = key.decode("utf-8", "surrogateescape")
        if name in out or (name in ("path", "linkpath") and b"\0" in value):
            raise Damaged("a pax header of the tar says something twice or with a NUL", place)
        out[name] = value.decode("utf-8", "surrogateescape")
        at += length
    return out


def _member(header: bytes, kind: bytes, size: int, further: dict[str, str], start: int) -> Member:
    place = start - BLOCK
    if "size" in further:
        if not (further["size"].isascii() and further["size"].isdigit() and len(further["size"]) < 20):
            raise Damaged("the size of a member is no number", place)
        size = int(further["size"])
    name = further.get("path", _name(header, place))
    link = further.get("linkpath", _text(header[157:257]))
    if not name:
        raise Damaged("a member of the tar has no name", place)
    if kind in _FILES:
        if name.endswith("/") and (size or kind != b"\0"):
            raise Damaged("a file of the tar is named like a folder", place)
        sort = "folder" if name.endswith("/") else "file"
    else:
        sort = {b"5": "folder", b"1": "link", b"2": "link"}.get(kind, ascii(kind)[2:-1])
        if size:
            raise Damaged(f"a {sort} of the tar has content, which some readers take for members", place)
    plain = name.rstrip("/") if sort == "folder" else name
    return Member(plain, sort, size, link, start, kind == b"1", _mode(header))


def _name(header: bytes, place: int) -> str:
    """Return the name in a header; what stands where some formats keep its beginning must be that or nothing."""
    name, prefix = _text(header[:100]), header[345:500]
    if not prefix.strip(b"\0"):
        return name
    if header[257:265] != b"ustar\x0000" or not _text(prefix):
        raise Damaged("the name of a member can be read in two ways", place)
    return f"{_text(prefix)}/{name}"
