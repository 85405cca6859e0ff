"""DQDL, the language of AWS Glue Data Quality and Deequ: read into rules as written, each with its line."""

from __future__ import annotations

import operator
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.errors import UsageError

DEEPEST = 20
DURATIONS = ("days", "day", "hours", "hour", "minutes", "minute")
SIZES = ("B", "KB", "MB", "GB", "TB")
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<text>"(?:\\.|[^"\\])*")
    |(?P<number>-?\d+(?:\.\d+)?(?![A-Za-z0-9_.]))
    |(?P<word>[A-Za-z0-9_.]+)
    |(?P<sign>>=|<=|[\[\]{}(),:=!<>+\-*/$])""",
    re.X,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{1,2}:\d{2}( [AP]M)?")
_SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_WORDS = {"between", "in", "not", "matches", "where", "with", "labels", "of", "OF", "and", "AND", "or", "OR"}


@dataclass(frozen=True, slots=True)
class Operand:
    """What a condition compares with. kind: number, text, date, time, now, duration, size, or a keyword in lower case.

    value: a number, a text, or of ``now`` the shift such as ``- 3 days``. dynamic: the words of an expression that needs
    earlier runs, such as ``avg(last(10))``.
    """

    kind: str
    value: Any = None
    dynamic: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """op: between, in, matches, =, <, <=, >, >=; negated by ``not`` or ``!``."""

    op: str
    operands: tuple[Operand, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as written. join: ``and`` or ``or`` of parts, for a composite. tags: what follows ``with``, by its word."""

    kind: str
    text: str
    line: int
    parameters: tuple[str, ...] = ()
    condition: Condition | None = None
    where: str = ""
    tags: Mapping[str, Condition] = field(default_factory=dict)
    join: str = ""
    parts: tuple[Written, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int
    start: int
    end: int


def parse(text: str, shown: str, types: Collection[str] = ()) -> list[Written]:
    """Return the rules of a DQDL document; UsageError with file and line where it is none.

    types: the rule types there are, so that one after a missing comma is not taken for the name of a column.
    """
    return _Parser(_tokens(text, shown), text, shown, types).document()


def _tokens(text: str, shown: str) -> list[_Token]:
    out: list[_Token] = []
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise UsageError(f"{text[at]!r} cannot stand here", where=f"{shown}:{line}")
        kind = str(found.lastgroup)
        if kind != "space":
            out.append(_Token(kind, found[0], line, at, found.end()))
        line += found[0].count("\n")
        at = found.end()
    out.append(_Token("end", "", line, at, at))
    return out


def _unquoted(text: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", text[1:-1])


class _Parser:
    def __init__(self, tokens: list[_Token], text: str, shown: str, types: Collection[str]) -> None:
        self.tokens, self.text, self.shown, self.at = tokens, text, shown, 0
        self.types = types
        self.variables: dict[str, list[Operand]] = {}

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def error(self, what: str, remedy: str = "") -> UsageError:
        return UsageError(what, where=f"{self.shown}:{self.token.line}", remedy=remedy)

    def next(self) -> _Token:
        token = self.token
        self.at += token.kind != "end"
        return token

    def peek(self, ahead: int = 1) -> _Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def accept(self, *texts: str) -> bool:
        if self.token.kind in ("word", "sign") and self.token.text in texts:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            got = self.token.text[:40] or "the end"
            raise self.error(f"{text!r} was expected, and {got!r} is here")

    def document(self) -> list[Written]:
        """Read sections and variables, in whatever order, and return the rules."""
        rules: list[Written] | None = None
        while self.token.kind != "end":
            if self.token.kind != "word":
                raise self.error("a section was expected", "write `Rules = [ … ]`")
            name = self.next().text
            self.expect("=")
            if name == "Rules":
                rules = self._list()
            elif name == "Analyzers":  # they gather figures, and state nothing
                self._skipped("[", "]")
            elif name in ("Metadata", "DataSources"):
                self._skipped("{", "}")
            elif name == "DefaultLabels":
                self._skipped("[", "]")
            else:
                self.variables[name] = self._array() if self.token.text == "[" else [self._operand()]
        if rules is None:
            raise self.error("there are no `Rules = [ … ]`", 'write `Rules = [ IsComplete "column" ]`')
        return rules

    def _skipped(self, opens: str, closes: str) -> None:
        self.expect(opens)
        depth = 1
        while depth:
            if self.token.kind == "end":
                raise self.error(f"{closes!r} is missing")
            text = self.next().text
            depth += (text == opens) - (text == closes)

    def _list(self) -> list[Written]:
        self.expect("[")
        rules: list[Written] = []
        while not self.accept("]"):
            if rules:
                self.expect(",")
                if self.accept("]"):
                    break
            rules.append(self._joined(0))
        return rules

    def _joined(self, depth: int) -> Written:
        """Read rules joined by and, or: the same word joins from left to right, ``and`` before ``or``."""
        start = self.token
        parts = [self._all(depth)]
        while self.accept("or", "OR"):
            parts.append(self._all(depth))
        return self._composite("or", parts, start)

    def _all(self, depth: int) -> Written:
        start = self.token
        parts = [self._single(depth)]
        while self.accept("and", "AND"):
            parts.append(self._single(depth))
        return self._composite("and", parts, start)

    def _composite(self, join: str, parts: list[Written], start: _Token) -> Written:
        if len(parts) == 1:
            return parts[0]
        return Written("", self._since(start), start.line, join=join, parts=tuple(parts))

    def _since(self, start: _Token) -> str:
        return " ".join(self.text[start.start : self.tokens[self.at - 1].end].split())

    def _single(self, depth: int) -> Written:
        if depth > DEEPEST:
            raise self.error(f"rules nest deeper than {DEEPEST} levels")
        if self.accept("("):
            inner = self._joined(depth + 1)
            self.expect(")")
            self._labels()
            return inner
        return self._rule()

    def _rule(self) -> Written:
        start = self.token
        if start.kind != "word" or start.text in _WORDS:
            raise self.error("a type of rule was expected", 'write a rule like IsComplete "column"')
        self.next()
        parameters: list[str] = []
        while (parameter := self._parameter()) is not None:
            parameters.append(parameter)
        condition = self._condition()
        where = ""
        if self.accept("where"):
            if self.token.kind != "text":
                raise self.error("a filter in quotes was expected after `where`")
            where = _unquoted(self.next().text)
        self._labels()
        tags: dict[str, Condition] = {}
        while self.accept("with"):
            tag = self.next().text
            found = self._condition()
            if found is None:
                raise self.error(f"a condition was expected after `with {tag[:40]}`")
            tags[tag] = found
        return Written(start.text, self._since(start), start.line, tuple(parameters), condition, where, tags)

    def _labels(self) -> None:
        if self.token.text == "labels" and self.peek().text == "=":
            self.at += 2
            self._skipped("[", "]")

    def _parameter(self) -> str | None:
        token, ahead = self.token, 0
        if token.text in ("of", "OF", "and", "AND"):
            # `(A) and (B)` joins rules; `of "a" and "b"` names columns
            if self.peek().kind != "text" and not (self.peek().kind == "word" and token.text.lower() == "of"):
                return None
            ahead = 1
        token = self.peek(ahead)
        if token.text == "$":
            self.at += ahead + 1
            values = self._variable()
            if len(values) != 1:
                raise self.error("a list was named where one text is wanted")
            return str(values[0].value)
        if token.kind == "text":
            self.at += ahead + 1
            return _unquoted(token.text)
        if token.kind == "word" and token.text not in _WORDS and (ahead or token.text not in self.types):
            self.at += ahead + 1
            return token.text
        return None

    def _variable(self) -> list[Operand]:
        name = self.next().text
        if name not in self.variables:
            raise self.error(f"there is no constant {name[:40]!r}")
        return self.variables[name]

    def _condition(self) -> Condition | None:
        negated = self.accept("not", "!")
        if self.accept("between"):
            low = self._operand()
            if not self.accept("and", "AND"):
                raise self.error("`and` was expected between the two bounds")
            return Condition("between", (low, self._operand()), negated)
        if self.accept("in"):
            values = self._array() if self.token.text == "[" else self._dereferenced()
            return Condition("in", tuple(values), negated)
        if self.accept("matches"):
            pattern = self._dereferenced() if self.token.text == "$" else [self._operand()]
            return Condition("matches", tuple(pattern), negated)
        for op in (">=", "<=", ">", "<", "="):
            if self.accept(op):
                found = self._dereferenced() if self.token.text == "$" else [self._operand()]
                return Condition(op, tuple(found), negated)
        if negated:
            raise self.error("a condition was expected after `not`")
        return None

    def _dereferenced(self) -> list[Operand]:
        self.expect("$")
        return self._variable()

    def _array(self) -> list[Operand]:
        self.expect("[")
        values: list[Operand] = []
        while not self.accept("]"):
            if values:
                self.expect(",")
            values += self._dereferenced() if self.token.text == "$" else [self._operand()]
        if not values:
            raise self.error("the list is empty")
        return values

    def _operand(self) -> Operand:
        token = self.token
        if token.kind == "text":
            self.next()
            text = _unquoted(token.text)
            kind = "date" if _DATE.fullmatch(text) else "time" if _TIME.fullmatch(text) else "text"
            return Operand(kind, text)
        low = token.text.lower()
        if low in ("null", "empty", "whitespaces_only") and token.text in (low, low.upper()):
            self.next()
            return Operand(low)
        if token.kind == "number" and self.peek().kind == "word" and self.peek().text in (*DURATIONS, *SIZES):
            self.at += 2
            unit = self.tokens[self.at - 1].text
            return Operand("duration" if unit in DURATIONS else "size", f"{token.text} {unit}")
        if self._at_now(0) or (token.text == "(" and self._at_now(1)):
            return self._now()
        start = self.at
        value, dynamic = self._sum(0)
        shown = " ".join(self.text[self.tokens[start].start : self.tokens[self.at - 1].end].split())
        return Operand("number", value, shown if dynamic else "")

    def _at_now(self, ahead: int) -> bool:
        return [self.peek(ahead + n).text for n in range(3)] == ["now", "(", ")"]

    def _now(self) -> Operand:
        wrapped = self.accept("(")
        self.at += 3
        shift = ""
        if wrapped:
            sign = self.next()
            # `- 3 days`, or `-3 days` where the lexer took the sign for the number's
            if sign.kind == "number" and sign.text.startswith("-"):
                shift = f"- {sign.text[1:]} {self.next().text}"
            elif sign.text in ("+", "-"):
                amount = self.next().text
                shift = f"{sign.text} {amount} {self.next().text}"
            else:
                raise self.error("`(now() - 3 days)` was expected")
            if shift.rsplit(" ", 1)[1] not in DURATIONS:
                raise self.error("days, hours or minutes were expected")
            self.expect(")")
        return Operand("now", shift)

    def _sum(self, depth: int) -> tuple[float | int, bool]:
        """Read arithmetic, which goes from left to right whatever the sign, and whether it needs earlier runs."""
        value, dynamic = self._term(depth)
        while self.token.text in ("+", "-", "*", "/") or (
            self.token.kind == "number" and self.token.text.startswith("-")
        ):
            sign = self.next().text if self.token.kind == "sign" else "+"
            other, more = self._term(depth)
            dynamic = dynamic or more
            if sign == "/" and other == 0 and not dynamic:
                raise self.error("a bound is divided by zero")
            if not dynamic:
                value = _SIGNS[sign](value, other)
        return value, dynamic

    def _term(self, depth: int) -> tuple[float | int, bool]:
        if depth > DEEPEST:
            raise self.error(f"a bound nests deeper than {DEEPEST} levels")
        if self.accept("("):
            value, dynamic = self._sum(depth + 1)
            self.expect(")")
            return value, dynamic
        token = self.next()
        if token.kind == "number":
            return (float(token.text) if "." in token.text else int(token.text)), False
        if token.kind == "word" and self.token.text == "(":
            self._skipped("(", ")")
            return 0, True
        raise UsageError(
            f"a value was expected, and {token.text[:40] or 'the end'!r} is here",
            where=f"{self.shown}:{token.line}",
        )
