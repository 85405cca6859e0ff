"""tar, read header by header: ustar, GNU and pax. Links, devices and names that lead out are findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.checks.model.scan._names import check_name, leaves, readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods import tars

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_DEVICES = {"3": "a device", "4": "a device", "6": "a pipe"}


class _Bytes:
    """A view's bytes, in order."""

    def __init__(self, view: View) -> None:
        self.view, self.at = view, 0

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        out = bytes(self.view.data[self.at : self.at + size])
        self.at += len(out)
        return out

    def skip_to(self, place: int) -> bool:
        """Stand at a place further on."""
        self.at = place
        return place <= self.view.size


def sniff(view: View) -> bool:
    """A first header whose checksum holds."""
    return view.size >= tars.BLOCK and tars.sum_holds(view.head[: tars.BLOCK])


def has_member(view: View, start: int, end: int) -> bool:
    """Whether the view is a tar, one of whose files is exactly these bytes of it."""
    if not sniff(view):
        return False
    try:
        for member in tars.members(_Bytes(view)):
            if member.start >= start:
                return (member.kind, member.start, member.start + member.size) == ("file", start, end)
    except tars.Damaged:
        pass
    return False


def examine(view: View, ground: Ground) -> bool:
    """Examine each member."""
    from assay.checks.model.scan._torch import TAR, tar_member

    torch = set(_names(view)) >= TAR
    good = True
    seen: set[str] = set()
    source = _Bytes(view)
    try:
        for member in tars.members(source):
            good = check_name(member.name, view, ground) and good
            if member.kind == "file":
                if member.name in seen:
                    _twice(member.name, view, ground)
                seen.add(member.name)
                inside = view.inside(
                    ground.unpacked(_slices(view, member.start, member.size), member.size, member.size),
                    readable(member.name),
                )
                if torch and member.name in TAR:
                    ground.seen += 1
                    ok = tar_member(inside, ground)
                    ground.understood += ok
                else:
                    ok = ground.examine(inside)
                good = good and ok
            elif member.kind != "folder":
                good = _odd(member, view, ground) and good
            ground.members -= member.kind != "file"  # those with content are counted where they are examined
            if ground.members < 0:
                return ground.spent(view)
    except tars.Damaged as error:
        return ground.not_understood(view, error.what, offset=error.at)
    return _end(view, ground, source.at) and good


def _slices(view: View, start: int, size: int) -> Iterator[bytes]:
    if start + size > view.size:
        raise tars.Damaged("a member of the tar is cut short", start)
    for at in range(start, start + size, 1 << 20):
        yield bytes(view.data[at : min(at + (1 << 20), start + size)])


def _names(view: View) -> list[str]:
    """Return the names of up to 64 members."""
    names: list[str] = []
    try:
        for member in tars.members(_Bytes(view)):
            names.append(member.name)
            if len(names) >= 64:
                break
    except tars.Damaged:
        pass
    return names


def _end(view: View, ground: Ground, at: int) -> bool:
    """Zeros may follow the last member; anything else is a finding."""
    for place in range(at, view.size, 1 << 20):
        if bytes(view.data[place : place + (1 << 20)]).strip(b"\0"):
            return ground.not_understood(view, "bytes follow the end of the tar", offset=place)
    return True


def _twice(name: str, view: View, ground: Ground) -> None:
    ground.find(
        "duplicate_member",
        Severity.MEDIUM,
        f"{view.place} holds {readable(name)!r} twice; which one is used depends on who reads it.",
        view,
        name=readable(name),
    )


def _odd(member: tars.Member, view: View, ground: Ground) -> bool:
    if member.kind == "link":
        bad = leaves(member.link)
        ground.find(
            "link",
            Severity.HIGH if bad else Severity.MEDIUM,
            f"{view.place} holds {readable(member.name)!r}, a link to {readable(member.link)!r}"
            + (", outside the folder it is unpacked into." if bad else "."),
            view,
            remedy="put the file itself in its place",
            refs=("CWE-59",),
            name=readable(member.name),
        )
        return not bad
    if member.kind in _DEVICES:
        ground.find(
            "path",
            Severity.HIGH,
            f"{view.place} holds {readable(member.name)!r}, {_DEVICES[member.kind]}: no model needs one, and who unpacks it makes one.",
            view,
            remedy="do not unpack it; ask for an archive of files alone",
            refs=("CWE-67",),
            name=readable(member.name),
        )
        return False
    return ground.not_understood(view, f"its member {readable(member.name)!r} is of the kind {member.kind!r}")
