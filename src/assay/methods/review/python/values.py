"""What is known of a value while a program is followed: where it comes from, what it is, what it may be, what it holds."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

# Labels. caller: whoever sends a request. operator: whoever starts the program (its arguments, what is typed). network: what came
# over the network. download: a file that did. foreseen: drawn by a generator that can be foreseen. environment: a variable of it.


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
NONE: frozenset[str] = frozenset()


LISTED: Final = "(one of a list)"  # the name of a value that was compared with what the program writes out
MOST_WAYS = 32  # what a value may be, in all
MOST_TEXTS = 6  # of those, texts and numbers that are written out; true, false and none are always told apart
MOST_PARTS = 64  # parts of a container that are told apart
HEAVY = 256  # values that one value may hold, parts of parts counted: equality and joins cost as much


@dataclass(frozen=True, slots=True)
class Bound:
    """Arguments that a function was given beforehand (``functools.partial``)."""

    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


@dataclass(slots=True, eq=False)
class Value:
    """Never changed once it is made; ``kind_of`` tells whether two are alike.

    labels: where it comes from. literal: what is written out, UNKNOWN where it is not. name: what it is, dotted (a
    function, or ``boto3.client()`` for what one gives). built: a text put together at run time. token: which value it is.

    parts: what a container holds, by key or place; whole: that it holds nothing else. code: the function, lambda or class of this
    program that it is (or is an instance of). bound: arguments it already has. ways: where it may be one of several, each of them.
    """

    labels: frozenset[str] = NONE
    literal: Any = UNKNOWN
    name: str = ""
    built: bool = False
    token: int = 0
    parts: Mapping[Any, Value] | None = None
    whole: bool = False
    code: ast.AST | None = None
    bound: Bound | None = None
    ways: tuple[Value, ...] = ()
    weight: int = 1
    _kind: int = field(default=0, init=False, repr=False)

    def numbered(self, token: int) -> Value:
        """Return the same as another value: what it is, and its kind, stay."""
        if token == self.token:
            return self
        made = Value(
            self.labels, self.literal, self.name, self.built, token, self.parts, self.whole, self.code,
            self.bound, self.ways, self.weight,
        )  # fmt: skip
        made._kind = self._kind
        return made

    @property
    def known(self) -> bool:
        """Whether it is written out."""
        return self.literal is not UNKNOWN

    @property
    def text(self) -> str | None:
        """Return its text where it is a text that is written out."""
        return self.literal if isinstance(self.literal, str) else None

    def has(self, *labels: str) -> bool:
        """Whether it comes from any of these."""
        return any(one in self.labels for one in labels)

    def may(self) -> tuple[Value, ...]:
        """Return each thing that it may be."""
        return self.ways or (self,)

    def may_hold(self) -> bool:
        """Whether it may be something that counts as true and is written out."""
        return any(way.known and bool(way.literal) for way in self.may())

    def says_true(self) -> bool:
        """Whether it may be ``True`` itself."""
        return any(way.literal is True for way in self.may())

    def may_fail(self) -> bool:
        """Whether it may be something that counts as false and is written out, None apart."""
        return any(way.known and way.literal is not None and not way.literal for way in self.may())


NOTHING: Final = Value()


def labels_of(values: Iterable[Value]) -> frozenset[str]:
    """Return where any of them comes from."""
    out: frozenset[str] = NONE
    for value in values:
        if value.labels:
            out |= value.labels
    return out


_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})
_MANY = frozenset({str, bytes, int, float})  # of what is written out, that of which there may be many
_KINDS: dict[tuple[Any, ...], int] = {}
_EITHER: dict[tuple[int, int, int, int], Value] = {}  # what ``either`` gave for two kinds and tokens
_MOST_KINDS = 500_000
_numbers = itertools.count(1)


def begin() -> None:
    """Forget the kinds of another program: its functions and classes are known by where they are in memory."""
    _KINDS.clear()
    _EITHER.clear()
    NOTHING._kind = 0


def plain(value: Any) -> bool:
    """Whether something written out is a single thing, and so can be a key."""
    return type(value) in _PLAIN


def kind_of(value: Value) -> int:
    """Return a number that alike values share: alike in all but their tokens."""
    if value._kind:
        return value._kind
    literal = value.literal
    key: tuple[Any, ...] = (
        value.labels, type(literal), literal if type(literal) in _PLAIN else None, value.name, value.built,
        id(value.code) if value.code is not None else 0,
    )  # fmt: skip
    if value.parts is not None or value.bound is not None or value.ways:
        parts, bound = value.parts, value.bound
        key += (
            () if parts is None else (value.whole, *[(k, v._kind or kind_of(v)) for k, v in parts.items()]),
            () if bound is None else (*map(kind_of, bound.args), *((k, kind_of(v)) for k, v in bound.keywords)),
            tuple([way._kind or kind_of(way) for way in value.ways]),
        )  # fmt: skip
    found = _KINDS.get(key)
    if found is None:
        if len(_KINDS) >= _MOST_KINDS:
            _KINDS.clear()  # numbers are not given again, so that what is forgotten is only unlike
        found = _KINDS[key] = next(_numbers)
    value._kind = found
    return found


def holding(
    parts: Mapping[Any, Value], labels: frozenset[str], *, whole: bool, literal: Any = UNKNOWN
) -> Value:
    """Return a container that holds these parts; too many of them are known by their labels alone."""
    weight = 1 + sum([v.weight for v in parts.values()])
    built = any(v.built for v in parts.values())
    if len(parts) > MOST_PARTS or weight > HEAVY:
        return Value(
            labels, literal if all(plain(v.literal) for v in parts.values()) else UNKNOWN, built=built
        )
    return Value(labels, literal, built=built, parts=dict(parts), whole=whole, weight=weight)


def either(one: Value, other: Value) -> Value:
    """Return what is known of a value that is one or the other."""
    if one is other:
        return one
    key = one._kind or kind_of(one), other._kind or kind_of(other), one.token, other.token
    if key[0] == key[1]:
        return one if one.token == other.token else one.numbered(0)
    if (
        one.ways
        and not other.ways
        and not one.known
        and _covers(one, other)
        and any((w._kind or kind_of(w)) == key[1] for w in one.ways)
    ):
        return one if one.token == other.token or not one.token else one.numbered(0)
    if one.parts or one.ways or other.parts or other.ways or one.bound or other.bound:
        return _one_or_the_other(one, other)  # what is in them has tokens too, which no kind tells
    found = _EITHER.get(key)
    if found is None:
        if len(_EITHER) >= _MOST_KINDS:
            _EITHER.clear()
        found = _EITHER[key] = _one_or_the_other(one, other)
    return found


def _one_or_the_other(one: Value, other: Value) -> Value:
    ways = {way._kind or kind_of(way): way for way in one.ways or (one,)}
    if one.ways and not one.known and _covers(one, other) and all(kind_of(w) in ways for w in other.may()):
        return one if one.token == other.token or not one.token else one.numbered(0)
    texts = sum([type(way.literal) in _MANY for way in ways.values()])
    for way in other.may():
        kind = way._kind or kind_of(way)
        if kind in ways:
            continue
        if type(way.literal) in _MANY:
            if texts >= MOST_TEXTS:
                way = Value(way.labels)
                kind = kind_of(way)
            texts += 1
        if len(ways) < MOST_WAYS:
            ways.setdefault(kind, way)
    parts, whole = _parts(one, other)
    weight = 1 + sum([w.weight for w in ways.values()])
    if parts:
        weight += sum([v.weight for v in parts.values()])
    if weight > HEAVY:
        parts, whole = None, False
        lighter = [replace(w, parts=None, whole=False, bound=None, weight=1) for w in ways.values()]
        ways = {kind_of(w): w for w in lighter}
        weight = 1 + len(ways)
    same = (
        one.known
        and other.known
        and type(one.literal) is type(other.literal)
        and one.literal == other.literal
    )
    return Value(
        one.labels | other.labels, one.literal if same else UNKNOWN, one.name if one.name == other.name else one.name or other.name,
        one.built or other.built, one.token if one.token == other.token else 0, parts, whole,
        one.code if one.code is other.code else None, None, tuple(ways.values()) if len(ways) > 1 else (), weight,
    )  # fmt: skip


def _covers(one: Value, other: Value) -> bool:
    """Whether nothing but its ways may tell another value from one."""
    return (
        other.labels <= one.labels and one.built >= other.built and (other.parts is None or one.parts is None)
    )


def _parts(one: Value, other: Value) -> tuple[dict[Any, Value] | None, bool]:
    """Return what a container holds that is one or the other: what only one of them has may be missing."""
    if one.parts is None or other.parts is None:
        return None, False
    keys = dict.fromkeys((*one.parts, *other.parts))
    if len(keys) > MOST_PARTS:
        return None, False
    return {
        k: either(one.parts.get(k, NOTHING), other.parts.get(k, NOTHING)) for k in keys
    }, one.whole and other.whole


def any_of(values: Iterable[Value]) -> Value:
    """Return what is known of a value that is one of several; NOTHING of none."""
    out: Value | None = None
    for value in values:
        out = value if out is None else either(out, value)
    return NOTHING if out is None else out


def within(value: Value) -> Value:
    """Return what is known of any one thing that a container holds."""
    if value.parts is None:
        return Value(value.labels)
    inner = any_of(value.parts.values())
    if value.whole:
        return inner
    return replace(inner, labels=inner.labels | value.labels)


@dataclass(slots=True)
class Call:
    """A call as it was met. name: the function, dotted, beginning with a dot where its object is not known.

    receiver: the object of a method. method: the last part of its name. spread: whether ``*`` or ``**`` hands in what is not seen.
    """

    name: str
    node: ast.Call
    args: list[Value]
    keywords: dict[str, Value]
    receiver: Value = NOTHING
    spread: bool = False
    within: str = ""
    result: Value = field(default=NOTHING)
    method: str = field(init=False)

    def __post_init__(self) -> None:
        """Note the last part of its name."""
        self.method = self.name.rpartition(".")[2]

    def arg(self, place: int, name: str = "") -> Value | None:
        """Return an argument by its place or its name, None where it is not given."""
        if name and name in self.keywords:
            return self.keywords[name]
        return self.args[place] if 0 <= place < len(self.args) else None

    def says(self, name: str, *values: Any) -> bool:
        """Whether a named argument may be one of these, which is written out."""
        found = self.keywords.get(name)
        return found is not None and any(
            way.known and any(way.literal is v or way.literal == v for v in values) for way in found.may()
        )

    def merge(self, other: Call) -> None:
        """Take in what is known of the same call met again."""
        if self.args or other.args:
            both = [a if a is b else either(a, b) for a, b in zip(self.args, other.args, strict=False)]
            self.args = [*both, *self.args[len(both) :], *other.args[len(both) :]]
        for name, value in other.keywords.items():
            self.keywords[name] = either(self.keywords.get(name, value), value)
        self.receiver = either(self.receiver, other.receiver)
        self.spread = self.spread or other.spread
