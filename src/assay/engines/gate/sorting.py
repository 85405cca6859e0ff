"""Rows sorted at the gate: types first, then rules of one row, then rules beside other rows, then those of the whole table.

What stays is a store that obeys every rule with the rows in it, if it did before.
"""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.gate import fit
from assay.engines.gate.rulebook import Rulebook
from assay.engines.tables import Asking, open_table
from assay.engines.tables.handle import DATA, DuckTable
from assay.engines.tables.seam import seam
from assay.kernel.errors import Missing, UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.quality import failing
from assay.methods.quality.compile import chosen, question, spelled
from assay.methods.quality.hold import Outcome, hold
from assay.methods.quality.question import Context, Grouped, Question, Rowwise
from assay.methods.quality.rule import Rule
from assay.methods.quality.words import expectation
from assay.methods.sqltext import literal, quoted

if TYPE_CHECKING:
    import duckdb

MOST_ROUNDS = 20  # of rules beside other rows: each may be broken anew by what another kept out
_PLACE = "#place"
_LONG = 200  # characters of a value in a reason

Reasons = dict[int, list[tuple[str, str]]]  # row of the source, from 1 → (rule, reason)


@dataclass
class Sorted:
    """reasons: of each row that is kept out. held: rules of the whole table that keep everything out, with why.

    clean: the rows that go in, as Parquet in the types of the store, or None. columns: their types.
    """

    rows: int
    reasons: Reasons = field(default_factory=dict)
    held: list[tuple[str, str]] = field(default_factory=list)
    clean: Path | None = None
    columns: dict[str, str] = field(default_factory=dict)


class _Sorter:
    def __init__(
        self, source: DuckTable, rules: Rulebook, tables: Mapping[str, str], scratch: Path, now: str
    ) -> None:
        self.source, self.rules, self.scratch, self.now = source, rules, scratch, now
        self.tables = tables
        self.out = Sorted(source.rows)
        self._files = 0

    def file(self) -> Path:
        self._files += 1
        return self.scratch / f"sorted{self._files}.parquet"

    def keep_out(self, row: int, rule: str, reason: str) -> None:
        told = self.out.reasons.setdefault(row, [])
        if (rule, reason) not in told:
            told.append((rule, reason))


