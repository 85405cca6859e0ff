"""What stands on the symbolic stack.

A value is one of
    int      a constant: where its opcode stands, read only when somebody asks
    None     plain data that is not remembered: a list, a dict, the result of decoding text
    ALIAS    the same, fetched from the memo: what is added to it is added to what lies elsewhere too
    Tup      a tuple of values, at most ``WIDTH`` of them and ``DEPTH`` deep
    Bag      the first items of a list, set or dict
    Global   a name imported
    Instance what an allowed callable gave; one object stands for all instances of a class
    DType    a NumPy dtype, which says how long the raw array is that joblib writes after it
    Computed what anything else gave, as the expression that made it
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assay.methods.pickles.names import Judgement
from assay.methods.pickles.opcodes import Buffer, TooLong, constant

WIDTH = 16
DEPTH = 6
TEXT_LIMIT = 300
# These reach or make whatever they are told when a library calls them: each must be seen to be called by the pickle.
_REACHING = {("builtins", "getattr"), ("__builtin__", "getattr"), ("builtins", "type"), ("__builtin__", "type"), ("functools", "partial")}  # fmt: skip
_CODE = re.compile(
    r"[<>|=]?(\?|bool|b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|[SUVa]\d{0,9}|[mM]8|O[48]?|object)(?:\[\w+\])?"
)


@dataclass(eq=False, slots=True)
class Global:
    """A name the pickle imports. slot: where the memo's table holds it; at: where it is first named."""

    module: str
    name: str
    judged: Judgement
    slot: int = -1
    instance: Instance | None = None
    at: int = 0

    @property
    def guarded(self) -> bool:
        """Whether each of its appearances must be accounted for."""
        return self.judged.level == "make" or self.key in _REACHING

    @property
    def key(self) -> tuple[str, str]:
        """Return (module, name)."""
        return self.module, self.name

    def made(self) -> Instance:
        """Return the one object that stands for what calling it gives."""
        if self.instance is None:
            self.instance = Instance(self)
        return self.instance


@dataclass(eq=False, slots=True)
class Instance:
    """What an allowed callable gave."""

    of: Global
    slot: int = -1


@dataclass(eq=False, slots=True)
class DType:
    """A NumPy dtype: its code such as ``f8``, and whether its items are Python objects. used: none may change it now.

    named: it was made of a class, and not of a code.
    """

    code: str
    objects: bool
    slot: int = -1
    used: bool = False
    named: bool = False

    @classmethod
    def read(cls, code: str | None) -> DType | None:
        """Return the dtype of a code that NumPy's own pickles use; None for any other, such as ``m8,O``."""
        found = _CODE.fullmatch(code) if code is not None else None
        return None if found is None else cls(found[1], found[1][:1] in ("O", "o"))

    @classmethod
    def of(cls, named: Any) -> DType:
        """Return the dtype of a class: a record's takes its size from its state."""
        if not isinstance(named, Global):
            return cls("unknown", False)
        if named.key in (("numpy", "record"), ("numpy", "void"), ("numpy.rec", "record")):
            return cls("V", False, named=True)
        return cls("unknown", "object" in named.name.lower(), named=True)

    @property
    def itemsize(self) -> int | None:
        """Return the bytes an item takes, None when the code does not say."""
        if self.code in ("?", "b1", "bool"):
            return 1
        kind, digits = self.code[:1], self.code[1:]
        if kind in ("m", "M"):
            return 8
        if not digits.isdigit():
            return 0 if kind in ("S", "U", "V") and not digits else None
        return 4 * int(digits) if kind == "U" else int(digits)


@dataclass(eq=False, slots=True)
class Computed:
    """What a callable that is not allowed gave, as an expression."""

    text: str
    slot: int = -1


class Alias:
    """What is not remembered, met again."""

    slot = -1


ALIAS = Alias()


class Tup:
    """A tuple: its first items, how deep it nests, and whether it holds constants and forgotten data only.

    spent: whether a guarded name in it was accounted for.
    """

    __slots__ = ("deep", "items", "plain", "spent")

    def __init__(self, items: list[Any]) -> None:
        deep, plain, self.spent = 1, True, False
        kept = items[:WIDTH]
        for at, value in enumerate(kept):
            kind = type(value)
            if kind is int or value is None or value is ALIAS:
                continue
            if kind is Tup or kind is Bag:
                if value.deep >= DEPTH:  # deeper ones are forgotten, so that none can pile up
                    kept[at] = None
                    continue
                deep = max(deep, value.deep + 1)
                plain = plain and kind is Tup and value.plain
            else:
                plain = False
        if len(items) > WIDTH:
            kept.append(None)
        self.items, self.deep, self.plain = tuple(kept), deep, plain


