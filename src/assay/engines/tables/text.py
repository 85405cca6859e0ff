"""Text files made ready: unpacked within bounds, brought to UTF-8 and plain line ends, their lines counted."""

from __future__ import annotations

import codecs
import re
import shutil
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from assay.engines.tables.seam import seam
from assay.kernel.errors import BadInput
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

CHUNK = 8 << 20
LONGEST = 4 << 20  # the longest line that is read; longer ones are kept out and told
FREELY, RATIO = (
    256 << 20,
    400,
)  # past the first, an archive may not unpack to more than this many times itself


@dataclass(frozen=True, slots=True)
class Lines:
    """What a file's lines are like. lines: how many, the last one without an end too. blank: empty ones."""

    path: Path
    size: int = 0
    lines: int = 0
    blank: int = 0
    longest: int = 0
    returns: int = 0  # carriage returns
    pairs: int = 0  # carriage return and line feed
    feeds: int = 0
    quotes: bool = False
    nuls: int = 0

    @property
    def mixed(self) -> bool:
        """Whether its line ends are of more than one kind, or of the kind of the old Macintosh."""
        return self.returns > self.pairs or 0 < self.pairs < self.feeds


def ready(path: Path, scratch: Path, *, named: bool) -> tuple[Lines, list[Finding]]:
    """Return a plain UTF-8 text file and its lines; findings for the lines that had to be kept out.

    named: its first line names the columns. BadInput where it is empty, cut short, too large once unpacked, or no text at all.
    """
    where = str(path)
    problems: list[Finding] = []
    with seam(where, "it cannot be read"):
        with path.open("rb") as opened:
            head = opened.read(4096)
        if head[:2] == b"\x1f\x8b":
            path = _unpacked(path, scratch, where)
            with path.open("rb") as opened:
                head = opened.read(4096)
        if not head.strip() and _blank(path):
            raise BadInput("the file is empty", where=where, remedy="give a file with a line of names")
        encoding = _encoding(head)
        if not encoding and _binary(head):
            raise BadInput("this is no text", where=where, remedy="name its format with its suffix")
        if encoding:
            path = _transcoded(path, scratch, encoding, where)
        lines = scan(path)
        if lines.nuls:
            problems.append(_nuls(lines.nuls))
        if lines.mixed:
            path = _plain_ends(path, scratch)
            lines = scan(path)
        if lines.longest > LONGEST:
            path, dropped = _without_long(path, scratch)
            if named and dropped[0] == 1:
                raise BadInput(
                    f"the first line is longer than {LONGEST >> 20} MB, and it names the columns",
                    where=where,
                    remedy="look for a missing line end or quotation mark",
                )
            problems.append(_too_long(dropped))
            lines = replace(scan(path), lines=lines.lines - len(dropped))
    return lines, problems


def _blank(path: Path) -> bool:
    with path.open("rb") as opened:
        return not any(chunk.strip() for chunk in iter(lambda: opened.read(CHUNK), b""))


def _binary(head: bytes) -> bool:
    """Whether the first bytes hold so many control characters, and are so little UTF-8, that they are no text."""
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    if odd <= max(8, len(head) // 20):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return True
    return head.count(0) > len(head) // 10


def _nuls(count: int) -> Finding:
    return Finding(
        "table.nul_characters",
        Severity.LOW,
        f"The file holds {count} NUL {'character' if count == 1 else 'characters'}, which other tools cut texts at.",
        remedy="remove them where they mean nothing",
        count=count,
    )


def _too_long(dropped: list[int]) -> Finding:
    one = len(dropped) == 1
    return Finding(
        "table.rejected_rows",
        Severity.MEDIUM,
        f"{'A line is' if one else f'{len(dropped)} lines are'} longer than {LONGEST >> 20} MB and kept out.",
        {"line": dropped[0], "lines": dropped[:10]},
        "look for a missing line end or quotation mark",
        count=len(dropped),
    )


def scan(path: Path) -> Lines:
    """Count a file's lines and measure the longest, 8 MB at a time."""
    import numpy as np

    size = lines = blank = longest = returns = pairs = feeds = nuls = 0
    quotes, carried, tail = False, 0, b"\n"
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == 10)
            feeds += len(ends)
            if len(ends):
                lengths = np.diff(ends, prepend=-1 - carried) - 1
                longest = max(longest, int(lengths.max()))
                blank += int((lengths == 0).sum())
                carried = len(chunk) - 1 - int(ends[-1])
            else:
                carried += len(chunk)
            if b"\r" in chunk or tail.endswith(b"\r"):
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n") + (tail[-1:] == b"\r" and chunk[:1] == b"\n")
                blank += _blank_pairs(tail + chunk)
            quotes = quotes or b'"' in chunk
            nuls += chunk.count(b"\0")
            size += len(chunk)
            tail = (tail + chunk[-2:])[-2:]
    lines = feeds + (1 if carried else 0)
    return Lines(path, size, lines, blank, max(longest, carried), returns, pairs, feeds, quotes, nuls)