def sort(
    source: DuckTable,
    rules: Rulebook,
    *,
    columns: Mapping[str, str],
    required: Sequence[str],
    existing: Callable[[Path], None] | None,
    tables: Mapping[str, str],
    scratch: Path,
    now: str,
) -> Sorted:
    """Sort the rows of an opened source.

    columns: the store's, with their types, or nothing where it is to be made of the source's. existing: writes what the
    store holds. tables: other tables that rules name. UsageError where the columns are not the store's, or where a
    rule cannot be examined.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    theirs = {c.name: c.native for c in source.columns}
    wanted = dict(columns) or theirs
    _same_columns(theirs, wanted, source.asset.name)
    sorter = _Sorter(source, rules, tables, scratch, now)
    sorter.out.columns = wanted
    con = source.connection
    with seam(source.asset.uri):
        _typed(con, theirs, wanted, sorter)
        _filled(con, required, sorter)
        batch = _written(con, wanted, sorter)
    if batch is not None:
        batch = _single(batch, sorter)
    old = None
    if existing is not None:
        old = scratch / "existing.parquet"
        existing(old)
    if batch is not None:
        batch = _beside(batch, old, sorter)
    _whole(batch, old, sorter)
    if sorter.out.held:
        for row in range(1, source.rows + 1):
            if row not in sorter.out.reasons:
                sorter.out.reasons[row] = [(n, why) for n, why in sorter.out.held]
    elif batch is not None:
        sorter.out.clean = sorter.file()
        with _duck(scratch) as own, seam(source.asset.uri):
            names = ", ".join(map(quoted, wanted))
            own.execute(
                f"COPY (SELECT {names} FROM read_parquet({literal(str(batch))}) ORDER BY {quoted(_PLACE)}) "
                f"TO {literal(str(sorter.out.clean))} (FORMAT parquet)"
            )
    return sorter.out


def _same_columns(theirs: Mapping[str, str], wanted: Mapping[str, str], name: str) -> None:
    lacking = [c for c in wanted if c not in theirs]
    more = [c for c in theirs if c not in wanted]
    if lacking or more:
        said = []
        if lacking:
            said.append(
                f"lacks the store's {', '.join(map(repr, lacking[:5]))}{', …' if len(lacking) > 5 else ''}"
            )
        if more:
            said.append(
                f"has {', '.join(map(repr, more[:5]))}{', …' if len(more) > 5 else ''}, which the store has not"
            )
        raise UsageError(f"the source {' and '.join(said)}", where=name, remedy="give it the store's columns")
    if any(c.startswith("_assay_") for c in theirs):
        raise UsageError(
            "names that begin with _assay_ are the quarantine's own", where=name, remedy="rename them"
        )


def _typed(
    con: duckdb.DuckDBPyConnection, theirs: Mapping[str, str], wanted: Mapping[str, str], to: _Sorter
) -> None:
    """Number the rows, and keep those out of which a value does not fit its column."""
    texts = ", ".join(quoted(c) for c in theirs)
    con.execute(
        f"CREATE TEMP TABLE numbered AS SELECT row_number() OVER () AS {quoted(_PLACE)}, {texts} FROM {DATA}"
    )
    for column, target in wanted.items():
        check = fit.fits(column, theirs[column], target)
        if check == "TRUE":
            continue
        rows = con.execute(
            f"SELECT {quoted(_PLACE)}, CAST({quoted(column)} AS VARCHAR)[1:{_LONG}] FROM numbered WHERE NOT {check} ORDER BY 1"
        ).fetchall()
        for row, value in rows:
            to.keep_out(row, f"type {column}", f"{column} holds {value!r}, which is no {target}")


def _filled(con: duckdb.DuckDBPyConnection, required: Sequence[str], to: _Sorter) -> None:
    for column in required:
        query = f"SELECT {quoted(_PLACE)} FROM numbered WHERE {quoted(column)} IS NULL ORDER BY 1"
        for (row,) in con.execute(query).fetchall():
            to.keep_out(row, f"complete {column}", f"{column} is empty, and the store takes no empty one")


def _written(con: duckdb.DuckDBPyConnection, wanted: Mapping[str, str], to: _Sorter) -> Path | None:
    """Write the rows that are left, in the store's types, with their numbers."""
    theirs = {c.name: c.native for c in to.source.columns}
    chosen_ = ", ".join(f"{fit.cast(c, theirs[c], t)} AS {quoted(c)}" for c, t in wanted.items())
    path = to.file()
    out = _rows_table(con, to.out.reasons)
    found = con.execute(
        f"SELECT {quoted(_PLACE)}, {chosen_} FROM numbered ANTI JOIN {out} o ON {quoted(_PLACE)} = o.row ORDER BY 1"
    ).to_arrow_reader(65_536)
    return _save(found, path)


def _save(reader: Any, path: Path) -> Path | None:
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetWriter(path, reader.schema, compression="zstd") as out:
        for batch in reader:
            rows += batch.num_rows
            out.write_batch(batch)
    return path if rows else None


def _rows_table(con: duckdb.DuckDBPyConnection, rows: Any) -> str:
    import numpy as np
    import pyarrow as pa

    data = pa.table({"row": pa.array(np.fromiter(rows, np.int64, len(rows)))})
    con.register("incoming", data)
    con.execute("CREATE OR REPLACE TEMP TABLE kept_out AS SELECT * FROM incoming")
    con.unregister("incoming")
    return "kept_out"


