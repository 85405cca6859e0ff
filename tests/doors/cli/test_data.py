"""`assay data load` as a user types it: with a home and without, in text and JSON, killed on the way."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import duckdb
import pytest

RULES = "rules:\n- {unique: id}\n- {complete: name}\n- {row_count: null, max: 5}\n"
FIRST = "id,name\n1,a\n2,b\n"
SECOND = "id,name\n2,c\n3,d\n4,\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "first.csv").write_text(FIRST)
    (tmp_path / "second.csv").write_text(SECOND)
    return tmp_path


def _held(folder):
    with duckdb.connect(str(folder / "s.duckdb"), read_only=True) as con:
        return con.execute("SELECT id, name FROM t ORDER BY id").fetchall()


@pytest.mark.slow
def test_in_a_home_a_load_is_an_event_and_two_edges(folder, assay):
    assay(folder, "init")
    load = ["--into", "s.duckdb::t", "--rules", "rules.yaml"]
    assert "of 2 rows 2 loaded, 0 quarantined (event 1)" in assay(
        folder, "data", "load", "first.csv", *load, "--mode", "create"
    )
    told = assay.json(folder, "data", "load", "second.csv", *load)
    assert (told["schema"], told["loaded"], told["quarantined"], told["event"]) == ("assay.load/1", 1, 2, 3)
    assert _held(folder) == [(1, "a"), (2, "b"), (3, "d")]
    digest = "sha256:" + hashlib.sha256((folder / "second.csv").read_bytes()).hexdigest()
    edges = assay.json(folder, "lineage", "second.csv", "--down")["edges"]
    assert {(e["source"], e["to_name"], e["step"]) for e in edges} == {
        (digest, "t", "data.load"), (digest, "t_quarantine", "data.load"),
    }  # fmt: skip
    assert "--again loads them once more" in assay.fails(folder, "data", "load", "second.csv", *load)
    assert assay.json(folder, "log", "verify")["ok"]


def test_without_a_home_it_works_and_exits_1_where_everything_is_held_back(folder, assay):
    load = ["--into", "s.csv", "--rules", "rules.yaml"]
    assay(folder, "data", "load", "first.csv", *load, "--mode", "create", "--strict")
    said = assay(folder, "data", "load", "second.csv", *load, "--strict", code=1)
    assert "of 3 rows 1 loaded, 2 quarantined" in said and "unique id" in said and "s_quarantine.csv" in said
    assert max(map(len, said.splitlines())) <= 80 + len(str(folder))
    (folder / "many.csv").write_text("id,name\n" + "".join(f"{n},x\n" for n in range(10, 16)))
    told = assay.json(folder, "data", "load", "many.csv", *load, code=1)
    assert (told["loaded"], told["quarantined"], told["held"][0]["rule"]) == (0, 6, "row_count")
    assert (folder / "s.csv").read_text() == FIRST + "3,d\n" and not (folder / ".assay").exists()


def test_an_own_place_for_the_quarantine(folder, assay):
    load = ["--into", "s.parquet", "--rules", "rules.yaml", "--quarantine", "out.csv", "--mode", "create"]
    told = assay.json(folder, "data", "load", "second.csv", *load)
    assert told["quarantined"] == 1 and (folder / "out.csv").read_text().splitlines()[1].startswith(
        "4,,complete name"
    )


def test_what_is_no_store_is_told(folder, assay):
    load = ["data", "load", "first.csv", "--rules", "rules.yaml", "--into"]
    assert "name it: s.duckdb::TABLE" in assay.fails(folder, *load, "s.duckdb")
    assert "no store that is loaded into" in assay.fails(folder, *load, "s.jsonl")
    assert "no such folder" in assay.fails(folder, *load, "no/such/s.csv", "--mode", "create")
    assert "password" in assay.fails(folder, *load, "postgresql://me:secret@host/db::t")


_DIE = """
import os, sys
from assay.engines.gate.duckdbsink import DuckSink
commit = DuckSink.commit
def dies(self):
    if {after}: commit(self)
    os._exit(9)
DuckSink.commit = dies
from assay.doors.cli import main
main(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_dies_at_the_commit_has_loaded_all_or_nothing_and_the_home_tells_which(
    after, folder, assay
):
    assay(folder, "init")
    load = ["--into", "s.duckdb::t", "--rules", "rules.yaml"]
    assay(folder, "data", "load", "first.csv", *load, "--mode", "create")
    command = [sys.executable, "-c", _DIE.format(after=after), "data", "load", "second.csv", *load]
    assert subprocess.run(command, cwd=folder, check=False).returncode == 9
    assert len(_held(folder)) == (3 if after else 2)
    events = assay.json(folder, "log", "tail")["events"]
    assert [e["outcome"] for e in events if e["action"] == "data.load"][-1] == ("done" if after else "failed")
    if after:
        assert "--again" in assay.fails(folder, "data", "load", "second.csv", *load)
    else:
        assert assay.json(folder, "data", "load", "second.csv", *load)["loaded"] == 1
    assert len(_held(folder)) == 3 and assay.json(folder, "log", "verify")["ok"]
