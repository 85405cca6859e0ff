"""The symbolic pickle machine: it walks every opcode with a stack and a memo of its own, and runs nothing.

Its memory does not grow with the data: constants stay in the file, containers are forgotten, the memo takes
eight bytes an entry. Where it cannot follow, it stops and says so; what was met before that still counts.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from assay.methods.pickles.calls import Calls
from assay.methods.pickles.hits import Hit
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
from assay.methods.pickles.values import Bag, Tup, text_of

STACK_LIMIT = 8_000_000
TABLE_LIMIT = 200_000
MEMO_GAP = 1 << 16
NESTED_LIMIT = 10_000
CAPTURE_LIMIT = 200_000
SLICE = 1 << 20
_ABSENT, _PLAIN = -1, 0


class Broken(Exception):
    """The stream is not a pickle from here on."""


@dataclass
class Walk:
    """What one pickle holds. end: where it ended or could not be followed; complete: whether it reached STOP.

    arrays: raw arrays stepped over (joblib). nested: (start, end) of bytes that look like pickles themselves.
    persistent: the persistent ids it asks for, as values.
    """

    start: int
    end: int
    complete: bool = False
    error: str = ""
    opcodes: int = 0
    hits: list[Hit] = field(default_factory=list)
    result: Any = None
    persistent: list[Any] = field(default_factory=list)
    nested: list[tuple[int, int]] = field(default_factory=list)
    arrays: int = 0
    stopped: bool = False


def walk(
    data: Buffer,
    start: int,
    end: int,
    names: Names,
    *,
    arrays: bool = True,
    tick: Callable[[int], bool] | None = None,
) -> Walk:
    """Walk the pickle that begins at ``start``.

    arrays: step over the raw bytes that joblib writes after a NumpyArrayWrapper. tick: called with the place now
    and then; the walk ends when it returns True.
    """
    machine = _Machine(data, start, end, names, arrays)
    report = machine.report
    try:
        machine.run(tick)
    except Broken as error:
        report.error = str(error)
    except (IndexError, OverflowError):
        report.error = "it ends in the middle of an opcode or takes more from its stack than lies there"
    report.end = min(machine.at, end)
    report.hits = machine.calls.hits
    return report


class _Machine:
    def __init__(self, data: Buffer, start: int, end: int, names: Names, arrays: bool) -> None:
        self.data, self.at, self.end, self.arrays = data, start, end, arrays
        self.report = Walk(start, start)
        self.calls = Calls(data, names)
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo = array("q")
        self.far: dict[int, int] = {}
        self.filled = 0
        self.table: list[Any] = []
        self.captured = 0
        self.frame_end = start

    # ---- the loop

    def run(self, tick: Callable[[int], bool] | None) -> None:
        """Walk to STOP. The commonest opcodes are handled here, the others in _rare."""
        data, end, stack, marks, memo = self.data, self.end, self.stack, self.marks, self.memo
        fixed, table = FIXED, self.table
        i = self.at
        while i < end:
            pause = min(end, i + SLICE)
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
                    if self.filled != len(memo) or self.far:
                        self._put(self.filled, top)
                    else:
                        memo.append(
                            _PLAIN if top is None else top + 1 if type(top) is int else self._keep(top)
                        )
                        self.filled += 1
                    i += 1
                elif op == 0x68:  # BINGET
                    n = data[i + 1]
                    v = memo[n] if n < len(memo) else _ABSENT
                    if v > 0:
                        stack.append(v - 1)
                    elif v == _PLAIN:
                        stack.append(None)
                    elif v == _ABSENT:
                        stack.append(self._get(n))
                    else:
                        stack.append(table[-v - 2])
                    i += 2
                elif op == 0x8C:  # SHORT_BINUNICODE
                    stack.append(i)
                    i += 2 + data[i + 1]
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
                    top = stack[n - 1]
                    if (top is None or type(top) is Bag) and (
                        self.captured < CAPTURE_LIMIT or self._wanted(n)
                    ):
                        stack[n - 1] = self._more(top, op, stack[n:])
                    del stack[n:]
                    i += 1
                elif op == 0x71 or op == 0x72:  # BINPUT, LONG_BINPUT
                    n = data[i + 1] if op == 0x71 else int.from_bytes(data[i + 1 : i + 5], "little")
                    if len(stack) <= (marks[-1] if marks else 0):
                        raise Broken(f"{NAMES[op]} with nothing on the stack")
                    self._put(n, stack[-1])
                    i += 2 if op == 0x71 else 5
                elif op == 0x58:  # BINUNICODE
                    stack.append(i)
                    i += 5 + int.from_bytes(data[i + 1 : i + 5], "little")
                elif op == 0x2E:  # STOP
                    if len(stack) <= (marks[-1] if marks else 0):
                        raise Broken("STOP with nothing on the stack")
                    self.at = i + 1
                    self.report.result = stack[-1]
                    self.report.complete = True
                    return
                else:
                    i = self._rare(op, i)
                self.report.opcodes += 1
            if i > end:
                self.at = end
                raise Broken("it ends in the middle of a value")
            if len(stack) > STACK_LIMIT:
                raise Broken(f"its stack grows past {STACK_LIMIT:,} values")
            if tick is not None and tick(i):
                self.report.stopped = True
                raise Broken("the walk was stopped")
        self.at = end
        raise Broken("it ends without a STOP")

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
        handler = _HANDLERS.get(op)
        if handler is None:
            raise Broken(f"byte 0x{op:02x} is not an opcode")
        return handler(self, i)

    # ---- the stack

    def _fence(self) -> int:
        return self.marks[-1] if self.marks else 0

    def _need(self, count: int, op: str) -> None:
        if len(self.stack) - self._fence() < count:
            raise Broken(f"{op} takes more from the stack than lies there")

    def _pop(self, op: str) -> Any:
        self._need(1, op)
        return self.stack.pop()

    def _to_mark(self, op: str) -> list[Any]:
        if not self.marks:
            raise Broken(f"{op} without a mark")
        at = self.marks.pop()
        items = self.stack[at:]
        del self.stack[at:]
        return items

    def _wanted(self, at: int) -> bool:
        """Whether the dict below ``at`` is the state of something whose state must be known."""
        below = self.stack[at - 2] if at - 2 >= 0 else None
        return self.calls.is_wrapper(below)

    def _more(self, top: Any, op: int, items: list[Any]) -> Any:
        bag = top if type(top) is Bag else Bag({0x75: "dict", 0x65: "list", 0x90: "set"}[op])
        bag.add(items)
        self.captured += 1
        return bag

    # ---- the memo

    def _keep(self, value: Any) -> int:
        """Return the memo code of a value that is no constant."""
        if type(value) is Bag:
            return _PLAIN
        if type(value) is Tup:
            if len(self.table) >= TABLE_LIMIT:
                if value.plain:
                    return _PLAIN
                return self._keep(self.calls.forgotten)
            self.table.append(value)
            return -(len(self.table) + 1)
        if value.slot < 0:
            if len(self.table) >= 2 * TABLE_LIMIT and value is not self.calls.forgotten:
                return self._keep(self.calls.forgotten)
            self.table.append(value)
            value.slot = len(self.table) - 1
        return -(int(value.slot) + 2)

    def _put(self, at: int, value: Any) -> None:
        code = _PLAIN if value is None else value + 1 if type(value) is int else self._keep(value)
        memo = self.memo
        if at >= len(memo):
            if at - len(memo) > MEMO_GAP or at in self.far:
                if len(self.far) > TABLE_LIMIT:
                    raise Broken("its memo is scattered too widely to follow")
                self.filled += at not in self.far
                self.far[at] = code
                return
            memo.extend(array("q", [_ABSENT]) * (at - len(memo) + 1))
        self.filled += memo[at] == _ABSENT
        memo[at] = code

    def _get(self, at: int) -> Any:
        code = self.memo[at] if at < len(self.memo) else _ABSENT
        if code == _ABSENT:
            code = self.far.get(at, _ABSENT)
        if code == _ABSENT:
            raise Broken(f"memo entry {at} was never put")
        if code == _PLAIN:
            return None
        return code - 1 if code > 0 else self.table[-code - 2]

    # ---- the less common opcodes; each returns where the next one stands

    def _maybe_nested(self, begin: int, size: int) -> None:
        first, data = data_at(self.data, begin, self.end), self.data
        stop = begin + size
        if stop > self.end or len(self.report.nested) >= NESTED_LIMIT:
            return
        if (first == 0x80 and data[begin + 1] <= 5) or (first in b"c(i]}" and data[stop - 1] == 0x2E):
            self.report.nested.append((begin, stop))

    def proto(self, i: int) -> int:
        version = self.data[i + 1]
        if version > 5:
            raise Broken(f"protocol {version} does not exist")
        self.calls.protocol = version
        return i + 2

    def frame(self, i: int) -> int:
        size = int.from_bytes(self.data[i + 1 : i + 9], "little")
        if i + 9 + size > self.end:
            raise Broken("a frame is longer than the file")
        self.frame_end = i + 9 + size
        return i + 9

    def pop(self, i: int) -> int:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self._pop("POP")
        return i + 1

    def pop_mark(self, i: int) -> int:
        self._to_mark("POP_MARK")
        return i + 1

    def dup(self, i: int) -> int:
        self._need(1, "DUP")
        self.stack.append(self.stack[-1])
        return i + 1

    def tuple_(self, i: int) -> int:
        self.stack.append(Tup(self._to_mark("TUPLE")))
        return i + 1

    def tuple_n(self, i: int) -> int:
        count = self.data[i] - 0x84
        self._need(count, NAMES[self.data[i]])
        items = self.stack[-count:]
        del self.stack[-count:]
        self.stack.append(Tup(items))
        return i + 1

    def container(self, i: int) -> int:
        op = self.data[i]
        items = self._to_mark(NAMES[op])
        kind = {0x6C: 0x65, 0x64: 0x75, 0x91: 0x90}[op]
        keep = bool(items) and self.captured < CAPTURE_LIMIT
        self.stack.append(self._more(None, kind, items) if keep else None)
        return i + 1

    def append(self, i: int) -> int:
        self._need(2, "APPEND")
        item = self.stack.pop()
        self._add(0x65, [item])
        return i + 1

    def setitem(self, i: int) -> int:
        self._need(3, "SETITEM")
        item = self.stack.pop()
        key = self.stack.pop()
        self._add(0x75, [key, item])
        return i + 1

    def _add(self, op: int, items: list[Any]) -> None:
        top = self.stack[-1]
        if (top is None or type(top) is Bag) and (
            self.captured < CAPTURE_LIMIT or self._wanted(len(self.stack))
        ):
            self.stack[-1] = self._more(top, op, items)

    def get(self, i: int) -> int:
        stop, at = self._index(i)
        self.stack.append(self._get(at))
        return stop + 1

    def long_get(self, i: int) -> int:
        self.stack.append(self._get(int.from_bytes(self.data[i + 1 : i + 5], "little")))
        return i + 5

    def put(self, i: int) -> int:
        stop, at = self._index(i)
        self._need(1, "PUT")
        self._put(at, self.stack[-1])
        return stop + 1

    def _index(self, i: int) -> tuple[int, int]:
        stop = line_end(self.data, i + 1, min(self.end, i + 32))
        try:
            at = int(bytes(self.data[i + 1 : stop]))
        except ValueError:
            raise Broken(f"{NAMES[self.data[i]]} with an index that is no number") from None
        if at < 0:
            raise Broken(f"{NAMES[self.data[i]]} with a negative index")
        return stop, at

    def _two_lines(self, i: int) -> tuple[str, str, int]:
        found = []
        at = i + 1
        for _ in range(2):
            stop = line_end(self.data, at, self.end)
            if stop - at > 4096:
                raise Broken("the name of a module is longer than 4,096 bytes")
            found.append(bytes(self.data[at:stop]).decode("utf-8", "replace"))
            at = stop + 1
        return found[0], found[1], at

    def global_(self, i: int) -> int:
        module, name, after = self._two_lines(i)
        self.stack.append(self.calls.resolve(module, name, i, "GLOBAL"))
        return after

    def stack_global(self, i: int) -> int:
        name, module = self._pop("STACK_GLOBAL"), self._pop("STACK_GLOBAL")
        texts = text_of(module, self.data), text_of(name, self.data)
        if texts[0] is None or texts[1] is None:
            self.stack.append(self.calls.computed_name(module, name, i))
        else:
            self.stack.append(self.calls.resolve(texts[0], texts[1], i, "STACK_GLOBAL"))
        return i + 1

    def inst(self, i: int) -> int:
        module, name, after = self._two_lines(i)
        args = Tup(self._to_mark("INST"))
        self.stack.append(self.calls.call(self.calls.resolve(module, name, i, "INST"), args, i, "INST"))
        return after

    def obj(self, i: int) -> int:
        items = self._to_mark("OBJ")
        if not items:
            raise Broken("OBJ without a class")
        self.stack.append(self.calls.call(items[0], Tup(items[1:]), i, "OBJ"))
        return i + 1

    def reduce(self, i: int) -> int:
        self._need(2, "REDUCE")
        args, callable_ = self.stack.pop(), self.stack.pop()
        self.stack.append(self.calls.call(callable_, args, i, "REDUCE"))
        return i + 1

    def newobj(self, i: int) -> int:
        self._need(2, "NEWOBJ")
        args, cls = self.stack.pop(), self.stack.pop()
        self.stack.append(self.calls.call(cls, args, i, "NEWOBJ"))
        return i + 1

    def newobj_ex(self, i: int) -> int:
        self._need(3, "NEWOBJ_EX")
        _, args, cls = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.stack.append(self.calls.call(cls, args, i, "NEWOBJ_EX"))
        return i + 1

    def build(self, i: int) -> int:
        self._need(2, "BUILD")
        state = self.stack.pop()
        top = self.stack[-1]
        self.calls.build(top, state, i)
        if self.calls.is_wrapper(top) and self.arrays:
            return self._array(state, i + 1)
        return i + 1

    def ext(self, i: int) -> int:
        width = {0x82: 1, 0x83: 2, 0x84: 4}[self.data[i]]
        code = int.from_bytes(self.data[i + 1 : i + 1 + width], "little")
        self.stack.append(self.calls.extension(code, i, NAMES[self.data[i]]))
        return i + 1 + width

    def persid(self, i: int) -> int:
        stop = line_end(self.data, i + 1, self.end)
        self._persistent(None, i)
        return stop + 1

    def binpersid(self, i: int) -> int:
        self._persistent(self._pop("BINPERSID"), i)
        return i + 1

    def _persistent(self, value: Any, i: int) -> None:
        if len(self.report.persistent) < TABLE_LIMIT:
            self.report.persistent.append(value)
        self.stack.append(None)

    def buffer(self, i: int) -> int:
        self.stack.append(None)
        return i + 1

    def readonly(self, i: int) -> int:
        self._need(1, "READONLY_BUFFER")
        return i + 1

    # ---- joblib

    def _array(self, state: Any, i: int) -> int:
        """Step over the raw array that joblib writes after a wrapper; a pickle of its own for object arrays."""
        if i < self.frame_end:
            raise Broken("a joblib array that begins inside a frame")
        extent = self.calls.extent(state)
        if extent is None:
            raise Broken("a joblib array whose size cannot be read")
        size, objects, aligned = extent
        self.report.arrays += 1
        self.stack[-1] = None
        if objects:
            inner = walk(self.data, i, self.end, self.calls.names)
            self.calls.hits.extend(inner.hits)
            self.report.persistent.extend(inner.persistent)
            self.report.nested.extend(inner.nested)
            self.report.opcodes += inner.opcodes
            if not inner.complete:
                self.at = inner.end
                raise Broken(inner.error)
            return inner.end
        if aligned:
            i += 1 + self.data[i]
        if i + size > self.end:
            raise Broken("a joblib array is longer than the file")
        return i + size


def data_at(data: Buffer, at: int, end: int) -> int:
    """Return the byte at ``at``, or -1 beyond the end."""
    return data[at] if at < end else -1


_HANDLERS: dict[int, Callable[[_Machine, int], int]] = {
    0x80: _Machine.proto, 0x95: _Machine.frame, 0x30: _Machine.pop, 0x31: _Machine.pop_mark, 0x32: _Machine.dup,
    0x74: _Machine.tuple_, 0x85: _Machine.tuple_n, 0x86: _Machine.tuple_n, 0x87: _Machine.tuple_n,
    0x6C: _Machine.container, 0x64: _Machine.container, 0x91: _Machine.container, 0x61: _Machine.append,
    0x73: _Machine.setitem, 0x67: _Machine.get, 0x6A: _Machine.long_get, 0x70: _Machine.put,
    0x63: _Machine.global_, 0x93: _Machine.stack_global, 0x69: _Machine.inst, 0x6F: _Machine.obj,
    0x52: _Machine.reduce, 0x81: _Machine.newobj, 0x92: _Machine.newobj_ex, 0x62: _Machine.build,
    0x82: _Machine.ext, 0x83: _Machine.ext, 0x84: _Machine.ext, 0x50: _Machine.persid, 0x51: _Machine.binpersid,
    0x97: _Machine.buffer, 0x98: _Machine.readonly,
}  # fmt: skip