class Bag:
    """The first items of a list, set or dict. spent: as in a Tup."""

    __slots__ = ("deep", "items", "kind", "more", "spent")

    def __init__(self, kind: str) -> None:
        self.kind, self.more, self.deep, self.spent = kind, False, 1, False
        self.items: list[Any] = []

    def add(self, items: list[Any]) -> None:
        """Remember as many of the items as there is room for."""
        room = 2 * WIDTH - len(self.items)
        self.more = self.more or len(items) > room
        for value in items[:room]:
            kind = type(value)
            if kind is Tup or kind is Bag:
                if value is self or value.deep >= DEPTH:
                    self.items.append(None)
                    continue
                self.deep = max(self.deep, value.deep + 1)
            self.items.append(value)


def text_of(value: Any, data: Buffer) -> str | None:
    """Return a constant's text, None when the value is no constant text."""
    if type(value) is not int:
        return None
    try:
        found = constant(data, value)
    except (TooLong, IndexError):
        return None
    return found if isinstance(found, str) else None


def plain_of(value: Any, data: Buffer, level: int = 0) -> Any:
    """Return a constant or tuple of constants as Python data, with None for whatever is not known."""
    if type(value) is Tup and level < 3:
        return tuple(plain_of(v, data, level + 1) for v in value.items)
    if type(value) is int:
        try:
            return constant(data, value)
        except (TooLong, IndexError):
            return None
    return None


def show(value: Any, data: Buffer, level: int = 0) -> str:
    """Return the value as readable Python, never longer than ``TEXT_LIMIT`` or so."""
    if value is None or value is ALIAS or level > 2:
        return "..."
    if type(value) is int:
        return _constant(value, data)
    if isinstance(value, Global):
        return value.name if value.module in ("builtins", "__builtin__") else f"{value.module}.{value.name}"
    if isinstance(value, Instance):
        return f"{show(value.of, data)}(...)"
    if isinstance(value, DType):
        return f"numpy.dtype({value.code!r})"
    if isinstance(value, Computed):
        return value.text
    if isinstance(value, Bag):
        return _bag(value, data, level)
    inner = ", ".join(_shown(value.items, data, level + 1))
    return _cut(f"({inner},)" if len(value.items) == 1 else f"({inner})")


def _constant(value: int, data: Buffer) -> str:
    try:
        found = constant(data, value, 2000)
        if type(found) is int and found.bit_length() > 4000:  # Python refuses to spell out a number so long
            return "..."
        text = ascii(found)  # hostile text must not steer a terminal
    except (TooLong, IndexError):
        return "'...'"
    return text if len(text) <= 160 else text[:150] + "..." + text[-1]


def _bag(value: Bag, data: Buffer, level: int) -> str:
    items = _shown(value.items, data, level + 1)
    if value.kind == "dict":
        items = [f"{k}: {v}" for k, v in zip(items[::2], items[1::2], strict=False)]
    left, right = ("[", "]") if value.kind == "list" else ("{", "}")
    return _cut(left + ", ".join([*items, "..."] if value.more else items) + right)


def _shown(items: Iterable[Any], data: Buffer, level: int) -> list[str]:
    """Return values as readable Python, an even number of them where the rest is cut off anyway."""
    shown: list[str] = []
    size = 0
    for value in items:
        if size > TEXT_LIMIT and len(shown) % 2 == 0:
            break
        shown.append(show(value, data, level))
        size += len(shown[-1]) + 2
    return shown


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 4] + " ..."


def call(callable_: Any, args: Any, data: Buffer) -> str:
    """Return ``callable(args)`` as readable Python."""
    if type(args) is Tup:
        inside = ", ".join(_shown(args.items, data, 0))
    elif type(args) is int and show(args, data) == "()":
        inside = ""
    else:
        inside = f"*{show(args, data)}"
    return _cut(f"{show(callable_, data)}({inside})")
