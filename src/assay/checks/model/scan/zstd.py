"""Zstandard, unpacked within a bound; what comes out is examined. Skippable frames are told: they hold what no reader shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_MAGIC = b"\x28\xb5\x2f\xfd"
CHUNK = 1 << 20
_AGAIN = 64 << 20


def sniff(view: View) -> bool:
    """The mark of a frame, or of one to skip."""
    return view.head.startswith(_MAGIC) or (
        view.head[1:4] == b"\x2a\x4d\x18" and 0x50 <= view.head[0] <= 0x5F
    )


class _Part:
    """A view's bytes as a file, from a place on."""

    def __init__(self, view: View, at: int) -> None:
        self.view, self.at, self.closed = view, at, False

    def close(self) -> None:
        """Nothing is held."""
        self.closed = True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        end = self.view.size if size < 0 else min(self.view.size, self.at + size)
        out = bytes(self.view.data[self.at : end])
        self.at = end
        return out


def examine(view: View, ground: Ground) -> bool:
    """Step over what is to be skipped, and unpack."""
    at = 0
    while view.size >= at + 8 and view.data[at + 1 : at + 4] == b"\x2a\x4d\x18":
        size = int.from_bytes(view.data[at + 4 : at + 8], "little")
        held = bytes(view.data[at + 8 : at + 8 + min(size, 1 << 20)])
        if held.strip(b"\0"):
            ground.find(
                "trailing_bytes",
                Severity.MEDIUM,
                f"{view.place} holds {size:,} bytes that a reader skips.",
                view,
                offset=at,
            )
        at += 8 + size
    if bytes(view.data[at : at + 4]) != _MAGIC:
        return ground.not_understood(view, "no frame follows what is to be skipped", offset=at)
    state: dict[str, Any] = {}
    data = ground.unpacked(chunks(view, at, "zstd", state), view.size)
    good = ground.examine(view.inside(data))
    if state.get("error"):
        return ground.not_understood(view, f"it cannot be unpacked to its end ({state['error']})")
    return good


def chunks(view: View, at: int, kind: str, state: dict[str, Any]) -> Iterator[bytes]:
    """Give what comes out of a stream that Arrow knows to unpack; what goes wrong is kept in ``state``."""
    import pyarrow as pa

    done, size = 0, CHUNK
    while size:
        try:
            with pa.CompressedInputStream(pa.PythonFile(_Part(view, at), mode="r"), kind) as stream:
                if done:
                    stream.read(done)
                while chunk := stream.read(size):
                    done += len(chunk)
                    yield chunk
            return
        except (OSError, pa.ArrowException, ValueError) as error:
            state["error"] = ascii(str(error))[1:-1][:100]
        # a read that fails gives nothing of what it had: it is asked for less, up to the place that is broken
        size = size // 8 if done < _AGAIN else 0
