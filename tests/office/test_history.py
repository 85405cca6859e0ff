"""Each row of the office keeps its history: seen as it was at any time, and every forgery of it found and placed."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict

import pytest
import sqlalchemy as sa

from assay.kernel.canonical import plain
from assay.kernel.errors import Missing, Refused
from assay.office import logbook, pruning, registry, runs, schema, verification
from assay.office.asof import AsOf, Point
from assay.office.history import of as states
from assay.office.lineage import lineage
from assay.office.registry import PackageRecord


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.day = 1

    def __call__(self) -> str:
        return f"2026-01-{self.day:02d}T00:00:00.000Z"


@pytest.fixture
def clock(office):
    """The clock of the office of ten assets, which were left on the first day."""
    office.clock = Clock()
    return office.clock


def package(status: str, at: str, event: int) -> PackageRecord:
    return PackageRecord(
        "m", 1, status, "sha256:" + "0" * 64, {}, "ada", at, 10, event, metadata={"artifact": "a"}
    )


def leave(office, clock, day, status):
    clock.day = day
    with office.transaction() as tx:
        registry.write(tx, package(status, tx.now, tx.size))
        return tx.record("model.test", "registry://m@1", actor="ada")


@pytest.fixture
def lived(office, clock):
    """A package that was PENDING on the 5th, REJECTED on the 10th and APPROVED on the 20th: events 10, 11 and 12."""
    for day, status in ((5, "PENDING"), (10, "REJECTED"), (20, "APPROVED")):
        leave(office, clock, day, status)
    return office


def then(office, day):
    return AsOf(office, Point(f"2026-01-{day:02d}T12:00:00.000Z"))


def test_a_package_is_seen_as_it_was(lived):
    for day, status in ((5, "PENDING"), (9, "PENDING"), (10, "REJECTED"), (19, "REJECTED"), (25, "APPROVED")):
        assert registry.get(then(lived, day), "m").status == status
        assert [r.status for r in registry.listing(then(lived, day))] == [status]


def test_what_was_not_there_yet_is_missing(lived):
    assert registry.listing(then(lived, 4)) == []
    with pytest.raises(Missing):
        registry.get(then(lived, 4), "m@1")


def test_after_an_event_is_exact_where_times_are_alike(lived):
    assert [registry.get(AsOf(lived, Point(seq=n)), "m").status for n in (10, 11, 12)] == [
        "PENDING",
        "REJECTED",
        "APPROVED",
    ]
    assert AsOf(lived, Point(seq=11)).clock() == "2026-01-10T00:00:00.000Z"


def test_a_clock_set_back_leaves_the_latest_event_that_says_no_later(lived, clock):
    leave(lived, clock, 7, "PENDING")  # after the 20th in the log, and dated the 7th
    assert registry.get(then(lived, 8), "m").event == 13
    assert registry.get(then(lived, 12), "m").event == 13
    assert registry.get(lived, "m").event == 13


def test_the_columns_that_are_searched_by_are_those_of_then(lived):
    table = schema.packages
    query = sa.select(table.c.key).where(table.c.status == "REJECTED")
    assert then(lived, 12).rows(query) == [("m@1",)] and then(lived, 22).rows(query) == []


def test_lineage_is_asked_of_the_past(office, clock):
    for day, (source, target) in ((5, ("a", "b")), (10, ("b", "c"))):
        clock.day = day
        with office.transaction() as tx:
            runs.edge(tx, runs.Edge(source, source, target, target, "step", "r"))
            tx.record("test.act", "x", actor="ada")
    assert [(e.source, e.target) for e in lineage(then(office, 6), "b", up=True)] == [("a", "b")]
    assert lineage(then(office, 6), "b", up=False) == []
    assert len(lineage(office, "a", up=False)) == 2


def test_every_state_of_a_row_is_told(lived):
    found = states(lived, "packages", "m@1")
    assert [(s.seq, s.value["status"]) for s in found] == [
        (10, "PENDING"),
        (11, "REJECTED"),
        (12, "APPROVED"),
    ]


def test_the_past_is_not_written(lived):
    with pytest.raises(Refused, match="only looked at"):
        then(lived, 10).transaction()


FORGERIES = [
    ("UPDATE history SET state = replace(state, 'REJECTED', 'APPROVED')", "history-edited", 11),
    ("UPDATE history SET at = '2026-01-02T00:00:00.000Z' WHERE seq = 11", "history-edited", 11),
    ("UPDATE history SET state = NULL WHERE seq = 11", "history-edited", 11),
    ("UPDATE history SET seq = 20 WHERE seq = 11", "history-deleted", 11),
    ("DELETE FROM history WHERE seq IN (11, 12)", "history-deleted", 11),
    ("DELETE FROM history WHERE key = 't3@sha256:' || printf('%064x', 3)", "history-deleted", 3),
    ("INSERT INTO history SELECT noun, key, 12, at, state FROM history WHERE seq = 3", "history-added", 12),
    ("INSERT INTO history SELECT noun, key, 99, at, state FROM history WHERE seq = 3", "history-added", 99),
    ("UPDATE history SET noun = 'assets' WHERE seq = 11", "history-deleted", 11),
]  # fmt: skip


def found(office, tmp_path, statement):
    """Forge the history, return the first problem that verification finds, and mend it again."""
    connection = sqlite3.connect(tmp_path / "office.db")
    whole = connection.execute("SELECT noun, key, seq, at, state FROM history").fetchall()
    assert connection.execute(statement).rowcount > 0
    connection.commit()
    first = verification.verify(office).problems[0]
    connection.execute("DELETE FROM history")
    connection.executemany("INSERT INTO history (noun, key, seq, at, state) VALUES (?, ?, ?, ?, ?)", whole)
    connection.commit()
    connection.close()
    return first.kind, first.seq


def test_a_forged_history_is_found_and_its_first_bad_place_named(lived, tmp_path):
    for statement, *expected in FORGERIES:
        assert found(lived, tmp_path, statement) == tuple(expected), statement
    assert verification.verify(lived).ok


def prune(office, day):
    cutoff = f"2026-01-{day:02d}T00:00:00.000Z"
    made = pruning.plan(office, cutoff, logbook.holds(office))
    return pruning.prune(office, made, actor="ada", policy="short", cutoff=cutoff)


def test_what_pruned_events_left_is_forgotten_but_for_what_still_stands(lived, clock):
    clock.day = 25
    prune(lived, 15)
    assert verification.verify(lived).ok
    assert [s.value and s.value["status"] for s in states(lived, "packages", "m@1")] == [
        None,
        None,
        "APPROVED",
    ]
    assert registry.listing(then(lived, 12)) == [] and then(lived, 12).pruned("packages") == 1
    assert registry.get(then(lived, 21), "m").status == "APPROVED" and then(lived, 21).pruned("packages") == 0
    shown = then(lived, 2)  # the assets stand as the pruned events left them
    assert len(shown.rows(sa.select(schema.assets.c.value))) == 10 and shown.pruned("assets") == 0


def test_a_row_that_stood_is_forgotten_when_what_replaced_it_is_pruned_too(lived, clock):
    clock.day = 21
    prune(lived, 21)  # all three: the last state stands, and is vouched for anew
    assert states(lived, "packages", "m@1")[2].value["status"] == "APPROVED"
    leave(lived, clock, 22, "ARCHIVED")
    leave(lived, clock, 24, "PENDING")
    assert registry.get(then(lived, 21), "m").status == "APPROVED" and verification.verify(lived).ok
    clock.day = 26
    prune(lived, 23)
    assert verification.verify(lived).ok
    assert [s.value and s.value["status"] for s in states(lived, "packages", "m@1")] == [None] * 4 + [
        "PENDING"
    ]


def test_pruned_states_are_gone_from_the_file(lived, clock, tmp_path):
    clock.day = 25
    prune(lived, 15)
    lived.close()
    assert b"REJECTED" not in (tmp_path / "office.db").read_bytes()


def test_a_forgery_of_a_pruned_history_is_found(lived, clock, tmp_path):
    clock.day = 25
    prune(lived, 15)
    for statement, *expected in (
        ("UPDATE history SET state = NULL WHERE seq = 3", "history-deleted", 3),
        ("UPDATE history SET state = replace(state, 't3.csv', 'x.csv') WHERE seq = 3", "history-edited", 3),
        ("UPDATE history SET state = '{}' WHERE seq = 10", "history-added", 10),
        ("UPDATE history SET at = '2026-01-02T00:00:00.000Z' WHERE seq = 10", "history-edited", 13),
        ("DELETE FROM history WHERE seq = 10", "history-edited", 13),
    ):
        assert found(lived, tmp_path, statement) == tuple(expected), statement
    assert verification.verify(lived).ok


def test_no_writer_can_leave_a_row_out_of_the_history(office):
    with office.transaction() as tx:
        tx.write("findings", "f", {"v": 1}, severity="low", rule="r", last_seen="", asset="")
        tx.write(
            "findings", "f", {"v": 2}, severity="low", rule="r", last_seen="", asset=""
        )  # before any event
        tx.record("test.one", "f", actor="ada")
        tx.write("findings", "f", {"v": 3}, severity="low", rule="r", last_seen="", asset="")
        tx.record("test.two", "f", actor="ada")
    assert [s.value for s in states(office, "findings", "f")] == [{"v": 2}, {"v": 3}]
    assert verification.verify(office).ok


def test_a_package_of_the_history_is_the_record_that_was_written(lived):
    first = states(lived, "packages", "m@1")[0]
    assert first.value == plain(asdict(package("PENDING", first.at, first.seq)))
