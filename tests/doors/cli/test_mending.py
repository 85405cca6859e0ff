"""A table repaired where it lies and taken back, as a user types it, on every store; and killed on the way."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from importlib.resources import as_file, files

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

FLAG, COUNT = "has_booking_changes", "booking_changes"
FILES = ("csv.gz", "csv", "parquet")
STORES = [*FILES, "duckdb", "sqlite", "postgres"]
READ = {"keep_default_na": False, "na_values": [""]}


@pytest.fixture(scope="module")
def frame():
    with as_file(files("assay.examples").joinpath("bookings", "bookings.csv.gz")) as path:
        return pd.read_csv(path, **READ)[["row_id", FLAG, COUNT, "country", "is_canceled"]]


@pytest.fixture(scope="module")
def folder(assay, frame, tmp_path_factory):
    """A home, and a report of the rule."""
    to = tmp_path_factory.mktemp("repairing")
    assay(to, "init")
    frame.to_csv(to / "first.csv", index=False)
    rules = f"rules:\n- holds: '{FLAG} == ({COUNT} > 0)'\n  name: flag\n  repair: {{set: {FLAG}, to: '{COUNT} > 0'}}\n"
    (to / "rules.yaml").write_text(rules)
    args = ["--rules", "rules.yaml", "--no-discover", "--fail-on", "none", "-o", "r.json"]
    assay(to, "check", "data.integrity", "first.csv", *args, "--format", "json")
    return to


@pytest.fixture(params=STORES)
def store(request, folder, frame):
    """A source that holds the bookings."""
    kind = request.param
    if kind.startswith("csv"):
        frame.to_csv(folder / f"t.{kind}", index=False)
    elif kind == "parquet":
        frame.to_parquet(folder / "t.parquet")
    elif kind == "duckdb":
        (folder / "t.duckdb").unlink(missing_ok=True)
        with duckdb.connect(str(folder / "t.duckdb")) as con:
            con.execute('CREATE TABLE "my t" AS SELECT * FROM frame')
    elif kind == "sqlite":
        (folder / "t.sqlite").unlink(missing_ok=True)
        con = sqlite3.connect(folder / "t.sqlite")
        frame.to_sql("my t", con, index=False, dtype={FLAG: "BOOLEAN"})
        con.close()
    else:
        psycopg = pytest.importorskip("psycopg")
        url = request.getfixturevalue("postgres")
        with psycopg.connect(url) as con:
            con.execute('DROP TABLE IF EXISTS "my t"')
            con.execute(
                f'CREATE TABLE "my t" (row_id bigint, {FLAG} boolean, {COUNT} bigint, country text, is_canceled int)'
            )
            with con.cursor().copy('COPY "my t" FROM STDIN') as copy:
                for row in frame.itertuples(index=False):
                    copy.write_row([None if pd.isna(v) else v for v in row])
        return f"{url}::my t"
    return f"t.{kind}" + ("::my t" if kind in ("duckdb", "sqlite") else "")


def _read(folder, source):
    path, _, table = source.partition("::")
    if source.startswith("postgres"):
        import psycopg

        with psycopg.connect(path) as con:
            cursor = con.execute(f'SELECT * FROM "{table}"')
            found = pd.DataFrame(cursor.fetchall(), columns=[d.name for d in cursor.description])
    elif path.endswith(".duckdb"):
        with duckdb.connect(str(folder / path), read_only=True) as con:
            found = con.execute(f'SELECT * FROM "{table}"').df()
    elif path.endswith(".sqlite"):
        con = sqlite3.connect(folder / path)
        found = pd.read_sql(f'SELECT * FROM "{table}"', con)
        con.close()
        for name in set(found) & {FLAG, "_assay_deleted"}:
            found[name] = found[name].astype(bool)
    elif path.endswith(".parquet"):
        found = pq.read_table(folder / path).to_pandas()
    else:
        found = pd.read_csv(folder / path, **READ)
    found["country"] = found["country"].where(found["country"].notna(), None)
    return found.sort_values("row_id", ignore_index=True)


def _expected(frame, remedy):
    out, wrong = frame.copy(), frame[FLAG] != (frame[COUNT] > 0)
    if remedy == "derived":
        out[FLAG] = out[COUNT] > 0
    elif remedy == "source":
        out.loc[wrong & ~out[FLAG], COUNT] = 0
    else:
        out["_assay_deleted"], out["_assay_deleted_reason"] = wrong, wrong.map({True: "flag", False: None})
    out["country"] = out["country"].where(out["country"].notna(), None)
    return out.sort_values("row_id", ignore_index=True)


def _same(found, expected):
    assert list(found.columns) == list(expected.columns)
    for name in expected:
        a, b = (x[name].where(x[name].notna(), None).tolist() for x in (found, expected))
        assert a == b, name


def test_in_place_and_back(folder, frame, assay):
    frame.to_csv(folder / "quick.csv", index=False)
    before = (folder / "quick.csv").read_bytes()
    told = assay.json(folder, "treat", "data.repair", "quick.csv", "--using", "r.json", "--in-place")
    _same(_read(folder, "quick.csv"), _expected(frame, "derived"))
    assert told["rows"] == 137 and told["report"]["check"] == "data.repair"
    assert "137 rows are as they were" in assay(folder, "treat", "data.repair", "quick.csv", "--undo")
    assert (folder / "quick.csv").read_bytes() == before
    assert "no repair in place" in assay.fails(folder, "treat", "data.repair", "quick.csv", "--undo")


def test_another_hard_link_that_keeps_its_old_content_is_warned_of(folder, frame, assay):
    frame.head(300).to_csv(folder / "hard.csv", index=False)
    (folder / "other.csv").hardlink_to(folder / "hard.csv")
    before = (folder / "hard.csv").read_bytes()
    done = assay.run(folder, "treat", "data.repair", "hard.csv", "--using", "r.json", "--in-place")
    assert done.returncode == 0 and "warning: 1 other hard link of the file keeps what it held" in done.stderr
    assert (folder / "other.csv").read_bytes() == before != (folder / "hard.csv").read_bytes()
    again = assay.run(folder, "treat", "data.repair", "hard.csv", "--undo")
    assert again.returncode == 0 and "warning" not in again.stderr
    assert (folder / "hard.csv").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("remedy", ["derived", "source", "soft-delete"])
def test_each_remedy_in_place_and_back(store, remedy, folder, frame, assay):
    path = folder / store
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    told = assay.json(
        folder, "treat", "data.repair", store, "--using", "r.json", "--remedy", remedy, "--in-place"
    )
    assert (
        told["rows"] == {"derived": 137, "source": 18, "soft-delete": 137}[remedy] and told["state"] == "done"
    )
    _same(_read(folder, store), _expected(frame, remedy))
    assert "taken back: " in assay(folder, "treat", "data.repair", store, "--undo", told["id"])
    back = frame.assign(country=frame["country"].where(frame["country"].notna(), None))
    _same(_read(folder, store), back.sort_values("row_id", ignore_index=True))
    if path.is_file():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert "taken back already" in assay.fails(folder, "treat", "data.repair", store, "--undo", told["id"])
    assert assay.json(folder, "log", "verify")["ok"]


def test_an_undo_of_a_table_that_changed_since_is_refused_and_says_so(folder, frame, assay):
    frame.to_csv(folder / "u.csv", index=False)
    assay(folder, "treat", "data.repair", "u.csv", "--using", "r.json", "--in-place")
    with (folder / "u.csv").open("a") as out:
        out.write("99999,True,1,PRT,0\n")
    now = (folder / "u.csv").read_bytes()
    assert "changed since it was repaired" in assay.fails(folder, "treat", "data.repair", "u.csv", "--undo")
    assert (folder / "u.csv").read_bytes() == now
    found = assay.json(folder, "log", "tail")["events"]
    assert {"data.repair", "data.repair.undo"} <= {e["action"] for e in found}
    assert [e["outcome"] for e in found if e["action"] == "data.repair.undo"][-1] in ("begun", "failed")


def test_a_repair_in_place_is_an_edge_of_the_lineage(folder, frame, assay):
    frame.iloc[1:].to_csv(folder / "l.csv", index=False)
    before = "sha256:" + hashlib.sha256((folder / "l.csv").read_bytes()).hexdigest()
    assay(folder, "treat", "data.repair", "l.csv", "--using", "r.json", "--in-place")
    after = "sha256:" + hashlib.sha256((folder / "l.csv").read_bytes()).hexdigest()
    edges = assay.json(folder, "lineage", after)["edges"]
    assert [(e["source"], e["target"], e["step"]) for e in edges] == [(before, after, "data.repair")]


def test_what_is_told_to_do_two_things_or_none_is_asked_again(folder, assay):
    args = ["treat", "data.repair", "first.csv", "--using", "r.json"]
    assert "told one of -o OUT, --in-place, --undo, --preview" in assay.fails(folder, *args)
    assert "--in-place and --preview was given" in assay.fails(folder, *args, "--in-place", "--preview")


def test_without_a_home_nothing_is_changed_in_place(tmp_path, folder, frame, assay):
    frame.to_csv(tmp_path / "t.csv", index=False)
    shutil.copy(folder / "r.json", tmp_path)
    before = (tmp_path / "t.csv").read_bytes()
    said = assay.fails(tmp_path, "treat", "data.repair", "t.csv", "--using", "r.json", "--in-place")
    assert "needs a home" in said and (tmp_path / "t.csv").read_bytes() == before


def test_a_duckdb_file_that_another_has_open_is_left(folder, frame, assay):
    code = (
        "import duckdb, sys; c = duckdb.connect('open.duckdb'); c.execute(\"CREATE TABLE t AS SELECT * FROM read_csv('first.csv')\");"
        "c.execute('CHECKPOINT'); print('ready', flush=True); sys.stdin.read()"
    )
    (folder / "open.duckdb").unlink(missing_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"ready\n"
        said = assay.fails(
            folder, "treat", "data.repair", "open.duckdb::t", "--using", "r.json", "--in-place"
        )
        other.stdin.close()
    assert "lock" in said.lower() or "another program" in said


_DIE = """
import os, sys
from assay.engines.inplace import csvfile, duckdbfile, sqlitefile
place = {{"csv": csvfile.CsvPlace, "duckdb": duckdbfile.DuckPlace, "sqlite": sqlitefile.SqlitePlace}}[{kind!r}]
commit = place.commit
def dies(self):
    if {after}: commit(self)
    os._exit(9)
