"""Every command in this process: its help, its exit code, and the shape of what it prints."""

from __future__ import annotations

import base64
import hashlib
import json

import click
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from assay.doors.cli.main import cli, main


@pytest.fixture
def said(capsys):
    """Run a command line; return (exit code, what it printed, what it said on the side)."""

    def run(*args):
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    return run


@pytest.fixture
def home(tmp_path, monkeypatch, said):
    """The working directory, with a home, a table, and one check of it."""
    monkeypatch.chdir(tmp_path)
    for name in ("ASSAY_HOME", "ASSAY_DATABASE_URL", "ASSAY_STORE_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "t.csv").write_text("a,b,c\n1,x,\n2,y,\n2,y,\n")
    assert said("init")[0] == 0
    assert said("check", "data.profile", "t.csv")[0] == 0
    return tmp_path


def commands(group=cli, path=()):
    """Every command there is, with the words that call it."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", [p for p, _ in commands()], ids=" ".join)
def test_help_shows_a_worked_example_within_80_columns(said, path):
    code, out, _ = said(*path, "--help")
    assert code == 0 and "Example:" in out
    assert max(map(len, out.splitlines())) <= 80, out


@pytest.mark.parametrize(
    ("args", "noun"),
    [
        (("runs", "list"), "run"),
        (("findings", "list"), "finding"),
        (("model", "list"), "model"),
        (("log", "tail"), "event"),
        (("checks",), "check"),
        (("treatments",), "treatment"),
    ],
)
def test_a_list_is_its_noun_in_the_plural(home, said, args, noun):
    code, out, err = said(*args, "--format", "json")
    raw = json.loads(out)
    assert (code, err) == (0, "")
    assert raw["schema"] == f"assay.{noun}s/1" and isinstance(raw[f"{noun}s"], list)
    assert max(map(len, said(*args)[1].splitlines())) <= 80


def test_a_finding_is_shown_by_the_beginning_of_its_fingerprint(home, said):
    (first, *_) = json.loads(said("findings", "list", "--format", "json")[1])["findings"]
    code, out, _ = said("findings", "show", first["fingerprint"][:8], "--format", "json")
    assert code == 0 and json.loads(out)["message"] == first["message"]
    assert said("findings", "show", "zzzz")[0] == 2
    assert (
        json.loads(said("findings", "list", "--severity", "critical", "--format", "json")[1])["findings"]
        == []
    )


def test_the_exit_code_says_whether_it_passed(home, said):
    assert said("check", "data.profile", "t.csv", "--fail-on", "low")[0] == 1
    assert said("check", "data.profile", "t.csv", "--fail-on", "critical")[0] == 0
    for mistake in (
        ("check", "data.profile"),
        ("check", "data.profile", "no.csv"),
        ("check", "data.profile", "t.csv", "--corelated", "1"),
        ("check", "data.profile", "t.csv", "--correlated", "7"),
        ("check", "data.profile", "t.csv", "--format", "xml"),
        ("check", "data.leakage", "t.csv", "--label", "nothing"),
        ("runs", "show", "never"),
        ("lineage", "nothing"),
        ("no-such-command",),
        ("run", "no.yaml"),
    ):
        code, out, err = said(*mistake)
        assert (code, out) == (2, ""), mistake
        assert len(err.strip().splitlines()) == 1 and err.startswith("assay: "), (mistake, err)


def test_a_report_goes_where_it_is_asked_to(home, said):
    code, out, _ = said("check", "data.profile", "t.csv", "--format", "json", "-o", "r.json")
    assert code == 0 and '"schema"' not in out
    raw = json.loads((home / "r.json").read_text())
    assert raw["schema"] == "assay.report/1" and raw["tool"]["name"] == "assay" and raw["outcome"] == "pass"


def test_an_event_is_proved_with_nothing_of_ours(home, said):
    """The path is walked by hand to the root that the checkpoint names, and its signature checked by its key."""
    said("log", "export", "log.jsonl")
    key = load_pem_public_key((home / "log.jsonl.pub").read_bytes())
    events = [
        line for line in (home / "log.jsonl").read_text().splitlines() if "assay.checkpoint" not in line[:40]
    ]
    for seq, line in enumerate(events):
        proof = json.loads(said("log", "prove", str(seq))[1])
        assert proof["leaf"] == line and proof["index"] == seq and proof["size"] == len(events)
        value, at, last = hashlib.sha256(b"\0" + line.encode()).digest(), seq, len(events) - 1
        for part in map(base64.b64decode, proof["path"]):
            if at & 1 or at == last:
                value = hashlib.sha256(b"\1" + part + value).digest()
                while not at & 1 and at:
                    at, last = at >> 1, last >> 1
            else:
                value = hashlib.sha256(b"\1" + value + part).digest()
            at, last = at >> 1, last >> 1
        text, _, signature = proof["checkpoint"].rpartition("\n\n")
        assert text.split("\n")[1:] == [str(len(events)), base64.b64encode(value).decode()]
        key.verify(base64.b64decode(signature.split(" ")[2])[4:], text.encode() + b"\n")
    assert said("log", "prove", str(len(events)))[0] == 2


def test_a_checkpoint_kept_elsewhere_is_held_against_the_log(home, said):
    (home / "kept").write_text(said("log", "checkpoint")[1])
    said("check", "data.profile", "t.csv", "--correlated", "0.5")
    assert said("log", "verify", "--checkpoint", "kept")[0] == 0
    (home / "kept").write_text(
        (home / "kept").read_text().replace("\n1\n", "\n2\n", 1).replace("assay/", "assay/x")
    )
    assert said("log", "verify", "--checkpoint", "kept")[0] == 2
    assert said("log", "verify", "--export", "x")[0] == 2


def test_what_reads_and_what_asks_for_a_home_outside_of_one(tmp_path, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_HOME", raising=False)
    (tmp_path / "t.csv").write_text("a\n1\n2\n")
    assert said("check", "data.profile", "t.csv")[0] == 0
    assert not (tmp_path / ".assay").exists()
    for asks in (("runs", "list"), ("log", "verify"), ("findings", "list"), ("model", "show", "m")):
        code, _, err = said(*asks)
        assert code == 2 and "assay init" in err


def test_the_doctor_ends_with_what_it_found(home, said):
    code, out, _ = said("doctor", "--format", "json")
    raw = json.loads(out)
    assert raw["schema"] == "assay.doctor/1" and code == (0 if raw["ok"] else 1)
    assert {"machine", "isolation", "engines", "extras", "home"} == {a["topic"] for a in raw["answers"]}
    assert max(map(len, said("doctor")[1].splitlines())) <= 80


def test_a_scan_runs_what_fits_each_target(home, said):
    import pickle

    (home / "m.pkl").write_bytes(pickle.dumps({"weights": [1, 2]}))
    code, out, _ = said("scan", "t.csv", "m.pkl", "--format", "json", "--fail-on", "critical")
    raw = json.loads(out)
    assert code == 0 and raw["schema"] == "assay.reports/1"
    checks = {(r["check"], r["subject"]["name"]) for r in raw["reports"]}
    assert ("model.scan", "m.pkl") in checks and ("data.profile", "t.csv") in checks


def test_a_report_in_a_file_still_tells_the_verdict_in_a_line(tmp_path, monkeypatch, capsys):
    from assay.doors.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,\n3,z\n")
    with pytest.raises(SystemExit) as ended:
        main(["check", "data.quality", "t.csv", "--suggest", "--format", "json", "-o", "r.json"])
    out, err = capsys.readouterr()
    assert ended.value.code == 0 and out == ""
    assert "written to r.json" in err and "PASS  data.quality  t.csv" in err
