"""How large plain data would be if what is shared in it stood there as often as it is used: a billion laughs by memo.

Ten lists, each of ten times the one before, are 200 bytes and ten small objects; whatever prints, hashes, compares or
copies them meets ten billion. A walk that fetched containers from its memo often enough is made once more here, with
the size of each container instead of its contents. The size of a container is one and the sizes of its items; what is
called or made counts as one.
"""

from __future__ import annotations

from typing import Any

from assay.methods.pickles.opcodes import FIXED, LINES, LONG_LENGTH, SHORT, Buffer, line_end

FETCHES = 45  # fewer shared containers make no hundred million: 3 of 3 of 3 ... is the steepest
OPCODES = 2_000_000
SIZE = 1e8
_MOST = 1e300
_ADDS = {0x61: 1, 0x73: 2}
_FILLS = frozenset({0x65, 0x75, 0x90})
_EMPTY = frozenset({0x5D, 0x7D, 0x8F})
_WHOLE = frozenset({0x74, 0x6C, 0x64, 0x91})


def expanded(data: Buffer, start: int, end: int) -> tuple[float, int]:
    """Return the size of the largest container of a complete pickle, and where it was filled."""
    return _Laughs(data, start, end).measured()


class _Laughs:
    """A stack of sizes: a number for what cannot change, a list of one number for what can."""

    def __init__(self, data: Buffer, start: int, end: int) -> None:
        self.data, self.at, self.end = data, start, end
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.largest, self.where = 0.0, start

    def measured(self) -> tuple[float, int]:
        """Walk to STOP, or to what cannot be followed."""
        try:
            while self.at < self.end and self.data[self.at] != 0x2E:
                self.at = self.step(self.data[self.at], self.at)
        except (IndexError, KeyError, ValueError):
            pass
        return self.largest, self.where

    def step(self, op: int, i: int) -> int:
        """Carry out an opcode and return where the next one stands."""
        data, stack = self.data, self.stack
        if FIXED[op]:
            stack.append(1.0)
            return i + FIXED[op]
        if op in SHORT or op in LONG_LENGTH:
            width = LONG_LENGTH.get(op, 1)
            stack.append(1.0)
            return i + 1 + width + int.from_bytes(data[i + 1 : i + 1 + width], "little")
        if op in LINES or op == 0x50:
            stack.append(1.0)
            return line_end(data, i + 1, self.end) + 1
        if op in _EMPTY:
            stack.append([1.0])
        elif op == 0x28:
            self.marks.append(len(stack))
        elif op in _FILLS:
            self.add(self.taken(), i)
        elif op in _ADDS:
            items = stack[-_ADDS[op] :]
            del stack[-_ADDS[op] :]
            self.add(items, i)
        elif op in _WHOLE:
            size = self.sized(self.taken(), i)
            stack.append(size if op == 0x74 or op == 0x91 else [size])
        elif op in (0x85, 0x86, 0x87):
            items = stack[0x84 - op :]
            del stack[0x84 - op :]
            stack.append(self.sized(items, i))
        else:
            return self.rare(op, i)
        return i + 1

    def rare(self, op: int, i: int) -> int:
        """Carry out what moves values about, or makes one of others."""
        data, stack = self.data, self.stack
        if op in (0x71, 0x68):
            self.remember(data[i + 1], op == 0x71)
            return i + 2
        if op in (0x72, 0x6A):
            self.remember(int.from_bytes(data[i + 1 : i + 5], "little"), op == 0x72)
            return i + 5
        if op in (0x70, 0x67):
            stop = line_end(data, i + 1, self.end)
            self.remember(int(bytes(data[i + 1 : stop])), op == 0x70)
            return stop + 1
        if op in (0x63, 0x69):
            after = line_end(data, line_end(data, i + 1, self.end) + 1, self.end) + 1
            if op == 0x69:
                self.taken()
            stack.append(1.0)
            return after
        if op == 0x94:
            self.remember(len(self.memo), True)
        elif op == 0x32:
            stack.append(stack[-1])
        elif op == 0x30:
            if self.marks and self.marks[-1] == len(stack):
                self.marks.pop()
            else:
                stack.pop()
        elif op == 0x31:
            self.taken()
        elif op in (0x52, 0x81, 0x92, 0x93, 0x51):
            del stack[-{0x92: 3, 0x51: 1}.get(op, 2) :]
            stack.append(1.0)
        elif op == 0x6F:
            self.taken()
            stack.append(1.0)
        elif op == 0x62:
            stack.pop()
        elif op == 0x97:
            stack.append(1.0)
        return i + {0x80: 2, 0x95: 9, 0x82: 2, 0x83: 3, 0x84: 5}.get(op, 1)

    def taken(self) -> list[Any]:
        """Take what lies above the innermost mark."""
        at = self.marks.pop()
        items = self.stack[at:]
        del self.stack[at:]
        return items

    def sized(self, items: list[Any], i: int) -> float:
        """Return the size of a container of these."""
        size: float = min(_MOST, 1.0 + sum(v[0] if type(v) is list else v for v in items))
        if size > self.largest:
            self.largest, self.where = size, i
        return size

    def add(self, items: list[Any], i: int) -> None:
        """Add items to the container on top."""
        top = self.stack[-1]
        if type(top) is list:
            top[0] = min(_MOST, top[0] + self.sized(items, i) - 1.0)
            if top[0] > self.largest:
                self.largest, self.where = top[0], i

    def remember(self, at: int, put: bool) -> None:
        """Leave the topmost value in the memo, or fetch one."""
        if put:
            self.memo[at] = self.stack[-1]
        else:
            self.stack.append(self.memo[at])
