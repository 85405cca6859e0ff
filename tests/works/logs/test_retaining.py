"""What is old goes and every proof holds; what is held stays; pruned is told from removed."""

from __future__ import annotations

import json
import sqlite3

import pytest

from assay.kernel.errors import Missing, Refused, UsageError
from assay.office import ledger, pruning, verification

OLD, NEW = "2024-01-01T00:00:00.000Z", "2026-06-01T00:00:00.000Z"


@pytest.fixture
def old(home, asked, tmp_path):
    """A home with six old events that left rows, a proof and a checkpoint of then, an old log, and what is new."""
    office = home.office
    office.clock = lambda: OLD
    for number in range(6):
        with office.transaction() as tx:
            tx.write("assets", f"a{number}", {"n": number}, name=f"t{number}", digest="d", at=OLD)
            tx.record("test.act", f"t{number}", actor="ada", detail={"secret": "Ada Lovelace"})
    kept = {"note": office.about("checkpoint"), "proof": ledger.prove(office, 2)}
    for year in (2024, 2026):
        (tmp_path / f"{year}.jsonl").write_text(f'{{"time": "{year}-01-05T00:00:00Z", "msg": "x"}}\n')
    asked("log.import", places=[str(tmp_path / "2024.jsonl"), str(tmp_path / "2026.jsonl")])
    office.clock = lambda: NEW
    with office.transaction() as tx:
        tx.write("assets", "a5", {"n": 55}, name="t5", digest="d", at=NEW)
        tx.record("test.act", "new", actor="ada")
    return kept


def sql(home, statement, *values):
    with sqlite3.connect(home.root / "office.db") as connection:
        connection.execute(statement, values)
    connection.close()


def kinds(home):
    return [(p.kind, p.seq, p.file) for p in verification.verify(home.office).problems]


def test_bodies_go_and_every_proof_holds(home, asked, old):
    key = home.keyring.public_pem("ledger")
    got = asked("log.retain", older_than="2025-01-01", policy="a-year")
    assert (got["events"], got["files"], got["rows"]) == (7, 1, 1)
    found = asked("log.verify")
    assert found["ok"], found["problems"]
    assert found["pruned"] == {"a-year": 7}
    assert b"Lovelace" not in (home.root / "office.db").read_bytes()
    assert ledger.verify_proof(old["proof"], key)
    assert verification.verify_against(home.office, old["note"], key).ok
    proof = asked("log.prove", seq=2)
    assert proof["pruned"] == {"policy": "a-year", "event": got["said"][0]} and proof["event"] == {}
    assert ledger.verify_proof(ledger.read_proof(json.dumps(proof)), key)
    assert [e["outcome"] for e in asked("log.tail", number=100)["events"]][:7] == ["pruned"] * 7
    assert asked("log.query", sql="SELECT pruned FROM events WHERE seq = 2")["rows"] == [["a-year"]]
    assert asked("log.query", sql="SELECT time FROM jsonl")["rows"] == [["2026-01-05T00:00:00Z"]]
    assert not list((home.root / "logs" / "jsonl").glob("day=2024*/*.parquet"))
    again = asked("log.retain", older_than="2025-01-01", policy="a-year")
    assert (again["events"], again["files"]) == (0, 0)


def test_rows_that_pruned_events_vouched_for_are_still_vouched_for(home, asked, old):
    asked("log.retain", older_than="2025-01-01")
    sql(home, "UPDATE assets SET name = 'other' WHERE key = 'a1'")
    assert [k for k, _, _ in kinds(home)] == ["row-edited"]
    sql(home, "DELETE FROM assets WHERE key = 'a1'")
    assert [k for k, _, _ in kinds(home)] == ["row-deleted"]


