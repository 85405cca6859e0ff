"""The compiled loop of the pickle machine, where it was built, and the hands in Python that it reaches for.

Its source lies in ``native/``, and ``python -m assay.engines.compiling`` builds it where a C compiler is. Without it
the machine in Python does the same, some hundred times slower.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from assay.methods.pickles import hooks
from assay.methods.pickles.calls import PARTIAL
from assay.methods.pickles.opcodes import NAMES, number_line
from assay.methods.pickles.setting import (
    CAPTURE_LIMIT,
    MEMO_GAP,
    MEMO_LIMIT,
    SLICE,
    STACK_LIMIT,
    TABLE_LIMIT,
    Setting,
)
from assay.methods.pickles.values import ALIAS, Bag, Computed, Global, Instance, Tup
from assay.methods.pickles.walk import Broken

VERSION = 4
SOURCE = Path(__file__).with_name("native")
_LIMITS = (STACK_LIMIT, TABLE_LIMIT, CAPTURE_LIMIT, MEMO_LIMIT, MEMO_GAP, SLICE)
_GUARDED, _WRAPPER, _INERT, _CALLED, _FORGOTTEN, _LIST, _DICT, _NAME = 1, 2, 4, 8, 16, 32, 64, 128
_BAGS = {0x75: "dict", 0x65: "list", 0x90: "set"}
_CALLS = {0x52: "REDUCE", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x6F: "OBJ"}


@cache
def built() -> ModuleType | None:
    """Return the compiled module, None where none of this version was built."""
    try:
        module = importlib.import_module("assay.methods.pickles._compiled")
    except ImportError:
        return None
    return module if module.VERSION == VERSION else None


class Swift(Setting):
    """A walk by the compiled loop; what is rare it hands over to the methods here and in Setting."""

    broken, alias, opcode_names = Broken, ALIAS, NAMES
    opcodes = shared = 0

    def run(self) -> None:
        """Walk to STOP."""
        module = built()
        if module is None:
            raise Broken("the compiled machine was not built")
        try:
            self.report.result = module.walk(self, self.data, self.at, self.end, _LIMITS)
        finally:
            self.report.opcodes += self.opcodes
            self.report.shared += self.shared
        self.report.complete = True

    @property
    def forgotten(self) -> Computed:
        """Return what stands for what had to be forgotten."""
        return self.calls.forgotten

    def traits(self, value: Any) -> int:
        """Say once what the loop must know of a value."""
        if isinstance(value, Global):
            return _NAME + _GUARDED * value.guarded + _CALLED * self.calls.gives_one(value)
        if isinstance(value, Instance):
            if self.calls.is_wrapper(value):
                return _WRAPPER
            if value.of.key == PARTIAL or self.calls.is_array(value):  # whose state may change what it holds
                return _NAME
            return _INERT + _LIST * hooks.takes(value, 0x65) + _DICT * hooks.takes(value, 0x75)
        if isinstance(value, Computed):
            return _FORGOTTEN if value is self.calls.forgotten else _INERT
        return 0

    def inst(self, at: int, args: Tup | None) -> Any:
        """Return what INST makes, and where the next opcode stands; without arguments only read its names."""
        module, name, after = self.two_lines(at)
        if args is None:
            return None
        return self.calls.call(self.calls.resolve(module, name, at, "INST"), args, at, "INST"), after

    def call(self, callable_: Any, args: Any, at: int, op: int) -> Any:
        """Return what a call gives."""
        return self.calls.call(callable_, args, at, _CALLS[op])

    def made(self, callable_: Global) -> Instance:
        """Return what each call gives."""
        return callable_.made()

    def build(self, state: Any, target: Any, at: int) -> None:
        """Carry out BUILD."""
        self.calls.build(target, state, at)

    def appears(self, value: Global) -> None:
        """Note a guarded name that came out of the memo."""
        self.calls.appears(value)

    def keyed(self, key: Any, value: Any, at: int) -> None:
        """Note what a dict holds under a name that may be asked for."""
        self.calls.keyed(key, value, at)

    def filled(self, target: Any, at: int, shape: int) -> None:
        """Note items that are added to an object."""
        self.calls.filled(target, at, shape)

    def number(self, at: int, stop: int, op: int) -> bool:
        """Whether a line holds a number."""
        return number_line(self.data, at, stop, op)

    def protocol(self, version: int) -> None:
        """Note the protocol."""
        self.calls.protocol = version

    def tuple(self, deep: int, plain: int) -> Tup:
        """Return a tuple whose items are still to come."""
        made = Tup([])
        made.deep, made.plain = deep, bool(plain)
        return made

    def bag(self, shape: int, deep: int, more: int) -> Bag:
        """Return a container whose items are still to come."""
        made = Bag(_BAGS[shape])
        made.deep, made.more = deep, bool(more)
        return made
