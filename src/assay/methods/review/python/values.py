"""What is known of a value while a program is followed: where it comes from, what it is, whether it is written out."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

# Labels. caller: whoever sends a request. operator: whoever starts the program (its arguments, what is typed). network: what came
# over the network. download: a file that did. foreseen: drawn by a generator that can be foreseen. environment: a variable of it.


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
NONE: frozenset[str] = frozenset()


LISTED: Final = "(one of a list)"  # the name of a value that was compared with what the program writes out


@dataclass(frozen=True, slots=True)
class Value:
    """labels: where it comes from. literal: what is written out, UNKNOWN where it is not. name: what it is, dotted (a
    function, or ``boto3.client()`` for what one gives). built: a text put together at run time. token: which value it is.
    """

    labels: frozenset[str] = NONE
    literal: Any = UNKNOWN
    name: str = ""
    built: bool = False
    token: int = 0

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


NOTHING: Final = Value()


def labels_of(values: Iterable[Value]) -> frozenset[str]:
    """Return where any of them comes from."""
    out: frozenset[str] = NONE
    for value in values:
        if value.labels:
            out |= value.labels
    return out


def either(one: Value, other: Value) -> Value:
    """Return what is known of a value that is one or the other."""
    if one == other:
        return one
    literal = one.literal if one.known and other.known and one.literal == other.literal else UNKNOWN
    return Value(
        one.labels | other.labels, literal, one.name if one.name == other.name else one.name or other.name,
        one.built or other.built, one.token if one.token == other.token else 0,
    )  # fmt: skip


@dataclass(slots=True)
class Call:
    """A call as it was met. name: the function, dotted, beginning with a dot where its object is not known.

    receiver: the object of a method. spread: whether ``**`` hands in names that are not seen.
    """

    name: str
    node: ast.Call
    args: list[Value]
    keywords: dict[str, Value]
    receiver: Value = NOTHING
    spread: bool = False
    within: str = ""
    result: Value = field(default=NOTHING)

    @property
    def method(self) -> str:
        """Return the last part of its name."""
        return self.name.rpartition(".")[2]

    def arg(self, place: int, name: str = "") -> Value | None:
        """Return an argument by its place or its name, None where it is not given."""
        if name and name in self.keywords:
            return self.keywords[name]
        return self.args[place] if 0 <= place < len(self.args) else None

    def says(self, name: str, *values: Any) -> bool:
        """Whether a named argument is written out as one of these."""
        found = self.keywords.get(name)
        return (
            found is not None
            and found.known
            and any(found.literal is v or found.literal == v for v in values)
        )

    def merge(self, other: Call) -> None:
        """Take in what is known of the same call met again."""
        self.args = [either(a, b) for a, b in zip(self.args, other.args, strict=False)] or self.args
        for name, value in other.keywords.items():
            self.keywords[name] = either(self.keywords.get(name, value), value)
        self.receiver = either(self.receiver, other.receiver)
