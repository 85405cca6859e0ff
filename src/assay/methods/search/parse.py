"""Questions as a person types them: ``models where metrics.f1 > 0.8 and registered > 7d from (datasets hotel)``.

Kinds come first (none for any; ``kind:model`` says one too), then conditions side by side, all of which must hold: ``field = value`` (also != < <= > >=,
``~`` for a part of the text, ``in (a, b)``, ``between a and b``, ``exists``, ``on tuesday`` for times), words and "several
words" looked for anywhere, ``word*`` for words that begin so; ``and``, ``or``, ``not`` and brackets; ``from (…)`` for what was
made from what another question finds, ``into (…)`` for what it was made from, ``containing (…)`` for tables that hold rows
of it. At the end ``order by field desc`` and ``limit 20``.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import NamedTuple

from assay.kernel.errors import UsageError
from assay.kernel.severity import SEVERITIES, Severity
from assay.methods.nearest import did_you_mean, nearest
from assay.methods.search import moments
from assay.methods.search.query import (
    All,
    Any,
    Comparison,
    Condition,
    Direction,
    Made,
    Not,
    Operator,
    Question,
    Words,
)

LONGEST = 4_000
DEEPEST = 20
PARTS = 500
MOST = 10_000
TIMES = ("at", "started", "ended", "registered", "decided", "first_seen", "last_seen", "expires")
_KINDS = {
    name: kind
    for kind, names in {
        "run": ("run", "runs"),
        "model": ("model", "models", "package", "packages"),
        "dataset": ("dataset", "datasets", "data", "tables"),
        "finding": ("finding", "findings"),
        "report": ("report", "reports"),
        "quarantine": ("quarantine", "quarantines"),
        "context": ("context", "contexts"),
        "endpoint": ("endpoint", "endpoints"),
    }.items()
    for name in names
}
_TOKEN = re.compile(
    r"""\s*(?: (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*') | (?P<sign><=|>=|!=|==|=|<|>|~|\(|\)|,)
        | (?P<word>[^\s()=<>!~,"']+) )""",
    re.X,
)
_SIGNS: dict[str, Operator] = {
    "=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "~": "~",
}  # fmt: skip
_DIRECTIONS: dict[str, Direction] = {"from": "from", "into": "into", "containing": "containing"}
_AFTER_FIELD = ("in", "on", "exists", "between")
_FIELD = re.compile(r"[A-Za-z_][\w./:@&>= -]*")


class _Token(NamedTuple):
    kind: str  # text, sign, word, or end
    text: str
    at: int


def parse(text: str, now: dt.datetime) -> Question:
    """Return the question; UsageError says what is wrong and where. now: what days are counted from."""
    if len(text) > LONGEST:
        raise UsageError(f"a search of {len(text):,} characters is too long", remedy=f"ask in {LONGEST:,}")
    reader = _Reader(_tokens(text), now)
    found = reader.question()
    reader.end()
    return found


def kind_meant(question: Question) -> str | None:
    """Return the kind that its first word probably is, misspelt; None where it is none, or a kind stands first."""
    where = question.where.of[0] if isinstance(question.where, All) and question.where.of else question.where
    if question.kinds or not isinstance(where, Words) or where.prefix or where.text.lower() in _KINDS:
        return None
    return nearest(where.text, _KINDS)


def compared(name: str, operator: Operator, value: float | str, now: dt.datetime) -> Condition:
    """Return a field held against a value: of times by the moments that were meant, of severities by their order."""
    leaf = name.rpartition(".")[2]
    if leaf in TIMES and operator != "~":
        value = value if isinstance(value, str) else f"{value:.0f}"  # a year
        found = moments.span(value, now)
        if found is None:
            remedy = "write 2026-11-24, tuesday, yesterday or 7d (so long ago)"
            raise UsageError(f"{value[:40]!r} is no time", where=name, remedy=remedy)
        return _at(name, operator, *map(moments.written, found), moment=found[0] == found[1])
    if leaf == "severity" and operator not in ("=", "!=", "~"):
        if value not in SEVERITIES:
            raise UsageError(f"there is no severity {value!r}", remedy=did_you_mean(str(value), SEVERITIES))
        return Comparison(name, operator, float(Severity.parse(str(value))))
    return Comparison(name, operator, value)


def _at(name: str, operator: Operator, first: str, after: str, *, moment: bool) -> Condition:
    if moment:
        return Comparison(name, operator, first)
    inside = All((Comparison(name, ">=", first), Comparison(name, "<", after)))
    found: dict[str, Condition] = {
        "=": inside,
        "!=": Not(inside),
        ">": Comparison(name, ">=", after),
        ">=": Comparison(name, ">=", first),
        "<": Comparison(name, "<", first),
        "<=": Comparison(name, "<", after),
    }
    return found[operator]


def _tokens(text: str) -> list[_Token]:
    out, at = [], 0
    while at < len(text) and text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            rest = text[at:].lstrip()
            what = "a quotation that does not end" if rest[0] in "\"'" else repr(rest[0])
            raise UsageError(f"the search holds {what}", where=f"at character {len(text) - len(rest) + 1}")
        kind = str(found.lastgroup)
        said = found.group(kind)
        if kind == "text":
            said = re.sub(r"\\(.)", r"\1", said[1:-1])
        out.append(_Token(kind, said, found.start(kind) + 1))
        at = found.end()
    if len(out) > PARTS:
        raise UsageError(f"a search of {len(out)} parts is too long", remedy=f"ask in {PARTS}")
    return [*out, _Token("end", "", len(text) + 1)]


class _Reader:
    """Tokens read one after another by recursive descent, no deeper than DEEPEST."""

    def __init__(self, tokens: list[_Token], now: dt.datetime) -> None:
        self.tokens, self.now, self.place, self.depth = tokens, now, 0, 0

    @property
    def here(self) -> _Token:
        """Return the token that is next."""
        return self.tokens[self.place]

    def take(self) -> _Token:
        """Return the next token, and go on."""
        token = self.here
        self.place += token.kind != "end"
        return token

    def says(self, *words: str) -> bool:
        """Whether a word comes next, or a sign."""
        return self.here.kind in ("word", "sign") and self.here.text.lower() in words

    def wrong(self, what: str, remedy: str = "see `assay search --help`") -> UsageError:
        """Return an error about the next token."""
        shown = repr(self.here.text[:40]) if self.here.kind != "end" else "nothing"
        return UsageError(f"{what}, and not {shown}", where=f"at character {self.here.at}", remedy=remedy)

    def end(self) -> None:
        """UsageError where something is left."""
        if self.here.kind != "end":
            raise self.wrong("here the search should end")

    def question(self) -> Question:
        """kinds, conditions, order, limit."""
        kinds = self._kinds()
        if self.says("where"):
            self.take()
        where = self._any() if not self._closes() else All(())
        order, limit = None, None
        while self.says("order", "limit"):
            if self.take().text.lower() == "order":
                order = self._order()
            else:
                limit = self._count()
        return Question(kinds, where, order, limit)

    def _kinds(self) -> tuple[str, ...]:
        kinds: list[str] = []
        while (found := self._kind()) is not None:
            kinds.append(found)
            if not self.says(","):
                break
            self.take()
            if self.here.kind != "word" or self.here.text.lower() not in _KINDS:
                raise self.wrong(f"after the comma one of {', '.join(dict.fromkeys(_KINDS.values()))} comes")
        return tuple(dict.fromkeys(kinds))

    def _kind(self) -> str | None:
        """Take a kind where one comes next, also as ``kind:model`` and ``kind = model``; None where none does."""
        if self.here.kind != "word":
            return None
        said = self.here.text.lower()
        if said.startswith("kind:") and said[5:] in _KINDS:
            self.take()
            return _KINDS[said[5:]]
        after = [t.text.lower() for t in self.tokens[self.place + 1 : self.place + 3]]
        if said == "kind" and len(after) == 2 and after[0] in ("=", "==") and after[1] in _KINDS:
            self.place += 3
            return _KINDS[after[1]]
        if said not in _KINDS or self._field():
            return None
        self.take()
        return _KINDS[said]

    def _closes(self) -> bool:
        return self.here.kind == "end" or self.says(")", "order", "limit")

    def _field(self) -> bool:
        """Whether a field and what it is held against come next."""
        after = self.tokens[min(self.place + 1, len(self.tokens) - 1)]
        if self.here.kind == "end" or (self.here.kind == "sign"):
            return False
        return (after.kind == "sign" and after.text in _SIGNS) or (
            self.here.kind == "word" and after.kind == "word" and after.text.lower() in _AFTER_FIELD
        )

    def _order(self) -> tuple[str, bool]:
        if not self.says("by"):
            raise self.wrong("after `order` comes `by` and a field")
        self.take()
        if self.here.kind == "end":
            raise self.wrong("after `order by` comes a field")
        name = self.take().text
        falling = False
        if self.says("asc", "desc"):
            falling = self.take().text.lower() == "desc"
        return name, falling

    def _count(self) -> int:
        said = self.here.text
        if not said.isascii() or not said.isdigit() or not 1 <= int(said[:9]) <= MOST:
            raise self.wrong(f"after `limit` comes a number from 1 to {MOST:,}")
        return int(self.take().text)

    def _any(self) -> Condition:
        found = [self._all()]
        while self.says("or"):
            self.take()
            found.append(self._all())
        return found[0] if len(found) == 1 else Any(tuple(found))

    def _all(self) -> Condition:
        found = [self._one()]
        while not self._closes() and not self.says("or"):
            if self.says("and"):
                self.take()
            found.append(self._one())
        return found[0] if len(found) == 1 else All(tuple(found))

    def _one(self) -> Condition:
        if self._field():
            return self._test()
        if self.says("not"):
            self.take()
            return self._deeper(lambda: Not(self._one()))
        if self.says("("):
            return self._deeper(lambda: self._bracketed(self._any))
        if self.says(*_DIRECTIONS):
            return self._deeper(self._made)
        if self.here.kind in ("end", "sign") or self.says("and", "or", "where"):
            raise self.wrong("here a condition or a word should come")
        token = self.take()
        if token.kind == "word" and token.text.endswith("*") and token.text.strip("*"):
            return Words(token.text.rstrip("*"), prefix=True)
        return Words(token.text)

    def _deeper(self, read: Callable[[], Condition]) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"brackets nest deeper than {DEEPEST}")
        found = read()
        self.depth -= 1
        return found

    def _bracketed(self, read: Callable[[], Condition]) -> Condition:
        self.take()
        found = read()
        if not self.says(")"):
            raise self.wrong("the bracket should close here")
        self.take()
        return found

    def _made(self) -> Condition:
        direction = _DIRECTIONS[self.take().text.lower()]
        if self.says("("):
            self.take()
            of = self.question()
            if not self.says(")"):
                raise self.wrong("the bracket should close here")
            self.take()
            return Made(direction, of)
        if self.here.kind in ("end", "sign"):
            raise self.wrong(f"after `{direction}` comes a name, or a search in brackets")
        name = self.take().text
        named = Any((Comparison("name", "=", name), Comparison("urn", "=", name)))
        return Made(direction, Question((), named), name)

    def _test(self) -> Condition:
        name = self.take()
        if not _FIELD.fullmatch(name.text):
            raise UsageError(f"{name.text[:40]!r} is no field", where=f"at character {name.at}")
        sign = self.take().text.lower()
        if sign in _SIGNS:
            return compared(name.text, _SIGNS[sign], self._value(), self.now)
        if sign == "exists":
            return Comparison(name.text, "exists")
        if sign == "on":
            return compared(name.text, "=", self._value(), self.now)
        if sign == "between":
            low = self._value()
            if not self.says("and"):
                raise self.wrong("between two values `and` comes")
            self.take()
            high = self._value()
            return All((compared(name.text, ">=", low, self.now), compared(name.text, "<=", high, self.now)))
        return self._in(name.text)

    def _in(self, name: str) -> Condition:
        if not self.says("("):
            raise self.wrong("after `in` come values in brackets")
        self.take()
        found = [compared(name, "=", self._value(), self.now)]
        while self.says(","):
            self.take()
            found.append(compared(name, "=", self._value(), self.now))
        if not self.says(")"):
            raise self.wrong("the bracket should close here")
        self.take()
        return Any(tuple(found))

    def _value(self) -> float | str:
        if self.here.kind in ("end", "sign"):
            raise self.wrong("here a value should come")
        token = self.take()
        if token.kind == "word":
            try:
                number = float(token.text)
            except ValueError:
                return token.text
            if math.isfinite(number) and token.text[-1:].isdigit():
                return number
        return token.text