@contextlib.contextmanager
def _duck(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    from assay.engines.tables.handle import connect

    con = connect(scratch, 2, "1GB")
    try:
        yield con
    finally:
        con.close()


def _without(batch: Path, rows: Any, to: _Sorter) -> Path | None:
    """Return the rows of a batch but for some."""
    if not rows:
        return batch
    path = to.file()
    with _duck(to.scratch) as con, seam(str(batch)):
        out = _rows_table(con, rows)
        found = con.execute(
            f"SELECT b.* FROM read_parquet({literal(str(batch))}) b ANTI JOIN {out} o ON b.{quoted(_PLACE)} = o.row "
            f"ORDER BY b.{quoted(_PLACE)}"
        ).to_arrow_reader(65_536)
        return _save(found, path)


def _single(batch: Path, to: _Sorter) -> Path | None:
    """Keep out the rows that break a rule by themselves."""
    import numpy as np
    import pyarrow.parquet as pq

    from assay.methods.repair.mending import truths

    out: set[int] = set()
    numbers = pq.read_table(batch, columns=[_PLACE])[_PLACE].to_numpy()
    if to.rules.holds:
        at = 0
        with pq.ParquetFile(batch) as opened:
            for part in opened.iter_batches(batch_size=65_536):
                for name, expression in to.rules.holds:
                    for row in np.flatnonzero(~truths(expression, part, unknown=True)):
                        place = int(numbers[at + int(row)])
                        out.add(place)
                        to.keep_out(place, name, f"it is expected that {expression.text}")
                at += part.num_rows
    with _asked(batch, to, lambda q: isinstance(q, Rowwise)) as (asking, context, asked):
        outcomes = hold(asked, context, asking.rows, lambda *_: None)
        for (rule, _), outcome in zip(asked, outcomes, strict=True):
            _examined(rule, outcome)
        out |= _told(asked, outcomes, asking, context, numbers, 0, to)
    return _without(batch, out, to)


def _told(
    asked: Sequence[tuple[Rule, Question]], outcomes: Sequence[Outcome], asking: Asking, context: Context,
    numbers: Any, before: int, to: _Sorter,
) -> set[int]:  # fmt: skip
    """Remember which rows of the batch break which rule, and return them. before: rows of the store in front."""
    found = failing.broken(asked, outcomes)
    if not found:
        return set()
    rules = {r.name: r for r, _ in asked}
    queries = failing.failing(found, context, context.rows)
    out = set()
    for row, name, _, value in (r for query in queries for r in asking.rows(query)):
        if row <= before:
            continue
        place = int(numbers[row - before - 1])
        shown = "" if value is None else f"; it is {str(value)[:_LONG]!r}"
        to.keep_out(place, name, expectation(rules[name])[:400] + shown)
        out.add(place)
    return out


def _examined(rule: Rule, outcome: Outcome) -> None:
    if outcome.state == "unknown":
        raise UsageError(
            f"the rule {rule.name!r} cannot be examined, and what is not examined is not let in: {outcome.said}",
            where=rule.place,
            remedy="correct the rule, or leave it out",
        )


@contextlib.contextmanager
def _asked(path: Path, to: _Sorter, which: Callable[[Question], bool]) -> Iterator[Any]:
    """Give a table to ask, its context, and the questions of one sort."""
    with contextlib.ExitStack() as stack:
        table = stack.enter_context(open_table(str(path), scratch=to.scratch / f"asked{to._files}"))
        asking = stack.enter_context(Asking(table, to.scratch))
        columns = {n: c for n, c in asking.columns.items() if n != _PLACE}
        others = {}
        for name, source in to.tables.items():
            other = stack.enter_context(open_table(source, scratch=to.scratch / "others"))
            others[name] = asking.beside(stack.enter_context(Asking(other, to.scratch)))
        context = Context(
            columns, table.rows, to.now, others, None, asking.plain, asking.numbered, asking.row
        )
        named = chosen(to.rules.quality, list(columns), lambda text: asking.matching(text) - {_PLACE})
        spelt = [spelled(rule, columns) for rule in named]
        _named(spelt, columns)
        asked = [(r, q) for r in spelt if which(q := question(r, context))]
        yield asking, context, asked


_SCHEMA = ("exists", "columns", "schema", "column_names", "column_count", "same_schema", "all", "any")


def _named(rules: Sequence[Rule], columns: Mapping[str, Any]) -> None:
    """Missing where a rule is about a column that the store does not have, but for rules of which columns there are."""
    for rule in rules:
        lost = [c for c in rule.columns if c not in columns and rule.kind not in _SCHEMA]
        if lost:
            raise Missing(
                f"there is no column {lost[0]!r}", where=rule.place, remedy=did_you_mean(lost[0], columns)
            )


def _joined(batch: Path | None, old: Path | None, to: _Sorter) -> tuple[Path, int, Any]:
    """Return the store's rows and the batch's behind them as one table, how many are the store's, and the batch's numbers."""
    import numpy as np
    import pyarrow.parquet as pq

    before = pq.ParquetFile(old).metadata.num_rows if old is not None else 0
    numbers = (
        pq.read_table(batch, columns=[_PLACE])[_PLACE].to_numpy()
        if batch is not None
        else np.empty(0, np.int64)
    )
    path = to.file()
    names = ", ".join(f"CAST({quoted(c)} AS {t}) AS {quoted(c)}" for c, t in to.out.columns.items())
    parts = []
    if old is not None:
        parts.append(
            f'SELECT 0 AS "#s", row_number() OVER () AS "#n", {names} FROM read_parquet({literal(str(old))})'
        )
    if batch is not None:
        parts.append(
            f'SELECT 1 AS "#s", {quoted(_PLACE)} AS "#n", {names} FROM read_parquet({literal(str(batch))})'
        )
    with _duck(to.scratch) as con, seam(to.source.asset.uri):
        con.execute(
            f'COPY (SELECT * EXCLUDE ("#s", "#n") FROM ({" UNION ALL ".join(parts)}) ORDER BY "#s", "#n") '
            f"TO {literal(str(path))} (FORMAT parquet)"
        )
    return path, before, numbers


def _beside(batch: Path, old: Path | None, to: _Sorter) -> Path | None:
    """Keep out the rows that break a rule beside others, round after round until none does."""
    left: Path | None = batch
    if not to.rules.determines and not any(r.kind in _GROUPED for r in to.rules.quality):
        return left
    for _ in range(MOST_ROUNDS):
        assert left is not None
        path, before, numbers = _joined(left, old, to)
        with _asked(path, to, lambda q: isinstance(q, Grouped)) as (asking, context, asked):
            asked += [
                (_rule(n, by, of), _determined(by, of, before, context)) for n, by, of in to.rules.determines
            ]
            outcomes = hold(asked, context, asking.rows, lambda *_: None)
            for (rule, _), outcome in zip(asked, outcomes, strict=True):
                _examined(rule, outcome)
            out = _told(asked, outcomes, asking, context, numbers, before, to)
        if not out:
            return left
        left = _without(left, out, to)
        if left is None:
            return None
    to.out.held.append(("order", f"rules beside other rows were broken anew {MOST_ROUNDS} times"))
    return left


def _rule(name: str, by: Sequence[str], of: str) -> Rule:
    said = f"{of} is expected to be the same wherever {', '.join(by)} is"
    return Rule("determines", name, (*by, of), message=said)


_GROUPED = ("unique", "increasing", "decreasing", "references", "same_data")


def _determined(by: Sequence[str], of: str, before: int, context: Context) -> Grouped:
    """Ask which rows hold another value than the rest of their group: than the store's, else than the commonest."""
    keys, target = ", ".join(map(quoted, by)), quoted(of)
    some = " AND ".join([*(f"{quoted(c)} IS NOT NULL" for c in by), f"{target} IS NOT NULL"])
    each = (
        f'SELECT {keys}, {target} AS "#u", max(CAST({context.row} <= {before} AS INTEGER)) AS "#s", count(*) AS "#c" '
        f"FROM {context.numbered} WHERE {some} GROUP BY ALL"
    )
    usual = f'SELECT {keys}, first("#u" ORDER BY "#s" DESC, "#c" DESC, "#u") AS "#u" FROM ({each}) GROUP BY {keys}'
    on = " AND ".join(f"a.{quoted(c)} = b.{quoted(c)}" for c in by)
    rows = (
        f"SELECT a.{context.row} FROM {context.numbered} a JOIN ({usual}) b ON {on} "
        f'WHERE a.{target} IS NOT NULL AND a.{target} <> b."#u" ORDER BY 1'
    )
    return Grouped(
        f"SELECT (SELECT count(*) FROM {context.plain} WHERE {some}), (SELECT count(*) FROM ({rows}))", rows
    )


def _whole(batch: Path | None, old: Path | None, to: _Sorter) -> None:
    """Hold the rules of the whole table against the store as it would be; one that is broken keeps everything out."""
    if batch is None and old is None:
        return
    path, _, _ = _joined(batch, old, to)
    with _asked(path, to, lambda q: not isinstance(q, (Rowwise, Grouped))) as (asking, context, asked):
        outcomes = hold(asked, context, asking.rows, lambda *_: None)
        for (rule, _), outcome in zip(asked, outcomes, strict=True):
            _examined(rule, outcome)
            if outcome.state == "broken":
                said = f"; {outcome.said}" if outcome.said else ""
                to.out.held.append(
                    (rule.name, f"of the store as it would be, {expectation(rule)}{said}"[:600])
                )
