"""Reading an expression: of what kind it is, and whether a server would mean the same by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sqlglot import exp

Kind = Literal["integer", "float", "decimal", "boolean", "text", "date", "timestamp", "zoned", "opaque"]
NUMBERS = ("integer", "float", "decimal")
Reader = Callable[["Reading", Any], str]


@dataclass(frozen=True, slots=True)
class Far:
    """A server's table. dialect: postgres or spark. kinds: how far a column's values mean there what they mean here.

    opaque: whether there is a value, and no more.
    """

    dialect: str
    kinds: Mapping[str, Kind]

    same: str = ""  # what tells servers apart: tables of one can be asked together
    relation: str = "t"  # how its rows are named in SQL

    @property
    def backtracks(self) -> bool:
        """Whether its regular expressions may take for ever."""
        return self.dialect == "spark"


class Differs(Exception):
    """What was asked may mean something else there; the message says what, as the end of a sentence."""


class Reading:
    """Tell the kind of an expression. inexact: whether it came on a sum or a root of floats, whose last digits differ."""

    def __init__(self, far: Far, readers: Mapping[str, Reader]) -> None:
        self.far, self._readers = far, readers
        self.inexact = False

    def boolean(self, node: exp.Expression) -> None:
        """Differs unless it is a truth value that means the same."""
        if self.kind(node) not in ("boolean", "null"):
            raise Differs("it is no truth value")

    def kind(self, node: exp.Expression) -> str:
        """Return the kind of an expression; Differs where it may mean something else there."""
        found = self._readers.get(type(node).__name__)
        if found is None:
            word = re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).lower()
            raise Differs(f"{word} is not read alike")
        return found(self, node)

    def column(self, node: exp.Expression) -> str:
        """Return the kind of a column, and Differs where no more than its being there is alike."""
        kind = self.far.kinds.get(node.name, "opaque")
        if kind in ("opaque", "zoned"):
            raise Differs(f"the type of {node.name} has no equal")
        return kind

    def same(self, nodes: Sequence[exp.Expression]) -> str:
        """Return the kind that expressions have in common, so that they compare."""
        kinds = {self.kind(n) for n in nodes} - {"null"}
        if kinds <= {"integer", "float"} and len(kinds) == 2:
            return "float"
        if kinds == {"integer", "decimal"}:
            return "decimal"
        if kinds == {"date", "timestamp"}:
            return "timestamp"
        if kinds == {"float", "decimal"}:
            return "float"
        if len(kinds) > 1:
            raise Differs(f"{' and '.join(sorted(kinds))} do not compare alike")
        return kinds.pop() if kinds else "null"
