"""Go's build information in a program: which Go made it, the main module, and each module with its version.

Go's debug/buildinfo: 16 bytes aligned to 16, ``\\xff Go buildinf:``, the size of a pointer, flags; since Go 1.18 (flag 2) two strings
follow, each with its length as a varint; before, two pointers to strings in memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from assay.methods.packages import elf
from assay.methods.packages.package import LONGEST, Package, Unreadable

_MAGIC = b"\xff Go buildinf:"
_CHUNK = 4 << 20
_TEXT = 8 << 20  # bytes of the list of modules


def read(source: IO[bytes], path: str, size: int) -> Iterator[Package]:
    """Give the standard library and each module; none where no Go made it."""
    place = _find(source, size)
    if place < 0:
        return
    source.seek(place)
    head = source.read(32)
    if len(head) < 32:
        raise Unreadable("its build information is cut short")
    if head[15] & 2:
        version, modules = _inline(source, place + 32)
    else:
        version, modules = _pointed(source, head, size)
    number = version.removeprefix("go").split()[0] if version.startswith("go") else ""
    if number:
        yield Package("golang", "stdlib", number.partition("-")[0], path=path)
    yield from _modules(modules, path)


def _find(source: IO[bytes], size: int) -> int:
    """Return where the information begins, or -1: where its section says, else the first aligned place that has it."""
    found = elf.read(source, size)
    for section in found.sections if found else ():
        if section.name == ".go.buildinfo" and section.size >= 32:
            source.seek(section.place)
            if source.read(len(_MAGIC)) == _MAGIC:
                return section.place
    if found is not None:
        return -1  # the linker gives it a section of its own, which stripping leaves
    source.seek(0)
    at, kept = 0, b""
    while part := source.read(_CHUNK):
        whole = kept + part
        place = whole.find(_MAGIC)
        while place >= 0:
            if (at + place) % 16 == 0:
                return at + place
            place = whole.find(_MAGIC, place + 1)
        keep = min(len(whole), 31)
        at += len(whole) - keep
        kept = whole[len(whole) - keep :]
    return -1


def _inline(source: IO[bytes], place: int) -> tuple[str, str]:
    source.seek(place)
    raw = source.read(_TEXT)
    version, at = _string(raw, 0)
    modules, _ = _string(raw, at)
    return version.decode("utf-8", "replace"), _bare(modules)


def _string(raw: bytes, at: int) -> tuple[bytes, int]:
    length = shift = 0
    while True:
        if at >= len(raw) or shift > 35:
            raise Unreadable("its build information is cut short")
        byte = raw[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if at + length > len(raw):
        raise Unreadable("its build information is cut short")
    return raw[at : at + length], at + length


def _pointed(source: IO[bytes], head: bytes, size: int) -> tuple[str, str]:
    """Follow the pointers of Go before 1.18; they are addresses, which the sections tell the places of."""
    width, order = head[14], ">" if head[15] & 1 else "<"
    found = elf.read(source, size)
    if width not in (4, 8) or found is None:
        raise Unreadable(
            "it was built by a Go before 1.18 for another system, whose addresses are not followed here"
        )
    code = order + ("Q" if width == 8 else "I")

    def at(address: int, length: int) -> bytes:
        for section in found.sections:
            if (
                section.address
                and section.address <= address
                and address + length <= section.address + section.size
            ):
                source.seek(section.place + address - section.address)
                return source.read(length)
        raise Unreadable("its build information points nowhere")

    texts = []
    for n in range(2):
        (header,) = struct.unpack_from(code, head, 16 + n * width)
        if not header:
            texts.append(b"")
            continue
        text, length = struct.unpack(order + ("QQ" if width == 8 else "II"), at(header, 2 * width))
        if length > _TEXT:
            raise Unreadable("its build information is too long")
        texts.append(at(text, length) if length else b"")
    return texts[0].decode("utf-8", "replace"), _bare(texts[1])


def _bare(text: bytes) -> str:
    """Return the list without the 16 bytes that stand on either side of it."""
    inner = text[16:-16] if len(text) >= 33 and text[-17:-16] == b"\n" else b""
    return inner.decode("utf-8", "replace")


def _modules(text: str, path: str) -> Iterator[Package]:
    """Read ``kind\\tmodule\\tversion\\tsum`` lines; a line => says what stands in for the one before."""
    held: Package | None = None
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) < 3 or fields[0] not in ("mod", "dep", "=>"):
            continue
        kind, name, version = fields[0], fields[1][:LONGEST], fields[2][:LONGEST]
        if kind == "=>":
            held = None  # what it replaces is not in the program
        elif held is not None:
            yield held
            held = None
        digests = {"h1": fields[3][:100]} if len(fields) > 3 and fields[3] else {}
        if version == "(devel)" and kind == "mod":
            continue  # the program itself, built from a folder
        space, _, own = name.rpartition("/")
        held = Package("golang", own, version, space, path=path, digests=digests)
    if held is not None:
        yield held
