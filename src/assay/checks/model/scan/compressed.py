"""gz, bz2, xz, lzma, zlib and lz4: unpacked within a bound, and what comes out is examined."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

CHUNK = 1 << 20
FIRST = 4096  # of a stream is read at first: there may be very many, each of a few bytes
MEMORY = 256 << 20


def sniff(view: View) -> bool:
    """The magic bytes, or for the formats that have none, a start that unpacks."""
    return _kind(view.head) is not None


def _kind(head: bytes) -> str | None:
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bz2"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    if head.startswith(b"\x04\x22\x4d\x18"):
        return "lz4"
    if len(head) > 2 and head[0] == 0x78 and (head[0] * 256 + head[1]) % 31 == 0:
        return "zlib" if _starts(zlib.decompressobj(), head) else None
    if head[:1] in (b"\x5d", b"\x6d") and head[1:3] == b"\0\0":
        return "lzma" if _starts(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY), head) else None
    return None


def _starts(machine: Any, head: bytes) -> bool:
    try:
        machine.decompress(head)
    except (zlib.error, lzma.LZMAError, ValueError):
        return False
    return True


def _machine(kind: str) -> Callable[[], Any]:
    if kind == "gz":
        return lambda: zlib.decompressobj(31)
    if kind == "zlib":
        return zlib.decompressobj
    if kind == "bz2":
        return bz2.BZ2Decompressor
    form = lzma.FORMAT_XZ if kind == "xz" else lzma.FORMAT_ALONE
    return lambda: lzma.LZMADecompressor(form, memlimit=MEMORY)


def examine(view: View, ground: Ground) -> bool:
    """Unpack and look within; what cannot be unpacked, or lies after the end, is a finding."""
    kind = str(_kind(view.head))
    if kind == "lz4":
        return _lz4(view, ground)
    state: dict[str, Any] = {}
    data = ground.unpacked(_chunks(view, _machine(kind), kind, state), view.size)
    good = ground.examine(view.inside(data))
    if state.get("error"):
        return ground.not_understood(
            view, f"it cannot be unpacked to its end ({state['error']})", offset=state["at"]
        )
    if state.get("rest"):
        ground.find(
            "trailing_bytes",
            Severity.HIGH,
            f"{view.place} goes on for {state['rest']:,} bytes after its compressed data ends.",
            view,
            remedy="ask who made the file what they are",
        )
        ground.skip(view.place, "bytes after the compressed data")
        return False
    return good


def _chunks(view: View, make: Callable[[], Any], kind: str, state: dict[str, Any]) -> Iterator[bytes]:
    """Give what comes out, at most ``CHUNK`` at a time; several streams one after the other are one."""
    at, machine, pending, step = 0, make(), b"", FIRST
    while True:
        if not pending and at < view.size and (kind in ("gz", "zlib") or machine.needs_input):
            pending = bytes(view.data[at : at + step])
            at += len(pending)
            step = min(CHUNK, 4 * step)
        state["at"] = at
        try:
            out = machine.decompress(pending, CHUNK)
        except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError) as error:
            state["error"] = str(error)[:100]
            return
        pending = machine.unconsumed_tail if kind in ("gz", "zlib") else b""
        if out:
            yield out
        if machine.eof:
            at -= len(machine.unused_data)
            left = bytes(view.data[at : at + 512])
            if not left.strip(b"\0") and not bytes(view.data[at : at + CHUNK]).strip(b"\0"):
                return
            if _kind(left) != kind:
                state["rest"] = view.size - at
                return
            machine, pending, step = make(), b"", FIRST
        elif not out and not pending and at >= view.size:
            state["error"] = "it is cut short"
            return


def _lz4(view: View, ground: Ground) -> bool:
    from assay.checks.model.scan import zstd

    state: dict[str, Any] = {}
    data = ground.unpacked(zstd.chunks(view, 0, "lz4", state), view.size)
    good = ground.examine(view.inside(data))
    if state.get("error"):
        return ground.not_understood(view, f"it cannot be unpacked to its end ({state['error']})")
    return good
