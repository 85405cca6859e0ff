"""A question about what the office knows: kinds of things, conditions on their fields, and what they were made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

KINDS = ("run", "model", "dataset", "finding", "report", "quarantine", "context", "endpoint")
Direction = Literal["from", "into", "containing"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~", "exists"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field held against a value. A field of several values passes where any of them does.

    ``~`` holds where the text contains the value, whatever its case. value: a number or a text; of ``exists`` nothing.
    """

    field: str
    operator: Operator
    value: float | str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A word, or several that follow one another, anywhere in a thing's texts. prefix: it may go on."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """Things that were made from what a question finds (``from``), or that it was made from (``into``).

    ``containing``: what it finds kept rows out, and only tables that hold one of these rows count. thing: an urn that counts
    too, though nothing is known of it but that something was made from it.
    """

    direction: Direction
    of: Question
    thing: str = ""


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of these."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    of: Condition


Condition = Comparison | Words | Made | All | Any | Not


@dataclass(frozen=True, slots=True)
class Question:
    """kinds: empty for any. order: a field and whether the greatest stands first; empty for the latest first."""

    kinds: tuple[str, ...] = ()
    where: Condition = field(default_factory=lambda: All(()))
    order: tuple[str, bool] | None = None
    limit: int | None = None
