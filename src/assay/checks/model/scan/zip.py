"""zip, found by its end record wherever that stands: npz, skops and PyTorch's format among them."""

from __future__ import annotations

import bz2
import lzma
import re
import stat
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan import _program, pickle, tar, tflite
from assay.checks.model.scan._names import check_name, readable, twins
from assay.checks.model.scan._view import View
from assay.checks.model.scan._zip import Directory, Member, TooMany, directory, end_record
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

CHUNK = 1 << 20
MEMORY = 256 << 20
_MAGIC = (b"\x93NUMPY", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"\x7fELF")


def sniff(view: View) -> bool:
    """An end record near the end, or the header of a member at the start; not where it is a member of a tar, whole.

    Such a zip is examined where the tar's members are.
    """
    if view.head.startswith(b"PK\x03\x04"):
        return True
    if end_record(view.data) < 0:
        return False
    try:
        found = directory(view.data)
    except ValueError:
        return True
    return not tar.has_member(view, found.before, view.size - found.after)


def examine(view: View, ground: Ground) -> bool:
    """Examine each member, and note what readers could disagree about."""
    if end_record(view.data) < 0:
        return ground.not_understood(view, "it begins as a zip and has no directory")
    try:
        found = directory(view.data)
    except TooMany as error:
        ground.find("bomb", Severity.HIGH, f"{view.place} is a zip of {error}.", view,
                    remedy="do not unpack it", refs=("CWE-409",))  # fmt: skip
        ground.skip(view.place, str(error))
        return False
    good = _whole(view, ground, found)
    twice = [name for name, n in Counter(m.name for m in found.members).items() if n > 1]
    for name in twice:
        ground.find(
            "duplicate_member",
            Severity.HIGH,
            f"{view.place} holds {readable(name)!r} twice; which one is used depends on who reads it.",
            view,
            remedy="do not load it",
            name=readable(name),
        )
    names = [m.name for m in found.members]
    for name in sorted(set(twins(names))):
        ground.find(
            "duplicate_member",
            Severity.HIGH,
            f"{view.place} holds {readable(name)!r} under two names that some readers take for one.",
            view,
            remedy="do not load it",
            name=readable(name),
        )
    raw = _storages(names)
    torch = raw is not None
    program = _program.kind(names)
    if program:
        _program.tell(view, ground, names, program)
        raw = raw or _program.raw(names)
    before = ground.names
    ground.names = _program.ScriptNames(before) if program == "script" else before
    try:
        for member in found.members:
            if ground.members < 0:  # what follows would be unpacked for nothing
                return ground.spent(view)
            code = bool(program) and _program.is_source(member.name, program)
            mapped = bool(raw and raw.fullmatch(member.name))
            good = _member(view, ground, member, torch, mapped, code) and good
    finally:
        ground.names = before
    return good


def _whole(view: View, ground: Ground, found: Directory) -> bool:
    odd = list(found.odd)
    if found.lead and not tflite.sniff(view):  # whose associated files are a zip behind the model
        odd.append(f"{found.lead:,} bytes stand before its first member")
    if found.after:
        odd.append(f"{found.after:,} bytes stand after its end")
    for what in odd[:20]:
        ground.find(
            "ambiguous_archive",
            Severity.HIGH,
            f"{view.place} is a zip that readers may read differently: {what}.",
            view,
            remedy="do not load it; pack it again from files you know",
        )
    return not odd


def _storages(names: list[str]) -> re.Pattern[str] | None:
    """Return what matches the raw storages of a PyTorch file, None when it is not one."""
    for name in names:
        if name.endswith("/data.pkl") and name.count("/") == 1:
            top = re.escape(name.removesuffix("data.pkl"))
            return re.compile(rf"{top}(data/\d+|\.data/serialization_id)")
    return None


