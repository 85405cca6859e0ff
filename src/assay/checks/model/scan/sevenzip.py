"""7z: unpacked folder by folder within a bound, and each member examined; what is encrypted or packed otherwise is told."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import TYPE_CHECKING

from assay.checks.model.scan._names import check_name, leaves, readable, twins
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles.sevenzip.archive import MAGIC, Archive, Member, Unreadable
from assay.methods.modelfiles.sevenzip.coders import unpack
from assay.methods.modelfiles.sevenzip.headers import read
from assay.methods.pickles.opcodes import Buffer

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_LINK = 0o120000


def sniff(view: View) -> bool:
    """The mark at the start."""
    return view.head.startswith(MAGIC)


def examine(view: View, ground: Ground) -> bool:
    """Examine each member."""
    try:
        found = read(view.data)
    except Unreadable as error:
        return _unreadable(view, ground, error)
    except (ValueError, IndexError) as error:
        return ground.lie(view, f"it is a 7z in which {ascii(str(error))[1:-1][:120]}")
    good = True
    if found.end < view.size:
        ground.find("trailing_bytes", Severity.HIGH, f"{view.place} goes on for {view.size - found.end:,} bytes after its header.",
                    view, remedy="ask who made the file what they are", offset=found.end)  # fmt: skip
        good = False
    names = [m.name for m in found.members]
    for name in twins(names) + [n for n, count in Counter(names).items() if count > 1]:
        ground.find("duplicate_member", Severity.HIGH, f"{view.place} holds {readable(name)!r} twice, or under names that some readers take for one.",
                    view, remedy="do not load it", name=readable(name))  # fmt: skip
    held: dict[int, list[Member]] = {}
    for member in found.members:
        held.setdefault(member.folder, []).append(member)
    for number, folder in enumerate(found.folders):
        members = held.get(number, [])
        try:
            data = ground.unpacked(unpack(view.data, folder), folder.packed)
        except Unreadable as error:
            good = _unreadable(view, ground, error)
            continue
        except ValueError as error:
            good = ground.lie(
                view, f"it cannot be unpacked ({ascii(str(error))[1:-1][:80]})", offset=folder.start
            )
            continue
        for member in members:
            good = _member(view, ground, member, data) and good
    return _rest(view, ground, found) and good


def _rest(view: View, ground: Ground, found: Archive) -> bool:
    good = True
    for member in found.members:
        if member.folder < 0:
            good = check_name(member.name, view, ground) and good
            ground.members -= 1
            if ground.members < 0:
                return ground.spent(view)
    return good


def _member(view: View, ground: Ground, member: Member, data: Buffer) -> bool:
    good = check_name(member.name, view, ground)
    piece = bytes(data[member.offset : member.offset + member.size])
    inside = view.inside(piece, readable(member.name))
    if member.attributes >> 16 & 0o170000 == _LINK:
        target = piece[:4096].decode("utf-8", "replace")
        ground.find("link", Severity.HIGH if leaves(target) else Severity.MEDIUM,
                    f"{view.place} holds {readable(member.name)!r}, a link to {readable(target)[:200]!r}.", view,
                    remedy="put the file itself in its place", refs=("CWE-59",), name=readable(member.name))  # fmt: skip
        return good and not leaves(target)
    if member.crc is not None and zlib.crc32(piece) != member.crc:
        ground.find("bad_checksum", Severity.HIGH,
                    f"The checksum of {inside.place} is wrong: some readers refuse it, others load it all the same.", inside,
                    remedy="do not load it; pack it again from files you know")  # fmt: skip
        good = False
    return ground.examine(inside) and good


def _unreadable(view: View, ground: Ground, error: Unreadable) -> bool:
    if error.encrypted:
        ground.find("encrypted", Severity.HIGH, f"{view.place} is encrypted, and nobody can say what it holds.", view,
                    remedy="do not load it; ask for it without a password")  # fmt: skip
        ground.skip(view.place, "it is encrypted")
        return False
    return ground.not_understood(view, str(error))
