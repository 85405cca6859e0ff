"""The tables of an office. A protected table is one whose rows every event vouches for by digest.

``history`` keeps each of those rows as every event left it, so that any resource can be seen as it was.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text

VERSION = 1
metadata = MetaData()
_PLACE = BigInteger().with_variant(Integer(), "sqlite")  # by which SQLite then keeps the rows themselves

about = Table(
    "about", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)
events = Table(
    "events",
    metadata,
    Column("seq", _PLACE, primary_key=True, autoincrement=False),
    Column("leaf", Text, nullable=False),
)
tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)


def _protected(name: str, *columns: str) -> Table:
    """A row has a key, the columns that are searched by, and everything else as canonical JSON in ``value``."""
    inner = [Column(c, Text, nullable=True) for c in columns]
    table = Table(
        name, metadata, Column("key", Text, primary_key=True), *inner, Column("value", Text, nullable=False)
    )
    for column in columns:
        Index(f"ix_{name}_{column}", table.c[column])
    return table


assets = _protected("assets", "name", "digest", "at")
runs = _protected("runs", "pipeline", "outcome", "started", "experiment", "parent")
steps = _protected("steps", "run", "reuse")
edges = _protected("edges", "source", "target")
packages = _protected("packages", "name", "status")
findings = _protected("findings", "severity", "rule", "last_seen", "asset")
statements = _protected("statements", "package", "kind")
actions = _protected("actions", "name", "state")
logs = _protected("logs", "kind", "source", "day")
traces = _protected("traces", "trace", "run", "started")
contexts = _protected("contexts", "kind", "name")
members = _protected("members", "context", "member")
datasets = _protected("datasets", "name")
endpoints = _protected("endpoints", "state")
tokens = _protected("tokens", "subject", "state")
baselines = _protected("baselines", "name")
monitors = _protected("monitors", "endpoint", "state")
executions = _protected("executions", "monitor", "endpoint", "outcome", "started")
arrivals = _protected("arrivals", "digest", "state", "at")
inventories = _protected("inventories", "digest", "at")

history = Table(
    "history",
    metadata,
    Column("noun", Text, primary_key=True),  # the protected table
    Column("key", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # of the event that left the row so
    Column("at", Text, nullable=False),  # when: that event's time
    Column("state", Text, nullable=True),  # the row as it then was, the very text of its digest; null: pruned
    Index("ix_history_seq", "seq"),
)

leases = Table(  # who may do what for now: no state that anything rests on, so no event vouches for it
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column(
        "until", Float, nullable=False
    ),  # seconds since 1970, by the database's clock where it is a server
)

PROTECTED = {
    t.name: t
    for t in (
        *(assets, runs, steps, edges, packages, findings, statements, actions, logs, traces),
        *(contexts, members, datasets),
        *(endpoints, tokens, baselines, monitors, executions, arrivals, inventories),
    )
}
