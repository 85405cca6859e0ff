"""The symbolic pickle machine: it walks every opcode with a stack and a memo of its own, and runs nothing.

Its loop stands here in Python, and once more compiled (compiled.py), which is used where it was built. Its memory does not grow with the data: constants stay in the file, containers are forgotten, the memo takes
eight bytes an entry. Where it cannot follow, it stops and says so; what was met before that still counts.
"""

from __future__ import annotations

from collections.abc import Callable

from assay.methods.pickles.compiled import Swift, built
from assay.methods.pickles.names import Names
from assay.methods.pickles.opcodes import (
    BYTES,
    FIXED,
    LINES,
    LONG_LENGTH,
    NAMES,
    SHORT,
    Buffer,
    line_end,
    number_line,
)
from assay.methods.pickles.rare import HANDLERS
from assay.methods.pickles.setting import MEMO_LIMIT, SLICE, STACK_LIMIT
from assay.methods.pickles.state import ABSENT, PLAIN, State
from assay.methods.pickles.walk import Broken, Walk


def walk(
    data: Buffer,
    start: int,
    end: int,
    names: Names,
    *,
    arrays: bool = True,
    tick: Callable[[int], bool] | None = None,
    python: bool = False,
) -> Walk:
    """Walk the pickle that begins at ``start``.

    arrays: step over the raw bytes that joblib writes after a NumpyArrayWrapper. tick: called with the place now
    and then; the walk ends when it returns True. python: by the loop in Python, even where the compiled one was built.
    """
    kind = Machine if python or built() is None else Swift
    return kind(data, start, end, names, arrays=arrays).walked(tick)


class Machine(State):
    """The loop over a State."""

    def run(self) -> None:
        """Walk to STOP, with a pause now and then to see how large what is held has grown."""
        end = self.end
        while self.at < end:
            if self._stretch(min(end, self.at + SLICE)):
                return
            if self.at > end:
                self.at = end
                raise Broken("it ends in the middle of a value")
            if len(self.stack) + len(self.marks) > STACK_LIMIT:
                raise Broken(f"its stack grows past {STACK_LIMIT:,} values")
            self.tick(self.at)
        raise Broken("it ends without a STOP")

    def _stretch(self, pause: int) -> bool:
        """Walk to a pause, or to STOP; gives whether it was reached. The commonest opcodes are handled here."""
        data, stack, marks, memo = self.data, self.stack, self.marks, self.memo
        fixed, table, i, opcodes = FIXED, self.table, self.at, 0
        try:
            while i < pause:
                self.at = i
                op = data[i]
                n = fixed[op]
                if n:  # a constant of fixed length
                    stack.append(i)
                    i += n
                elif op == 0x94:  # MEMOIZE
                    if len(stack) <= (marks[-1] if marks else 0):
                        raise Broken("MEMOIZE with nothing on the stack")
                    top = stack[-1]
                    if self.filled != len(memo) or self.far or self.filled >= MEMO_LIMIT:
                        self.put(self.filled, top)
                    else:
                        memo.append(PLAIN if top is None else top + 1 if type(top) is int else self.keep(top))
                        self.filled += 1
                    i += 1
                elif op == 0x68:  # BINGET
                    n = data[i + 1]
                    v = memo[n] if n < len(memo) else ABSENT
                    stack.append(v - 1 if v > 0 else self.got(v, n, table))
                    i += 2
                elif op == 0x8C:  # SHORT_BINUNICODE
                    stack.append(i)
                    i += 2 + data[i + 1]
                elif op == 0x58:  # BINUNICODE
                    stack.append(i)
                    i += 5 + int.from_bytes(data[i + 1 : i + 5], "little")
                elif op == 0x28:  # MARK
                    marks.append(len(stack))
                    i += 1
                elif op == 0x7D or op == 0x5D or op == 0x8F:  # EMPTY_DICT, EMPTY_LIST, EMPTY_SET
                    stack.append(None)
                    i += 1
                elif op == 0x75 or op == 0x65 or op == 0x90:  # SETITEMS, APPENDS, ADDITEMS
                    n = marks.pop()
                    if n <= (marks[-1] if marks else 0):
                        raise Broken(f"{NAMES[op]} with no container below its mark")
                    self.fill(op, n)
                    i += 1
                elif op == 0x2E:  # STOP
                    return self._stop(i)
                else:
                    i = self._rare(op, i)
                opcodes += 1
        finally:
            self.report.opcodes += opcodes
        self.at = i
        return False

    def _stop(self, i: int) -> bool:
        if len(self.stack) <= self.fence():
            raise Broken("STOP with nothing on the stack")
        self.at = i + 1
        if self.frame_end > i + 1:  # a reader of files goes on after the frame, another after the STOP
            raise Broken("its frame goes on after its STOP")
        self.report.result = self.stack[-1]
        self.report.complete = True
        return True

    def _rare(self, op: int, i: int) -> int:
        """Carry out one of the less common opcodes and return where the next one stands."""
        data, stack = self.data, self.stack
        if op in SHORT or op in LONG_LENGTH:
            width = LONG_LENGTH.get(op, 1)
            size = int.from_bytes(data[i + 1 : i + 1 + width], "little")
            if op == 0x8B and size >= 1 << 31:
                raise Broken("LONG4 with a negative length")
            if op == 0x54 and size >= 1 << 31:
                raise Broken("BINSTRING with a negative length")
            begin = i + 1 + width
            if op in BYTES and size > 3:
                self._maybe_nested(begin, size)
            if begin + size > self.end:
                raise Broken(f"{NAMES[op]} is longer than the file")
            stack.append(i)
            return begin + size
        if op in LINES:
            stop = line_end(data, i + 1, self.end)
            if stop == self.end:
                raise Broken(f"{NAMES[op]} without an end of line")
            if op in (0x46, 0x49, 0x4C) and not number_line(data, i, stop, op):
                raise Broken(f"{NAMES[op]} that is not a number")
            stack.append(i)
            return stop + 1
        handler = HANDLERS.get(op)
        if handler is None:
            raise Broken(f"byte 0x{op:02x} is not an opcode")
        return handler(self, i)

    def _maybe_nested(self, begin: int, size: int) -> None:
        data, stop = self.data, begin + size
        if stop > self.end:
            return
        first = data[begin]
        if (first == 0x80 and data[begin + 1] <= 5) or (first in b"c(i]}" and data[stop - 1] == 0x2E):
            self.nested(begin, stop)
