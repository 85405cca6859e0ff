"""What the pickle machine holds while it walks: a stack with its marks, and a memo of eight bytes an entry.

A constant lies in the file, so its place stands for it: an int on the stack, place + 1 in the memo. A container is
forgotten (None, and PLAIN in the memo) unless its contents may matter (a Bag). Tuples and callables are kept in a
table, and the memo holds -(slot + 2).
"""

from __future__ import annotations

import itertools
from array import array
from typing import Any

from assay.methods.pickles.names import Names
from assay.methods.pickles.opcodes import Buffer
from assay.methods.pickles.setting import (
    CAPTURE_LIMIT,
    HELD_LIMIT,
    MEMO_GAP,
    MEMO_LIMIT,
    TABLE_LIMIT,
    Setting,
)
from assay.methods.pickles.values import ALIAS, Bag, Computed, DType, Global, Instance, Tup
from assay.methods.pickles.walk import Broken

ABSENT, PLAIN = -1, 0


class State(Setting):
    """The stack and the memo of one walk. captured: how often Bags took items in."""

    def __init__(
        self, data: Buffer, start: int, end: int, names: Names, *, arrays: bool = True, depth: int = 0
    ) -> None:
        super().__init__(data, start, end, names, arrays=arrays, depth=depth)
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo = array("q")
        self.far: dict[int, int] = {}
        self.filled = 0
        self.table: list[Any] = []
        self.captured = 0
        self.room = HELD_LIMIT  # tuples and Bags that may be made until those held are counted
        self.aliased = False  # a container was changed under another of its names
        self.frame_end = start

    # ---- the stack

    def fence(self) -> int:
        """Return where the stack of the innermost mark begins."""
        return self.marks[-1] if self.marks else 0

    def need(self, count: int, op: str) -> None:
        """Raise Broken unless so many values lie above the innermost mark."""
        if len(self.stack) - self.fence() < count:
            raise Broken(f"{op} takes more from the stack than lies there")

    def pop(self, op: str) -> Any:
        """Take the topmost value."""
        self.need(1, op)
        return self.stack.pop()

    def to_mark(self, op: str) -> list[Any]:
        """Take the innermost mark and everything above it."""
        if not self.marks:
            raise Broken(f"{op} without a mark")
        at = self.marks.pop()
        items = self.stack[at:]
        del self.stack[at:]
        return items

    def wanted(self, at: int) -> bool:
        """Whether the dict below ``at`` is the state of something whose state must be known, or a dtype's fields."""
        below = self.stack[at - 2] if at - 2 >= 0 else None
        return type(below) is Tup or self.calls.is_wrapper(below)

    def tup(self, items: list[Any]) -> Tup:
        """Return a tuple of these."""
        self.room -= 1
        if self.room < 0:
            self.count()
        return Tup(items)

    def count(self) -> None:
        """Count the tuples and Bags that are held; Broken past what is followed. No more are made till the next count."""
        held: set[int] = set()
        todo: list[Any] = [
            v for v in itertools.chain(self.stack, self.table) if type(v) is Tup or type(v) is Bag
        ]
        while todo:
            one = todo.pop()
            if id(one) not in held:
                held.add(id(one))
                todo.extend(v for v in one.items if type(v) is Tup or type(v) is Bag)
        if len(held) > HELD_LIMIT:
            raise Broken("it holds more tuples and lists at once than are followed")
        self.room = HELD_LIMIT

    def more(self, top: Any, op: int, items: list[Any]) -> Any:
        """Return the container with items added; it becomes a Bag."""
        if type(top) is Bag:
            bag = top
        else:
            bag = Bag({0x75: "dict", 0x65: "list", 0x90: "set"}[op])
            self.room -= 1
            if self.room < 0:
                self.count()
        bag.add(items)
        self.captured += 1
        return bag

    def fill(self, op: int, at: int) -> None:
        """Add what lies from a place of the stack on to the container below it, where its contents may matter."""
        stack = self.stack
        top = stack[at - 1]
        self.look(top, op, stack[at:])
        if top is ALIAS:
            self.aliased = True
        if (top is None or type(top) is Bag) and (self.captured < CAPTURE_LIMIT or self.wanted(at)):
            stack[at - 1] = self.more(top, op, stack[at:])
        del stack[at:]

    def look(self, top: Any, op: int, items: list[Any]) -> None:
        """Look at what is filled that is no container, and at what a dict is given under names that are asked for."""
        kind = type(top)
        if kind is Instance or kind is Global or kind is Computed:
            self.calls.filled(top, self.at, op)
        if op != 0x75:
            return
        for at in range(1, len(items), 2):
            kind = type(items[at])
            if kind is Global or kind is Instance or kind is Computed or kind is DType:
                self.calls.keyed(items[at - 1], items[at], self.at)

    def add(self, op: int, items: list[Any]) -> None:
        """Add items to the container on top of the stack, where its contents may matter."""
        top = self.stack[-1]
        self.look(top, op, items)
        self.aliased = self.aliased or top is ALIAS
        if (top is None or type(top) is Bag) and (
            self.captured < CAPTURE_LIMIT or self.wanted(len(self.stack))
        ):
            self.stack[-1] = self.more(top, op, items)

    # ---- the memo

    def keep(self, value: Any) -> int:
        """Return the memo code of a value that is no constant."""
        if type(value) is Bag or value is ALIAS:
            return PLAIN
        if type(value) is Tup:
            if len(self.table) >= TABLE_LIMIT:
                if value.plain:
                    return PLAIN
                return self.keep(self.calls.forgotten)
            self.table.append(value)
            return -(len(self.table) + 1)
        if value.slot < 0:
            if len(self.table) >= 2 * TABLE_LIMIT and value is not self.calls.forgotten:
                return self.keep(self.calls.forgotten)
            self.table.append(value)
            value.slot = len(self.table) - 1
        return -(int(value.slot) + 2)

    def put(self, at: int, value: Any) -> None:
        """Leave a value in the memo."""
        code = PLAIN if value is None else value + 1 if type(value) is int else self.keep(value)
        memo = self.memo
        if at >= len(memo):
            if at - MEMO_GAP > 2 * self.filled or at in self.far:
                if len(self.far) > TABLE_LIMIT:
                    raise Broken("its memo is scattered too widely to follow")
                self.filled += at not in self.far
                self.far[at] = code
                return
            if at >= MEMO_LIMIT:
                raise Broken("its memo grows past what is followed")
            memo.extend(array("q", [ABSENT]) * (at - len(memo) + 1))
        if memo[at] == ABSENT and self.far.pop(at, None) is None:  # what was far may have come near
            self.filled += 1
        memo[at] = code

    def get(self, at: int) -> Any:
        """Return the value of a memo entry; Broken where none was put."""
        code = self.memo[at] if at < len(self.memo) else ABSENT
        if code == ABSENT:
            code = self.far.get(at, ABSENT)
        if code == ABSENT:
            raise Broken(f"memo entry {at} was never put")
        if code == PLAIN:
            self.report.shared += 1
            return ALIAS
        return code - 1 if code > 0 else self.fetched(self.table[-code - 2])

    def got(self, code: int, at: int, table: list[Any]) -> Any:
        """Return what a memo code that is no constant stands for; at: where the memo holds it."""
        if code == PLAIN:
            self.report.shared += 1
            return ALIAS
        return self.get(at) if code == ABSENT else self.fetched(table[-code - 2])

    def fetched(self, value: Any) -> Any:
        """Return a value of the table; one that must be accounted for appears once more."""
        if type(value) is Global and value.guarded:
            self.calls.appears(value)
        if type(value) is Tup:
            self.report.shared += 1
        return value