place.commit = dies
from assay.doors.cli import main
main(sys.argv[1:])
"""


_DEATHS = [
    (k, a, r) for k in ("csv", "duckdb", "sqlite") for a in (False, True) for r in ("derived", "soft-delete")
]
_SOON = [("csv", True, "derived"), ("duckdb", False, "soft-delete")]


def _written(folder, kind, name, frame):
    """Write the table anew as a file of a kind; return what the command calls it."""
    (folder / name).unlink(missing_ok=True)
    if kind == "csv":
        frame.to_csv(folder / name, index=False)
        return name
    if kind == "duckdb":
        with duckdb.connect(str(folder / name)) as con:
            con.execute("CREATE TABLE t AS SELECT * FROM frame")
    else:
        con = sqlite3.connect(folder / name)
        frame.to_sql("t", con, index=False, dtype={FLAG: "BOOLEAN"})
        con.close()
    return f"{name}::t"


@pytest.mark.parametrize(
    ("kind", "after", "remedy"),
    [d if d in _SOON else pytest.param(*d, marks=pytest.mark.slow) for d in _DEATHS],
)
def test_a_process_that_dies_at_the_commit_leaves_the_old_or_the_new_and_the_home_tells_which(
    kind, after, remedy, folder, frame, assay
):
    name = f"die-{remedy}-{after}.{kind}"
    source = _written(folder, kind, name, frame)
    args = ["treat", "data.repair", source, "--using", "r.json", "--remedy", remedy, "--in-place"]
    code = _DIE.format(kind=kind, after=after)
    assert subprocess.run([sys.executable, "-c", code, *args], cwd=folder, check=False).returncode == 9
    plain = frame.assign(country=frame["country"].where(frame["country"].notna(), None))
    _same(
        _read(folder, source),
        _expected(frame, remedy) if after else plain.sort_values("row_id", ignore_index=True),
    )
    latest = assay.json(folder, "log", "tail")["events"]
    ours = [e for e in latest if e["action"] == "data.repair" and e["subject"].startswith(str(folder / name))]
    assert {e["outcome"] for e in ours} == {"begun", "done" if after else "failed"}
    assert not list(folder.glob(f".{name}.*"))
    if after:
        assay(folder, "treat", "data.repair", source, "--undo")
        _same(_read(folder, source), plain.sort_values("row_id", ignore_index=True))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "duckdb", "sqlite"])
def test_a_repair_killed_at_moments_drawn_by_lot_is_whole_or_not_at_all(kind, folder, frame, assay):
    lot, name = random.Random(5), f"lot.{kind}"
    big = pd.concat([frame] * 20, ignore_index=True).assign(row_id=range(20 * len(frame)))
    source = _written(folder, kind, name, big)
    args = ["treat", "data.repair", source, "--using", "r.json", "--in-place"]
    command = [sys.executable, "-c", "from assay.doors.cli import main; main()", *args]
    states = set()
    for _ in range(8):
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            stop = time.monotonic() + 0.8 + 3 * lot.random()
            while process.poll() is None and time.monotonic() < stop:
                time.sleep(0.01)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        found = _read(folder, source)
        wrong = int((found[FLAG] != (found[COUNT] > 0)).sum())
        assert wrong in (0, 137 * 20) and len(found) == len(big)
        states.add(wrong)
        assert assay.json(folder, "log", "verify")["ok"]
        if wrong == 0:
            assay(folder, "treat", "data.repair", source, "--undo")
            again = _read(folder, source)
            assert int((again[FLAG] != (again[COUNT] > 0)).sum()) == 137 * 20
    assert json.dumps(sorted(states))


@pytest.mark.slow
def test_a_forged_journal_of_a_repair_does_not_shut_the_home(folder, frame, assay):
    """Every command ended in a KeyError."""
    frame.head(200).to_csv(folder / "forged.csv", index=False)
    args = ["treat", "data.repair", "forged.csv", "--using", "r.json", "--in-place"]
    code = _DIE.format(kind="csv", after=False)
    for forged in ("{}", "[]", "null", '{"id": 1, "before": 3, "after": [1]}'):
        assert subprocess.run([sys.executable, "-c", code, *args], cwd=folder, check=False).returncode == 9
        newest = max((folder / ".assay" / "repairs").iterdir(), key=lambda p: p.stat().st_mtime_ns)
        whole = newest.read_text()
        newest.write_text(forged)
        assert assay.json(folder, "log", "verify")["ok"]
        newest.write_text(whole)
        assert assay.json(folder, "log", "tail")["events"][-1]["outcome"] == "failed"
    assert not list(folder.glob(".forged.csv.*"))
