"""tar, read header by header: ustar, GNU and pax. Links, devices and names that lead out are findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.checks.model.scan._names import check_name, leaves, readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

BLOCK = 512
_LONG = 1 << 20
_FILES = b"0\0" + b"7"


def sniff(view: View) -> bool:
    """A first header whose checksum holds."""
    return view.size >= BLOCK and _sum_holds(view.head[:BLOCK])


def _sum_holds(header: bytes) -> bool:
    if len(header) < BLOCK or not header[:1].strip(b"\0"):
        return False
    try:
        stated = _number(header[148:156])
    except ValueError:
        return False
    return stated == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _number(field: bytes) -> int:
    if field[:1] in (b"\x80", b"\xff"):
        return int.from_bytes(field[1:], "big")
    text = field.split(b"\0", 1)[0].strip()
    return int(text, 8) if text else 0


def examine(view: View, ground: Ground) -> bool:
    """Examine each member."""
    from assay.checks.model.scan._torch import TAR, tar_member

    good, at, long_name, long_link = True, 0, "", ""
    over: dict[str, str] = {}
    seen: set[str] = set()
    torch = set(_names(view)) >= TAR
    while at + BLOCK <= view.size:
        header = bytes(view.data[at : at + BLOCK])
        if not header.strip(b"\0"):
            return _end(view, ground, at) and good
        if not _sum_holds(header):
            return ground.not_understood(view, "a header of the tar has a wrong checksum", offset=at)
        size, kind = _number(header[124:136]), header[156:157]
        size = int(over.get("size", size)) if kind not in b"xgLK" else size
        start = at + BLOCK
        at = start + -(-size // BLOCK) * BLOCK
        if start + size > view.size:
            return ground.not_understood(view, "a member of the tar is cut short", offset=start)
        if kind in b"xgLK" and kind:
            if size > _LONG:
                return ground.not_understood(view, "a header of the tar is longer than 1 MiB", offset=start)
            body = bytes(view.data[start : start + size])
            if kind in b"xg":
                over |= _pax(body)
            elif kind == b"L":
                long_name = body.rstrip(b"\0").decode("utf-8", "replace")
            else:
                long_link = body.rstrip(b"\0").decode("utf-8", "replace")
            continue
        name = over.get("path") or long_name or _name(header)
        link = over.get("linkpath") or long_link or _text(header[157:257])
        long_name, long_link, over = "", "", {}
        good = check_name(name, view, ground) and good
        if name in seen and kind in _FILES:
            _twice(name, view, ground)
        seen.add(name)
        if kind == b"5":
            continue
        if kind not in _FILES or not kind:
            good = _odd(kind, name, link, view, ground) and good
            continue
        inside = view.inside(ground.unpacked(_slices(view, start, size)), readable(name))
        if torch and name in TAR:
            ground.seen += 1
            ok = tar_member(inside, ground)
            ground.understood += ok
        else:
            ok = ground.examine(inside)
        good = good and ok
    if at < view.size:
        return ground.not_understood(view, "the tar ends in the middle of a block", offset=at)
    return good


def _slices(view: View, start: int, size: int) -> Iterator[bytes]:
    for at in range(start, start + size, 1 << 20):
        yield bytes(view.data[at : min(at + (1 << 20), start + size)])


def _names(view: View) -> list[str]:
    """Return the names of up to 64 members, read plainly."""
    names: list[str] = []
    at = 0
    while at + BLOCK <= view.size and len(names) < 64:
        header = bytes(view.data[at : at + BLOCK])
        if not _sum_holds(header):
            break
        names.append(_name(header))
        at += BLOCK + -(-_number(header[124:136]) // BLOCK) * BLOCK
    return names


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


def _name(header: bytes) -> str:
    name = _text(header[:100])
    prefix = _text(header[345:500]) if header[257:262] == b"ustar" and header[263:265] == b"00" else ""
    return f"{prefix}/{name}" if prefix else name


def _pax(body: bytes) -> dict[str, str]:
    """Read ``length key=value`` lines; ValueError when they are none."""
    out, at = {}, 0
    while at < len(body):
        space = body.index(b" ", at)
        length = int(body[at:space])
        if length <= space - at or at + length > len(body):
            raise ValueError("a pax header with a wrong length")
        key, _, value = body[space + 1 : at + length - 1].partition(b"=")
        out[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        at += length
    return out


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


def _odd(kind: bytes, name: str, link: str, view: View, ground: Ground) -> bool:
    if kind in b"12":
        bad = leaves(link)
        ground.find(
            "link",
            Severity.HIGH if bad else Severity.MEDIUM,
            f"{view.place} holds {readable(name)!r}, a link to {readable(link)!r}"
            + (", outside the folder it is unpacked into." if bad else "."),
            view,
            remedy="put the file itself in its place",
            refs=("CWE-59",),
            name=readable(name),
        )
        return not bad
    return ground.not_understood(view, f"its member {readable(name)!r} is of the kind {kind!r}")
