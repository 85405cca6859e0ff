"""What both machines, the one in Python and the compiled one, walk with: the file, the judge, and the report."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Any

from assay.methods.pickles.calls import Calls
from assay.methods.pickles.names import Names
from assay.methods.pickles.opcodes import NAMES, Buffer, line_end
from assay.methods.pickles.values import text_of
from assay.methods.pickles.walk import Broken, Walk

STACK_LIMIT = 8_000_000
TABLE_LIMIT = 200_000
HELD_LIMIT = 1_000_000  # in Python; the compiled loop holds six times as many in as much memory
CAPTURE_LIMIT = 200_000
MEMO_LIMIT = 1 << 26
MEMO_GAP = 1 << 16
SLICE = 1 << 20
DEPTH_LIMIT = 16
NESTED_LIMIT = 10_000
_NAME_LIMIT = 4096
_RELEASED = 8 << 20


class Setting:
    """The file and what is found in it. at: the opcode under way; tick: asked now and then whether to stop.

    depth: how many object arrays of joblib it lies within, each of which is a pickle of its own.
    """

    def __init__(
        self, data: Buffer, start: int, end: int, names: Names, *, arrays: bool = True, depth: int = 0
    ) -> None:
        self.data, self.at, self.end, self.arrays, self.depth = data, start, end, arrays, depth
        self.report = Walk(start, start)
        self.calls = Calls(data, names)
        self.ticks: Callable[[int], bool] | None = None
        self._read = start - start % mmap.ALLOCATIONGRANULARITY

    def run(self) -> None:
        """Walk to STOP; Broken, IndexError or OverflowError where that cannot be done."""
        raise NotImplementedError

    def walked(self, tick: Callable[[int], bool] | None) -> Walk:
        """Walk, and return what was found until the end, or until it could not be followed."""
        report, self.ticks = self.report, tick
        try:
            self.run()
        except Broken as error:
            report.error = str(error)
            self.at = self.at if error.at is None else error.at
        except (IndexError, OverflowError):
            report.error = "it ends in the middle of an opcode or takes more from its stack than lies there"
        report.end = min(self.at, self.end)
        if report.complete:
            self.calls.account()
        report.hits = self.calls.hits
        return report

    # ---- what the commonest loop hands over

    def tick(self, at: int) -> None:
        """Broken when the walk is to stop. What was walked over of a mapped file need not stay in memory."""
        if self.ticks is not None and self.ticks(at):
            self.report.stopped = True
            raise Broken("the walk was stopped")
        if at - self._read >= _RELEASED and isinstance(self.data, mmap.mmap):
            until = at - at % mmap.ALLOCATIONGRANULARITY
            self.data.madvise(mmap.MADV_DONTNEED, self._read, until - self._read)
            self._read = until

    def nested(self, begin: int, stop: int) -> None:
        """Note bytes that look like a pickle."""
        if len(self.report.nested) < NESTED_LIMIT:
            self.report.nested.append((begin, stop))

    def persistent(self, value: Any, at: int) -> None:
        """Note a persistent id."""
        if self.report.persistent_at < 0:
            self.report.persistent_at = at
        if len(self.report.persistent) < TABLE_LIMIT:
            self.report.persistent.append(value)

    def named(self, at: int) -> tuple[Any, int]:
        """Return what GLOBAL names, and where the next opcode stands."""
        module, name, after = self.two_lines(at)
        return self.calls.resolve(module, name, at, "GLOBAL"), after

    def computed(self, module: Any, name: Any, at: int) -> Any:
        """Return what STACK_GLOBAL names."""
        texts = text_of(module, self.data), text_of(name, self.data)
        if texts[0] is None or texts[1] is None:
            return self.calls.computed_name(module, name, at)
        return self.calls.resolve(texts[0], texts[1], at, "STACK_GLOBAL")

    def extension(self, at: int) -> Any:
        """Return what an extension code stands for."""
        width = {0x82: 1, 0x83: 2, 0x84: 4}[self.data[at]]
        code = int.from_bytes(self.data[at + 1 : at + 1 + width], "little")
        return self.calls.extension(code, at, NAMES[self.data[at]])

    def two_lines(self, at: int) -> tuple[str, str, int]:
        """Return the module and the name that GLOBAL or INST holds, and where the next opcode stands."""
        found = []
        place = at + 1
        for _ in range(2):
            stop = line_end(self.data, place, self.end)
            if stop - place > _NAME_LIMIT:
                raise Broken(f"the name of a module is longer than {_NAME_LIMIT:,} bytes")
            found.append(bytes(self.data[place:stop]).decode("utf-8", "replace"))
            place = stop + 1
        return found[0], found[1], place

    def index(self, at: int) -> tuple[int, int]:
        """Return where the line of a GET or PUT ends, and the index it holds."""
        stop = line_end(self.data, at + 1, min(self.end, at + 32))
        try:
            index = int(bytes(self.data[at + 1 : stop]))
        except ValueError:
            raise Broken(f"{NAMES[self.data[at]]} with an index that is no number") from None
        if index < 0:
            raise Broken(f"{NAMES[self.data[at]]} with a negative index")
        return stop, index

    # ---- joblib

    def array(self, state: Any, at: int, frame_end: int, aliased: bool) -> int:
        """Step over the raw array that joblib writes after a wrapper; a pickle of its own for object arrays."""
        if at < frame_end:
            raise Broken("a joblib array that begins inside a frame")
        extent = None if aliased else self.calls.extent(state)
        if extent is None:
            raise Broken("a joblib array whose size cannot be read")
        size, objects, aligned = extent
        self.report.arrays += 1
        if objects:
            return self._inner(at)
        if aligned:
            at += 1 + self.data[at]
        if at + size > self.end:
            raise Broken("a joblib array is longer than the file")
        return at + size

    def _inner(self, at: int) -> int:
        """Walk the pickle that stands inside this one."""
        if self.depth >= DEPTH_LIMIT:
            raise Broken(f"object arrays lie within one another more than {DEPTH_LIMIT} deep")
        inner = type(self)(self.data, at, self.end, self.calls.names, depth=self.depth + 1).walked(self.ticks)
        self.calls.hits.extend(inner.hits)
        self.report.persistent.extend(inner.persistent)
        self.report.nested.extend(inner.nested)
        self.report.opcodes += inner.opcodes
        self.report.shared += inner.shared
        self.report.stopped = self.report.stopped or inner.stopped
        if not inner.complete:
            raise Broken(inner.error, at=inner.end)
        return inner.end
