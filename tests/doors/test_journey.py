"""The whole journey through the command line, as a user types it: the demo, its numbers, its model, its log."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]


def test_the_demo_leaves_a_pending_model_with_a_hallmark_and_a_report(assay, demo):
    folder, run = demo
    assert run["outcome"] == "pass" and run["schema"] == "assay.run/1"
    assert run["model"]["name"] == "bookings" and run["model"]["status"] == "PENDING"
    assert Path(run["report"]).is_file() and Path(run["hallmark"]).is_file()
    assert assay.json(folder, "model", "list")["models"][0]["version"] == 1


def test_a_second_run_reuses_every_step(assay, copy):
    run = assay.json(copy, "run")
    assert run["outcome"] == "pass" and all(s["cached"] for s in run["steps"])
    assert run["model"]["version"] == 1


def test_a_changed_parameter_runs_only_what_depends_on_it(assay, copy):
    run = assay.json(copy, "run", "--set", "after.threshold=0.3")
    assert [s["name"] for s in run["steps"] if not s["cached"]] == ["after", "card", "register"]
    assert run["model"]["version"] == 2


def test_a_failed_gate_stops_what_depends_on_it_and_says_why(assay, copy):
    done = subprocess.run(
        [*ASSAY, "run", "--set", "leakage.gate=high"], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "reservation_status" in done.stdout and "FAIL" in done.stdout
    run = json.loads(sorted((copy / ".assay" / "runs").glob("*/run.json"))[-1].read_text())
    outcomes = {s["name"]: s["outcome"] for s in run["steps"]}
    assert outcomes["leakage"] == "fail" and outcomes["safe"] == outcomes["register"] == "stopped"
    assert outcomes["masked"] == "pass"
    assert assay.json(copy, "log", "verify")["ok"]


def test_decisions_and_verification(assay, copy):
    assert assay.json(copy, "model", "verify", "bookings")["ok"]
    decided = assay.json(copy, "model", "approve", "bookings", "--reason", "reviewed")
    assert decided["status"] == "APPROVED" and isinstance(decided["event"], int)
    found = assay.json(copy, "model", "verify", "bookings@1")
    assert found["ok"] and found["status"] == "APPROVED" and found["hallmark"] == "examined"
    assert (
        assay.json(copy, "model", "reject", "bookings", "--reason", "second thoughts")["status"] == "REJECTED"
    )
    assert "needs its reason" in assay.fails(copy, "model", "approve", "bookings", "--reason", " ")


def test_four_eyes(assay, copy):
    (copy / ".assay" / "config.yaml").write_text("four_eyes: true\n")
    assert "another person" in assay.fails(copy, "model", "approve", "bookings", "--reason", "x", code=1)


def _flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


@pytest.mark.slow
def test_one_byte_changed_in_any_file_of_the_package_is_found(assay, copy):
    place = copy / ".assay" / "packages" / "bookings" / "1"
    for path in sorted(p for p in place.rglob("*") if p.is_file()):
        kept = path.read_bytes()
        _flip(path)
        found = assay.json(copy, "model", "verify", "bookings", code=1)
        assert any(path.name in (p["file"] or "") or path.name in p["message"] for p in found["problems"]), (
            path
        )
        path.write_bytes(kept)
    (place / "package" / "extra").write_text("x")
    assert assay.json(copy, "model", "verify", "bookings", code=1)["problems"][0]["kind"] == "extra"


def test_a_registry_row_edited_by_sql_is_found(assay, copy):
    connection = sqlite3.connect(copy / ".assay" / "office.db")
    connection.execute(
        "UPDATE packages SET value = replace(value, 'PENDING', 'APPROVED'), status = 'APPROVED'"
    )
    connection.commit()
    connection.close()
    found = assay.json(copy, "log", "verify", code=1)
    assert {p["kind"] for p in found["problems"]} == {"row-edited"}
    assert not assay.json(copy, "model", "verify", "bookings", code=1)["ok"]


def test_the_log_is_proved_without_the_home(assay, copy, tmp_path):
    (tmp_path / "kept").write_text(assay(copy, "log", "checkpoint"))
    assay(copy, "log", "export", str(tmp_path / "log.jsonl"))
    shutil.rmtree(copy / ".assay")
    outside = ("log", "verify", "--checkpoint", "kept", "--export", "log.jsonl", "--key", "log.jsonl.pub")
    assert assay.json(tmp_path, *outside)["ok"]
    _flip(tmp_path / "log.jsonl")
    assert not assay.json(tmp_path, *outside, code=1)["ok"]


@pytest.mark.slow
def test_an_interrupted_run_goes_on(assay, tmp_path):
    for wait, how in ((0.9, signal.SIGKILL), (1.3, signal.SIGINT), (2.2, signal.SIGKILL)):
        with subprocess.Popen(
            [*ASSAY, "demo", "--to", "d"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, how)
            code = process.wait(120)
        # -SIGINT: the work was done and Python was already shutting down
        assert code in (-signal.SIGKILL, -signal.SIGINT, 130, 0)
        time.sleep(0.1)
        if (tmp_path / "d" / ".assay" / "office.db").is_file():
            assay(tmp_path / "d", "log", "verify", code=0 if _events(tmp_path / "d") else 2)
    run = json.loads(assay(tmp_path, "demo", "--to", "d", "--format", "json"))
    assert run["outcome"] == "pass" and run["model"]["version"] == 1
    assert assay.json(tmp_path / "d", "log", "verify")["ok"]
    runs = assay.json(tmp_path / "d", "runs", "list")["runs"]
    assert "running" not in {r["outcome"] for r in runs}


def _events(folder):
    connection = sqlite3.connect(folder / ".assay" / "office.db")
    try:
        return connection.execute("SELECT count(*) FROM events").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_every_list_and_thing_as_json_has_its_schema(assay, copy):
    for args, schema in (
        (("runs",), "runs"),
        (("runs", "show"), "run"),
        (("checks",), "checks"),
        (("checks", "data.bias"), "check"),
        (("treatments", "data.mask"), "treatment"),
        (("findings", "list"), "findings"),
        (("log", "tail"), "events"),
        (("init", "."), "home"),
    ):
        assert assay.json(copy, *args)["schema"] == f"assay.{schema}/1", args
    (label,) = (p for p in assay.json(copy, "checks", "data.bias")["params"] if p["name"] == "label")
    assert label["required"] and label["doc"] == "the column that holds the outcome"


def test_init_run_and_the_users_mistakes(assay, tmp_path):
    assert "wrote" in assay(tmp_path, "init", "mine")
    (tmp_path / "mine" / "customers.csv").write_text("id,age\n1,30\n2,40\n")
    assert assay.json(tmp_path / "mine", "run")["outcome"] == "pass"
    assert "did you mean 'check'?" in assay.fails(tmp_path, "chek", "x")
    assert "data.profile" in assay.fails(tmp_path, "check", "data.profil", "x.csv")
    assert "assay init" in assay.fails(tmp_path, "model", "list")
    assert "there is no file" in assay.fails(tmp_path, "check", "data.profile", "none.csv")
    (tmp_path / "mine" / "wrong.yaml").write_text(
        "data: {c: {source: customers.csv}}\nsteps:\n  s: {treat: data.split, of: c}\n"
        "  a: {check: data.leakage, of: s.train,\n      label: agee}\n"
    )
    done = subprocess.run(
        [*ASSAY, "run", "wrong.yaml"], cwd=tmp_path / "mine", capture_output=True, text=True, check=False
    )
    assert (
        done.returncode == 2
        and "wrong.yaml:5: label: there is no column 'agee'; did you mean 'age'?" in done.stdout
    )
    assert "did you mean 'age'?" in assay.fails(
        tmp_path / "mine", "check", "data.leakage", "customers.csv", "--label", "agee"
    )


def test_check_prints_the_report_and_nothing_else(assay, tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n")
    raw = assay.json(tmp_path, "check", "data.profile", "t.csv")
    assert raw["schema"] == "assay.report/1" and raw["check"] == "data.profile"
    assert raw["subject"]["digest"].startswith("sha256:") and raw["outcome"] == "pass"
    for format_ in ("html", "sarif", "junit", "markdown", "text"):
        assert assay(tmp_path, "check", "data.profile", "t.csv", "--format", format_)
    many = assay.json(tmp_path, "check", "data.profile", "t.csv", "t.csv")
    assert many["schema"] == "assay.reports/1" and len(many["reports"]) == 2


def test_treat_writes_a_table(assay, tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n")
    assay(tmp_path, "treat", "data.drop", "t.csv", "-o", "out.csv", "--columns", "b")
    assert (tmp_path / "out.csv").read_text().split() == ["a", "1", "2"]


def test_a_hostile_model_is_not_registered_and_not_loaded(assay, copy):
    import pickle

    class Payload:
        def __reduce__(self):
            import posix

            return posix.getpid, ()

    (copy / "bad.pkl").write_bytes(pickle.dumps(Payload()))
    assert "model.scan" in assay.fails(copy, "model", "register", "bad.pkl", "--as", "bad", code=1)
    with gzip.open(copy / "t.csv.gz", "wt") as out:
        out.write("y\n1\n0\n")
    refused = assay.fails(
        copy, "check", "model.validate", "bad.pkl", "--data", "t.csv.gz", "--label", "y", code=1
    )
    assert "not loaded" in refused


def test_lineage_in_every_form(assay, copy):
    edges = assay.json(copy, "lineage", "registry://bookings@1")["edges"]
    assert {"bookings", "clean", "masked", "safe", "split.train", "model"} <= {
        e["from_name"] for e in edges
    } | {e["to_name"] for e in edges}
    down = assay.json(copy, "lineage", "bookings", "--down")["edges"]
    assert "bookings@1" in {e["to_name"] for e in down}
    assert assay(copy, "lineage", "registry://bookings@1", "--format", "dot").startswith("digraph")
    events = json.loads(assay(copy, "lineage", "registry://bookings@1", "--format", "openlineage"))["events"]
    ends = [e for e in events if e["eventType"] == "COMPLETE"]
    begun = [e for e in events if e["eventType"] == "START"]
    assert {e["run"]["runId"] for e in ends} == {e["run"]["runId"] for e in begun}
    assert len(ends) + len(begun) == len(events) and any(e["outputs"] for e in ends)
    assert "20" in assay(copy, "runs")


@pytest.mark.slow
def test_none_is_reached_by_its_flag_alone_and_told(assay, copy, monkeypatch):
    monkeypatch.setenv("ASSAY_ISOLATION", "none")
    done = subprocess.run([*ASSAY, "run"], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "isolation cannot be 'none'" in done.stderr
    monkeypatch.delenv("ASSAY_ISOLATION")
    run = assay.json(copy, "run", "--unsafe-no-isolation")
    assert run["outcome"] == "pass"
    findings = assay.json(copy, "findings", "list")["findings"]
    assert any(f["rule"] == "sandbox.level" and "no isolation at all" in f["message"] for f in findings)