def _member(view: View, ground: Ground, member: Member, torch: bool, raw: bool, code: bool = False) -> bool:
    good = check_name(member.name, view, ground)
    name = readable(member.name)
    inside = view.inside(b"", name)
    for what in member.odd:
        good = False
        ground.find(
            "ambiguous_archive",
            Severity.HIGH,
            f"The member {name!r} of {view.place} {what}; readers may see different files.",
            inside,
            remedy="do not load it; pack it again from files you know",
            offset=member.header,
        )
    if stat.S_ISLNK(member.mode):
        ground.seen += 1
        text = f"{view.place} holds {name!r}, a link."
        ground.find("link", Severity.MEDIUM, text, inside, refs=("CWE-59",))
        return False
    if member.name.endswith("/") and not member.size and not member.packed:
        return good
    if member.flags & 1:
        ground.find(
            "encrypted",
            Severity.HIGH,
            f"The member {name!r} of {view.place} says it is encrypted, and scanners then look away.",
            inside,
            remedy="do not load it; ask for it unencrypted",
        )
        good = False
    if (
        raw and member.method == 0 and not _looks_like_more(view, member)
    ):  # numbers that PyTorch maps as they are
        ground.seen += 1
        ground.understood += 1
        return good
    return _content(view, ground, member, inside, torch, code) and good


def _looks_like_more(view: View, member: Member) -> bool:
    """Whether raw numbers begin as another format does, which another reader of the archive could take them for."""
    head = bytes(view.data[member.start : min(member.start + 8, member.end)])
    return head.startswith(_MAGIC) or pickle.runs(view, member.start, member.end)


def _content(
    view: View, ground: Ground, member: Member, inside: View, torch: bool, code: bool = False
) -> bool:
    state: dict[str, Any] = {"crc": 0}
    data = ground.unpacked(_chunks(view, member, state), member.packed)
    shown = View(data, inside.file, inside.member, inside.depth)
    if torch and shown.name.endswith(".pkl"):
        good = _torch_pickle(shown, ground)
    elif code:
        good = _program.source(shown, ground)
    else:
        good = ground.examine(shown)
    if state.get("error"):
        return ground.not_understood(inside, f"it cannot be unpacked ({state['error']})", offset=member.start)
    if state["crc"] != member.crc or len(data) != member.size:
        what = "checksum" if state["crc"] != member.crc else "size"
        ground.find(
            "bad_checksum",
            Severity.HIGH,
            f"The {what} of {inside.place} is wrong: some readers refuse it, others load it all the same.",
            inside,
            remedy="do not load it; pack it again from files you know",
            offset=member.header,
        )
        return False
    return good


def _torch_pickle(view: View, ground: Ground) -> bool:
    ground.seen += 1
    ground.formats["pickle"] += 1
    good = pickle.stream(view, ground, 0, torch=True)
    ground.understood += good
    return good


def _chunks(view: View, member: Member, state: dict[str, Any]) -> Iterator[bytes]:
    """Give what a member holds; whatever its size field says, no more than comes out."""
    for chunk in _unpack(view, member, state):
        state["crc"] = zlib.crc32(chunk, state["crc"])
        yield chunk


def _unpack(view: View, member: Member, state: dict[str, Any]) -> Iterator[bytes]:
    machine: Any
    if member.method == 8:
        machine = zlib.decompressobj(-15)
    elif member.method == 12:
        machine = bz2.BZ2Decompressor()
    elif member.method == 14:
        machine = None
    elif member.method != 0:
        state["error"] = f"method {member.method} is not known"
        return
    at, end = member.start, min(member.end, view.size)
    if member.method == 14:
        width = int.from_bytes(view.data[at + 2 : at + 4], "little")
        properties = bytes(view.data[at + 4 : at + 4 + width])
        filters = lzma._decode_filter_properties(lzma.FILTER_LZMA1, properties)  # type: ignore[attr-defined]
        if filters.get("dict_size", 0) > MEMORY:
            state["error"] = "its dictionary is larger than 256 MiB"
            return
        machine = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[filters])
        at += 4 + width
    while at < end:
        piece = bytes(view.data[at : min(at + CHUNK, end)])
        at += len(piece)
        if member.method == 0:
            yield piece
            continue
        try:
            yield from _drain(machine, piece, member.method == 8)
        except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError) as error:
            state["error"] = str(error)[:100]
            return
        if machine.eof:
            return


def _drain(machine: Any, piece: bytes, deflate: bool) -> Iterator[bytes]:
    out = machine.decompress(piece, CHUNK)
    yield out
    while not machine.eof and (machine.unconsumed_tail if deflate else not machine.needs_input):
        out = machine.decompress(machine.unconsumed_tail if deflate else b"", CHUNK)
        yield out