def _blank_pairs(chunk: bytes) -> int:
    """Count empty lines that end with return and feed."""
    count, at = 0, chunk.find(b"\n\r\n")
    while at != -1:
        count, at = count + 1, chunk.find(b"\n\r\n", at + 2)
    return count


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return ""


def _fresh(scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch / f"text-{uuid.uuid4().hex[:12]}"


def _pieces(path: Path) -> Iterator[bytes]:
    """Unpack gzip, one member after another, a piece at a time."""
    with path.open("rb") as opened:
        unpacker, rest, done = zlib.decompressobj(31), b"", False
        while True:
            if not rest:
                rest = opened.read(1 << 20)
                if not rest:
                    break
            if done:
                rest = rest.lstrip(b"\0")
                if not rest:
                    continue
                unpacker, done = zlib.decompressobj(31), False
            piece = unpacker.decompress(rest, CHUNK)
            rest = unpacker.unconsumed_tail
            if unpacker.eof:
                rest, done = unpacker.unused_data, True
            if piece:
                yield piece
        if not done:
            raise EOFError("it ends before its archive does")


def _unpacked(path: Path, scratch: Path, where: str) -> Path:
    """Unpack into scratch, bounded by the archive's own size and by the room on the disk."""
    target, packed, size = _fresh(scratch), path.stat().st_size, 0
    room = shutil.disk_usage(target.parent).free // 2
    try:
        with target.open("wb") as out:
            for piece in _pieces(path):
                size += len(piece)
                if size > FREELY and size > RATIO * packed:
                    raise BadInput(
                        f"it unpacks to more than {RATIO} times its {packed} bytes",
                        where=where,
                        remedy="unpack it yourself if you trust it",
                    )
                if size > room:
                    raise BadInput("it unpacks to more than the disk has room for", where=where)
                out.write(piece)
    except (zlib.error, EOFError) as error:
        raise BadInput(
            f"the archive is cut short or damaged ({error})", where=where, remedy="fetch it again"
        ) from None
    return target


def _transcoded(path: Path, scratch: Path, encoding: str, where: str) -> Path:
    target, decoder = _fresh(scratch), codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as opened, target.open("wb") as out:
            while chunk := opened.read(CHUNK):
                out.write(decoder.decode(chunk).encode())
            out.write(decoder.decode(b"", final=True).encode())
    except UnicodeError:
        raise BadInput(
            f"it begins as {encoding.upper()} and does not go on so", where=where, remedy="save it as UTF-8"
        ) from None
    return target


_MARKS = rb",;\t|\r\n"  # what a value may begin after, and end before
_QUOTED = rb'(?<![^%b])"[^"]*+(?:""[^"]*+)*+"(?=[%b]%b)|(?<![^%b])"|\r\n?'
_MORE = re.compile(_QUOTED % (_MARKS, _MARKS, b"", _MARKS))
_LAST = re.compile(_QUOTED % (_MARKS, _MARKS, rb"|\Z", _MARKS))


def _plain_ends(path: Path, scratch: Path) -> Path:
    """Copy the file with every line ended by a line feed; what stands between quotation marks stays as it is."""
    target, held, last = _fresh(scratch), b"", False
    with path.open("rb") as opened, target.open("wb") as out:
        while not last:
            chunk = opened.read(CHUNK)
            last = len(chunk) < CHUNK
            held = _plain(held + chunk, out, last)
    return target


def _plain(data: bytes, out: BinaryIO, last: bool) -> bytes:
    """Write what can be told of ``data``; return the rest, which begins where a value does, for more to tell."""
    done = 0
    for match in (_LAST if last else _MORE).finditer(data):
        found, start = match.group(), match.start()
        if found == b'"':  # its end may come with the next chunk; one that never comes is no quotation mark
            if not last and len(data) - start <= LONGEST:
                out.write(data[done:start])
                return data[start:]
        elif found[:1] == b"\r":
            if match.end() == len(data) and not last:
                out.write(data[done:start])
                return data[start:]
            out.write(data[done:start] + b"\n")
            done = match.end()
    start = (
        len(data) if last else max(done, *(data.rfind(mark) + 1 for mark in (b",", b";", b"\t", b"|", b"\n")))
    )
    if len(data) - start > LONGEST:
        start = len(data)
    out.write(data[done:start])
    return data[start:]


def _without_long(path: Path, scratch: Path) -> tuple[Path, list[int]]:
    """Copy the file without its overlong lines; return their numbers."""
    target, dropped, number = _fresh(scratch), [], 0
    with path.open("rb") as opened, target.open("wb") as out:
        while line := opened.readline(LONGEST + 2):
            number += 1
            if len(line) <= LONGEST + 1 and (line.endswith(b"\n") or len(line) <= LONGEST):
                out.write(line)
                continue
            dropped.append(number)
            while line and not line.endswith(b"\n"):
                line = opened.readline(CHUNK)
    return target, dropped