def test_pruned_is_told_from_removed(home, asked, old):
    stub = pruning.stub
    leaf = home.office.rows(pruning.sa.text("SELECT leaf FROM events WHERE seq = 7"))[0][0]
    value = bytes.fromhex(ledger.leaf(home.office, 7))
    asked("log.retain", older_than="2025-01-01", policy="p")
    by = asked("log.tail", number=100)["events"][0]["detail"]["event"]
    sql(home, "UPDATE events SET leaf = ? WHERE seq = 7", pruning.written(7, value, "p", by))
    assert stub(pruning.written(7, value, "p", by)).seq == 7
    assert kinds(home) == [("deleted", 7, None)]
    sql(home, "UPDATE events SET leaf = ? WHERE seq = 7", leaf)
    assert kinds(home) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw | {"hash": "00" * 32},
        lambda raw: raw | {"policy": "another"},
        lambda raw: raw | {"by": raw["by"] + 1},
        lambda raw: raw | {"seq": 4},
        lambda raw: raw | {"hash": "zz"},
        lambda raw: {"by": 1},
    ],
)
def test_a_stub_that_was_edited_is_told(home, asked, old, change):
    asked("log.retain", older_than="2025-01-01")
    raw = json.loads(home.office.rows(pruning.sa.text("SELECT leaf FROM events WHERE seq = 3"))[0][0])
    forged = json.dumps(change(raw), sort_keys=True, separators=(",", ":"))
    sql(home, "UPDATE events SET leaf = ? WHERE seq = 3", forged)
    assert [(k, s) for k, s, _ in kinds(home)] in ([("edited", 3)], [("deleted", 3)], [("reordered", 3)])


def test_a_hold_stops_it_and_its_release_lets_it_go(home, asked, old):
    asked("log.hold", name="case-7", why="asked for by the court", until="2024-06-01", sources=["jsonl"])
    got = asked("log.retain", older_than="2025-01-01", dry_run=True)
    assert (got["events"], got["files"], got["held"]) == (7, 0, {"case-7": 1})
    asked("log.hold", name="all", why="everything")
    got = asked("log.retain", older_than="2025-01-01")
    assert (got["events"], got["files"]) == (0, 0) and got["held"]["all"] == 8
    asked("log.release", name="all", why="closed")
    asked("log.release", name="case-7", why="closed")
    assert asked("log.retain", older_than="2025-01-01")["files"] == 1
    assert [h["state"] for h in asked("log.holds")["holds"]] == ["released", "released"]
    actions = [e["action"] for e in asked("log.tail", number=100)["events"]]
    assert actions.count("log.hold") == actions.count("log.release") == 2
    with pytest.raises(Refused, match="released before"):
        asked("log.release", name="all", why="closed")
    with pytest.raises(Refused, match="already"):
        asked("log.hold", name="all", why="again")
    with pytest.raises(Missing):
        asked("log.release", name="case-8", why="x")


def test_what_says_why_is_never_pruned(home, asked, old):
    asked("log.retain", older_than="2025-01-01", policy="first")
    home.office.clock = lambda: "2030-01-01T00:00:00.000Z"
    asked("log.retain", older_than="2029-01-01", policy="second")
    left = [e["action"] for e in asked("log.tail", number=100)["events"] if e["outcome"] != "pruned"]
    assert set(left) == {"log.retain"}
    found = asked("log.verify")
    assert found["ok"] and set(found["pruned"]) == {"first", "second"}


def test_nothing_is_pruned_from_a_log_that_does_not_verify(home, asked, old):
    sql(home, "UPDATE assets SET name = 'other' WHERE key = 'a1'")
    with pytest.raises(Refused, match="does not verify"):
        asked("log.retain", older_than="2025-01-01")
    assert "pruned" not in {e["outcome"] for e in asked("log.tail", number=100)["events"]}


def test_an_imported_file_that_is_gone_or_edited_is_told(home, asked, old):
    (file,) = (home.root / "logs" / "jsonl").glob("day=2026*/*.parquet")
    name = file.relative_to(home.root / "logs").as_posix()
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert kinds(home) == [("edited", None, name)]
    file.unlink()
    assert kinds(home) == [("missing", None, name)]


def test_times_and_names_that_are_none_are_refused(asked, old):
    with pytest.raises(UsageError, match="no time"):
        asked("log.retain", older_than="soon")
    with pytest.raises(UsageError, match="no name"):
        asked("log.retain", older_than="400d", policy="../x")


def test_a_time_that_is_still_to_come_is_refused(home, asked, old):
    """Everything is older than that: a slip of one digit would have pruned the day's own events."""
    with pytest.raises(UsageError, match="still to come"):
        asked("log.retain", older_than="2999-01-01")
    assert asked("log.retain", older_than="2025-01-01", dry_run=True)["rows"] >= 0
