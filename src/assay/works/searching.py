"""Search: the index brought up to the log, then asked."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.methods.search.query import Question
from assay.works.indexing import Deriving

if TYPE_CHECKING:
    from assay.office.index.asking import Found
    from assay.office.index.store import Index
    from assay.works.home import Home

_CHUNK = 2_000  # events followed at a time
_MANY = 500  # keys asked for at once
_FOLLOWED = ("assets", "runs", "steps", "edges", "packages", "findings", "actions", "contexts", "members")
Progress = Callable[[int, int, str], None]


def search(
    home: Home, question: Question, *, limit: int = 20, progress: Progress | None = None
) -> tuple[Found, list[str]]:
    """Return what a question finds, of all that the log says up to now, and notes on what was not looked through."""
    from assay.office.index.asking import ask
    from assay.works.holding import Holding

    holding = Holding(home)
    with opened(home) as index:
        follow(home, index, progress)
        return ask(index, question, limit=limit, holding=holding), holding.notes


@contextlib.contextmanager
def opened(home: Home) -> Iterator[Index]:
    """Give the home's index, made where there is none; in a home that cannot be written a passing one."""
    from assay.office.index.store import Index

    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(home.scratch()) if home.office.outside.readonly else home.folder("index")
        index = Index(folder / "index.sqlite", home.office.origin)
        try:
            yield index
        finally:
            index.close()


def follow(home: Home, index: Index, progress: Progress | None = None) -> None:
    """Bring the index up to the log; it is made anew where the log is shorter than what it has followed."""
    from assay.office import schema

    size = int(home.office.rows(sa.select(sa.func.coalesce(sa.func.max(schema.events.c.seq) + 1, 0)))[0][0])
    if index.followed > size:
        index.anew()
    while index.followed < size:
        at = index.followed
        to = min(at + _CHUNK, size)
        rows = _values(home, _changed(home, at, to))
        derived = Deriving(home, rows, _steps(home, rows), _contexts(home, rows))
        records = list(derived.records())
        with index.following(at, to) as mine:
            if mine:
                index.put(sorted(records, key=lambda r: r.at))
                index.link(derived.edges())
        if progress is not None:
            progress(to, size, "index")
    _age(home, index)


def _age(home: Home, index: Index) -> None:
    """Make the records anew of models whose approval has run out since the index was last asked: no event says so."""
    from assay.office import registry

    now, looked = home.office.clock(), index.looked
    if now == looked:
        return
    rows = dict(registry.run_out(home.office, *sorted((looked, now)))) if looked else {}
    changed = {"packages": rows}
    records = list(Deriving(home, changed, {}, _contexts(home, changed)).records())
    with index.following(index.followed, index.followed) as mine:
        if mine:
            index.put(records)
            index.look(now)


def _changed(home: Home, first: int, to: int) -> dict[str, list[str]]:
    """Return the keys of the rows that these events wrote, by table."""
    from assay.office import schema

    events = schema.events
    query = sa.select(events.c.leaf).where(events.c.seq >= first, events.c.seq < to).order_by(events.c.seq)
    found: dict[str, dict[str, None]] = {}
    for (leaf,) in home.office.rows(query):
        for name in json.loads(leaf).get("rows", {}):
            table, _, key = str(name).partition("/")
            if table in _FOLLOWED:
                found.setdefault(table, {})[key] = None
    for step in found.get("steps", ()):  # a run is told with its steps
        run, slash, _ = step.partition("/")
        if slash:
            found.setdefault("runs", {})[run] = None
    for table, key in _members(home, list(found.pop("members", ()))):
        found.setdefault(table, {})[key] = None
    return {table: list(keys) for table, keys in found.items()}


def _values(home: Home, changed: Mapping[str, Sequence[str]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the rows as they are now, by table and key; one that is gone is left out."""
    from assay.office import schema

    out: dict[str, dict[str, dict[str, Any]]] = {}
    for name, keys in changed.items():
        table = schema.PROTECTED[name]
        columns = [table.c.key, table.c.value, *([table.c.at] if "at" in table.c else [])]
        for first in range(0, len(keys), _MANY):
            query = sa.select(*columns).where(table.c.key.in_(keys[first : first + _MANY]))
            for key, value, *at in home.office.rows(query):
                out.setdefault(name, {})[key] = json.loads(value) | ({"at": at[0]} if at else {})
    return out


def _steps(home: Home, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    from assay.office import schema

    out: dict[str, list[Mapping[str, Any]]] = {}
    runs = list(rows.get("runs", ()))
    table = schema.steps
    for first in range(0, len(runs), _MANY):
        query = sa.select(table.c.run, table.c.value).where(table.c.run.in_(runs[first : first + _MANY]))
        for run, value in home.office.rows(query):
            out.setdefault(run, []).append(json.loads(value))
    return out


def _members(home: Home, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give table and key of what was put into a context or taken out, which is to be told anew."""
    from assay.office import schema

    assets = schema.assets.c
    for value in _values(home, {"members": keys}).get("members", {}).values():
        urn = str(value["member"])
        if urn.startswith("run/"):
            yield "runs", urn.removeprefix("run/")
        elif urn.startswith("registry://"):
            yield "packages", urn.removeprefix("registry://")
        else:
            here = (assets.digest == urn) | assets.key.endswith(f"@{urn}", autoescape=True)
            for (key,) in home.office.rows(sa.select(assets.key).where(here)):
                yield "assets", key


def _contexts(home: Home, rows: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, list[str]]:
    """Return the contexts that runs, packages and assets are in, by urn."""
    from assay.office import schema

    urns = [f"run/{key}" for key in rows.get("runs", ())]
    urns += [f"registry://{key}" for key in rows.get("packages", ())]
    urns += [str(a.get("digest") or a["uri"]) for a in rows.get("assets", {}).values()]
    table, out = schema.members.c, dict[str, list[str]]()
    for first in range(0, len(urns), _MANY):
        query = sa.select(table.member, table.context).where(table.member.in_(urns[first : first + _MANY]))
        for member, context in home.office.rows(query.order_by(table.context)):
            out.setdefault(member, []).append(context)
    return out
