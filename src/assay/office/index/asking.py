"""A question put to the index: conditions as SQL, the rarest of them first.

Without help SQLite would either gather all rows of each condition or walk all records. So each condition is counted up to a
bound: where one is rare its rows are gathered and the others looked up in each; where none is, records are walked in the
order asked for, and the walk ends when enough were found.
"""

# ruff: noqa: S608 - SQL is made here of our own words and numbers; values are parameters
from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any as Anything

from assay.kernel.errors import Broken, UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.search.query import All, Any, Comparison, Condition, Made, Not, Question, Words
from assay.office.index.store import IS, MADE, READ, Index

RARE = 50_000
_TRIGRAM, _LONGEST = 3, 60  # letters of a part that an index is asked with
MOST_THINGS = 5_000_000
Holding = Callable[[list[dict[str, Anything]]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. records: each with kind, key, at and what is told of it. more: whether there are others.

    notes: why what was asked for may not be what was meant, each a sentence.
    """

    records: list[dict[str, Anything]]
    more: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sql:
    """A condition on ``r.id``: as a test of one record, and as a query of all, with its parameters in order.

    rows: how many it holds of, up to RARE + 1; None where nobody has counted. walked: its records come in their own order.
    """

    test: str
    all: str
    values: tuple[Anything, ...]
    rows: int | None
    walked: bool = False


@dataclass(frozen=True, slots=True)
class _Phrases:
    """Words that all have to be there, looked for at once."""

    of: tuple[Words, ...]


def _together(conditions: Sequence[Condition]) -> list[Condition | _Phrases]:
    """Return conditions that all have to hold, their words as one."""
    words = tuple(c for c in conditions if isinstance(c, Words))
    return [*([_Phrases(words)] if words else []), *(c for c in conditions if not isinstance(c, Words))]


def ask(index: Index, question: Question, *, limit: int = 20, holding: Holding | None = None) -> Found:
    """Return what a question finds. holding: from tables of rows to the urns of the data that hold one of them."""
    asked = _Asking(index, holding)
    try:
        try:
            return asked.found(question, min(limit, question.limit or limit))
        finally:
            asked.swept()
    except sqlite3.DatabaseError as error:
        raise Broken(f"the index cannot be asked: {error}", where=str(index.path)) from error


class _Asking:
    def __init__(self, index: Index, holding: Holding | None) -> None:
        self.index, self.con, self.holding = index, index.connection, holding
        self.temporary, self.notes = 0, list[str]()

    def swept(self) -> None:
        """Drop the temporary tables."""
        for number in range(self.temporary):
            self.con.execute(f"DROP TABLE IF EXISTS temp.made{number}")

    def found(self, question: Question, limit: int) -> Found:
        """Return the records, in the order asked for, and whether there are more."""
        parts = self._parts(question)
        if question.order is not None:
            parts.append(self._test(Comparison(question.order[0], "exists")))
        first = self._first(parts)
        if first is None and question.order is None:
            first = next((p for p in parts if p.walked), None)
        tests = [p for p in parts if p is not first]
        where = " AND ".join(p.test for p in tests) or "1"
        values = [*(first.values if first else ()), *(v for p in tests for v in p.values)]
        source, order = self._walk(question.order, first)
        ids: dict[int, None] = {}
        for (id_,) in self.con.execute(f"SELECT r.id FROM {source} WHERE {where} ORDER BY {order}", values):
            ids[id_] = None
            if len(ids) > limit:
                break
        told = [self._told(id_) for id_ in list(ids)[:limit]]
        return Found(told, len(ids) > limit, tuple(dict.fromkeys(self.notes)))

    def _told(self, id_: int) -> dict[str, Anything]:
        query = "SELECT kind, key, at, body FROM records WHERE id = ?"
        kind, key, at, body = self.con.execute(query, [id_]).fetchone()
        return {"kind": kind, "key": key, "at": at} | dict(json.loads(body))

    def _walk(self, order: tuple[str, bool] | None, first: _Sql | None) -> tuple[str, str]:
        """Return where records come from, and how they are put in order."""
        if order is None and (first is None or first.walked):  # the latest stand last
            return (
                (f"({first.all}) d CROSS JOIN records r ON r.id = d.record", "d.record DESC")
                if first
                else ("records r", "r.id DESC")
            )
        gathered = (
            f"(SELECT DISTINCT record FROM ({first.all})) d CROSS JOIN records r ON r.id = d.record"
            if first
            else ""
        )
        if order is None:
            return gathered, "r.id DESC"
        name, falling = order
        number, way = self._known(name), "DESC" if falling else "ASC"
        some = f"SELECT 1 FROM attributes WHERE field = {number} AND number IS NOT NULL LIMIT 1"
        column = "number" if self.con.execute(some).fetchone() else "text"
        if first is None:
            source = f"attributes o INDEXED BY attributes_{column} CROSS JOIN records r ON r.id = o.record"
            return f"{source} AND o.field = {number} AND o.{column} IS NOT NULL", f"o.{column} {way}"
        pick = "max" if falling else "min"
        held = f"SELECT {pick}(o.{column}) FROM attributes o WHERE o.record = r.id AND o.field = {number}"
        return gathered, f"({held}) {way} NULLS LAST, r.id DESC"

    def _parts(self, question: Question) -> list[_Sql]:
        where = question.where.of if isinstance(question.where, All) else (question.where,)
        parts = [self._sql(c) for c in _together(where)]
        if question.kinds:
            shown = ", ".join("?" for _ in question.kinds)
            parts.append(_Sql(f"r.kind IN ({shown})", "", tuple(question.kinds), None))
        return parts

    def _first(self, parts: Sequence[_Sql]) -> _Sql | None:
        rare = [p for p in parts if p.rows is not None and p.rows <= RARE]
        return min(rare, key=lambda p: p.rows or 0) if rare else None

    def _sql(self, condition: Condition | _Phrases) -> _Sql:
        if isinstance(condition, Comparison):
            return self._test(condition)
        if isinstance(condition, (Words, _Phrases)):
            return self._words(condition)
        if isinstance(condition, Made):
            return self._made(condition)
        if isinstance(condition, Not):
            inner = self._sql(condition.of)
            return _Sql(f"NOT ({inner.test})", "", inner.values, None)
        parts = [
            self._sql(c) for c in (_together(condition.of) if isinstance(condition, All) else condition.of)
        ]
        if not parts:
            return _Sql("1", "", (), None)
        return self._either(parts) if isinstance(condition, Any) else self._both(parts)

    def _either(self, parts: Sequence[_Sql]) -> _Sql:
        rare = all(p.rows is not None and p.rows <= RARE for p in parts)
        return _Sql(
            "(" + " OR ".join(p.test for p in parts) + ")",
            " UNION ".join(p.all for p in parts) if rare else "",
            tuple(v for p in parts for v in p.values),
            sum(p.rows or 0 for p in parts) if rare else None,
        )

    def _both(self, parts: Sequence[_Sql]) -> _Sql:
        """One order of parameters serves both forms: the rare condition stands first."""
        first = self._first(parts)
        ordered = [first, *(p for p in parts if p is not first)] if first is not None else list(parts)
        test = "(" + " AND ".join(p.test for p in ordered) + ")"
        values = tuple(v for p in ordered for v in p.values)
        if first is None:
            return _Sql(test, "", values, None)
        rest = " AND ".join(["1", *(p.test for p in ordered[1:])])
        source = f"({first.all}) d CROSS JOIN records r ON r.id = d.record"
        return _Sql(test, f"SELECT r.id AS record FROM {source} WHERE {rest}", values, first.rows)

    def _known(self, name: str) -> int:
        number = self.index.field(name)
        if number is None:
            raise UsageError(
                f"nothing has a field {name[:80]!r}", remedy=did_you_mean(name, self.index.fields())
            )
        return number

    def _test(self, test: Comparison) -> _Sql:
        if test.operator == "exists" and self.index.field(test.field) is None:
            self.notes.append(f"nothing has a field {test.field[:80]!r}")
            return _Sql("0", "SELECT id AS record FROM records WHERE 0", (), 0)
        number = self._known(test.field)
        here, values = self._held(test)
        rows = None
        if test.operator == "~" and (table := self._holding_part(str(test.value))):
            here, values = f"a.text IN (SELECT text FROM {table})", ()
        elif test.operator == "~":
            rows = RARE + 1
        # The plus keeps the planner from the index of values, where it would look through every record's
        each = here.replace("a.", "+a.")
        base = f"a.field = {number}"
        if test.operator == "!=":
            some = f"SELECT 1 FROM attributes a WHERE a.record = r.id AND {base}"
            return _Sql(f"(EXISTS ({some}) AND NOT EXISTS ({some} AND {each}))", "", values, None)
        every = f"SELECT a.record AS record FROM attributes a WHERE {base} AND {here}"
        rows = self._counted(every, values) if rows is None else rows
        one = f"EXISTS (SELECT 1 FROM attributes a WHERE a.record = r.id AND {base} AND {each})"
        return _Sql(one, every, values, rows)

    def _held(self, test: Comparison) -> tuple[str, tuple[Anything, ...]]:
        """Return the condition on the value; one that no index could serve is kept from the planner's choice."""
        if test.operator == "exists":
            return "1", ()
        if test.operator == "~":
            said = str(test.value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            return "a.text LIKE ? ESCAPE '\\'", (f"%{said}%",)
        sign = "=" if test.operator == "!=" else test.operator
        column = "text" if isinstance(test.value, str) else "number"
        return f"a.{column} IS NOT NULL AND a.{column} {sign} ?", (test.value,)

    def _holding_part(self, part: str) -> str | None:
        """Gather the texts that hold a part into a temporary table; None where they are many, or it is too short to tell.

        Trigrams leave out nearly all others; they fold the case of every letter, LIKE of ASCII alone, so LIKE decides.
        """
        if len(part) < _TRIGRAM or "\0" in part:
            return None
        grams = {
            part[n : n + _TRIGRAM].replace('"', '""') for n in range(min(len(part), _LONGEST) - _TRIGRAM + 1)
        }
        like, value = self._held(Comparison("", "~", part))
        number, self.temporary = self.temporary, self.temporary + 1
        self.con.execute(f"CREATE TEMP TABLE made{number} (text TEXT PRIMARY KEY) WITHOUT ROWID")
        found = self.con.execute(
            f"""INSERT INTO temp.made{number} SELECT a.text FROM parts p CROSS JOIN strings a ON a.id = p.rowid
            WHERE parts MATCH ? AND {like} LIMIT {RARE + 1}""",
            [" AND ".join(f'"{g}"' for g in sorted(grams)), *value],
        )
        return f"temp.made{number}" if found.rowcount <= RARE else None

    def _counted(self, every: str, values: Sequence[Anything]) -> int:
        found = self.con.execute(f"SELECT count(*) FROM ({every} LIMIT {RARE + 1})", list(values)).fetchone()
        return int(found[0])

    def _words(self, words: Words | _Phrases) -> _Sql:
        phrases = words.of if isinstance(words, _Phrases) else (words,)
        said = " AND ".join(
            f'"{w.text.replace(chr(34), chr(34) * 2)}"{"*" if w.prefix else ""}' for w in phrases
        )
        every = "SELECT w.rowid AS record FROM words w WHERE w.text MATCH ?"
        one = "EXISTS (SELECT 1 FROM words w WHERE w.text MATCH ? AND w.rowid = r.id)"
        return _Sql(one, every, (said,), self._counted(every, (said,)), walked=True)

    def _made(self, made: Made) -> _Sql:
        """Things reached along edges from what the inner question finds, gathered into a temporary table."""
        number, self.temporary = self.temporary, self.temporary + 1
        table = f"temp.made{number}"
        self.con.execute(
            f"CREATE TEMP TABLE made{number} (thing INTEGER PRIMARY KEY, start INTEGER NOT NULL)"
        )
        if made.direction == "containing":
            return self._containing(made.of, table)
        down = made.direction == "from"
        near = MADE if down else READ
        starts = self._starts(made.of, (IS, near))
        self.con.executemany(f"INSERT INTO {table} VALUES (?, ?)", starts)
        self.con.execute(
            f"INSERT OR IGNORE INTO {table} SELECT id, 1 FROM things WHERE urn = ?", [made.thing]
        )
        this, other = ("source", "target") if down else ("target", "source")
        self.con.execute(
            f"""INSERT INTO {table}
            WITH RECURSIVE reached (thing) AS (
              SELECT e.{other} FROM {table} t CROSS JOIN edges e ON e.{this} = t.thing
              UNION SELECT e.{other} FROM reached CROSS JOIN edges e ON e.{this} = reached.thing)
            SELECT thing, 0 FROM reached WHERE true LIMIT {MOST_THINGS}
            ON CONFLICT (thing) DO UPDATE SET start = 0"""
        )
        far = READ if down else MADE
        every = (
            f"SELECT l.record AS record FROM {table} t CROSS JOIN links l ON l.thing = t.thing "
            f"WHERE (l.role = {IS} AND NOT t.start) OR l.role = {far}"
        )
        return _Sql(f"r.id IN ({every})", every, (), self._counted(every, ()))

    def _starts(self, question: Question, roles: tuple[int, int]) -> list[tuple[int, bool]]:
        """Return the things that lineage starts from, and whether each is what was found, and not next to it."""
        sql, values = self._everything(question)
        return self.con.execute(
            f"SELECT l.thing, max(l.role = {IS}) FROM ({sql}) q CROSS JOIN links l ON l.record = q.record "
            f"WHERE l.role IN ({roles[0]}, {roles[1]}) GROUP BY l.thing",
            values,
        ).fetchall()

    def _everything(self, question: Question) -> tuple[str, list[Anything]]:
        parts = self._parts(question)
        first = self._first(parts)
        tests = [p for p in parts if p is not first]
        where = " AND ".join(p.test for p in tests) or "1"
        values = [v for p in tests for v in p.values]
        if first is None:
            return f"SELECT r.id AS record FROM records r WHERE {where}", values
        source = f"({first.all}) d CROSS JOIN records r ON r.id = d.record"
        return f"SELECT r.id AS record FROM {source} WHERE {where}", [*first.values, *values]

    def _none_kept(self) -> str:
        query = "SELECT count(*), min(at), max(at) FROM records WHERE kind = 'quarantine'"
        count, first, last = self.con.execute(query).fetchone()
        days = dict.fromkeys(str(at)[:10] for at in (first, last) if at)
        had = f"; there {'is' if count == 1 else 'are'} {count}, of {' to '.join(days)}" if count else ""
        return f"`containing`: there is no such quarantine{had}"

    def _containing(self, question: Question, table: str) -> _Sql:
        if self.holding is None:
            raise UsageError("`containing` compares rows, and there is nothing here to compare with")
        sql, values = self._everything(question)
        found = self.con.execute(
            f"SELECT r.kind, r.key, r.body FROM ({sql}) q CROSS JOIN records r ON r.id = q.record", values
        ).fetchall()
        if not found:
            self.notes.append(self._none_kept())
        urns = self.holding([{"kind": k, "key": key} | json.loads(body) for k, key, body in found])
        self.con.executemany(
            f"INSERT OR IGNORE INTO {table} SELECT id, 0 FROM things WHERE urn = ?", [(u,) for u in urns]
        )
        every = f"SELECT l.record AS record FROM {table} t CROSS JOIN links l ON l.thing = t.thing WHERE l.role = {IS}"
        return _Sql(f"r.id IN ({every})", every, (), self._counted(every, ()))
