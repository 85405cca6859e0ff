"""Secrets that are borne: a baseline holds fingerprints and reasons, and accepts each secret in its file alone."""

import hashlib
import json
import subprocess

import pytest
from tests.checks.code.test_secrets_history import examined
from tests.methods.secrets.planted import Maker

import assay
from assay.doors.cli import main
from assay.methods.secrets import baseline


def ran(*args):
    with pytest.raises(SystemExit) as left:
        main(list(args))
    return left.value.code


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "a.py").write_text(f'T = "{Maker(1).github()}"\n')
    (folder / "b.py").write_text(f'T = "{Maker(2).github()}"\n')
    return folder


def grave(report):
    return sorted((f["where"]["file"], f["severity"]) for f in report["findings"])


def test_what_is_accepted_is_told_as_info_with_its_reason(tree, capsys):
    assert ran("secrets", "accept", str(tree), "--reason", "revoked in May") == 0
    text = (tree / ".assay-secrets").read_text()
    assert Maker(1).github() not in text and json.loads(text)["secrets"][0]["reason"] == "revoked in May"
    capsys.readouterr()
    report = examined(tree, capsys)
    assert grave(report) == [("a.py", "info"), ("b.py", "info")] and report["outcome"] == "pass"
    assert "revoked in May" in report["findings"][0]["message"] and report["data"]["accepted"] == 2


def git(tree, *args):
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    subprocess.run(["git", *who, *args], cwd=tree, check=True, capture_output=True)


def test_a_staged_baseline_is_no_secret_itself_and_hides_none(tree, capsys):
    assert ran("secrets", "accept", str(tree), "--reason", "revoked in May") == 0
    git(tree, "init", "-q")
    git(tree, "add", ".assay-secrets")
    capsys.readouterr()
    assert examined(tree, capsys)["outcome"] == "pass"
    whole = json.loads((tree / ".assay-secrets").read_text())
    (tree / "more.json").write_text(
        json.dumps(whole | {"password": hashlib.md5(b"one", usedforsecurity=False).hexdigest()})
    )
    git(tree, "add", "more.json")
    (tree / "more.json").unlink()
    lost = [f for f in examined(tree, capsys)["findings"] if "no commit holds" in f["message"]]
    assert any("assigned to password" in f["message"] for f in lost)


def test_a_new_secret_and_an_accepted_one_in_another_file_are_told(tree, capsys):
    assert ran("secrets", "accept", str(tree), "--reason", "of the demo") == 0
    (tree / "c.py").write_text((tree / "a.py").read_text())
    (tree / "b.py").write_text(f'T = "{Maker(3).github()}"\n')
    capsys.readouterr()
    assert grave(examined(tree, capsys)) == [("a.py", "info"), ("b.py", "critical"), ("c.py", "critical")]


def test_one_by_its_fingerprint(tree, capsys):
    ran("secrets", "accept", str(tree), "--reason", "x", "--only", "0000")
    capsys.readouterr()
    prints = {f["where"]["file"]: f["where"]["secret"] for f in examined(tree, capsys)["findings"]}
    assert ran("secrets", "accept", str(tree), "--reason", "one", "--only", prints["b.py"]) == 0
    capsys.readouterr()
    assert grave(examined(tree, capsys)) == [("a.py", "critical"), ("b.py", "info")]


def test_under_a_key_nobody_without_it_can_tell(tree, tmp_path, capsys):
    key = tmp_path / "k.key"
    key.write_text("cd" * 32)
    key.chmod(0o600)
    assert ran("secrets", "accept", str(tree), "--reason", "x", "--key", str(key)) == 0
    capsys.readouterr()
    assert grave(examined(tree, capsys, "--key", str(key))) == [("a.py", "info"), ("b.py", "info")]
    assert ran("check", "code.secrets", str(tree)) == 2
    assert "made with the key" in capsys.readouterr().err


def test_in_a_home_its_own_key_is_used_and_recorded(tree, tmp_path, capsys):
    assert ran("init", str(tmp_path)) == 0
    capsys.readouterr()
    first, second = (examined(tree, capsys)["findings"][0]["where"]["secret"] for _ in range(2))
    assert first == second and (tmp_path / ".assay" / "secrets" / "secrets.key").is_file()


def test_an_entry_without_a_reason_accepts_nothing_and_a_broken_file_is_refused(tree, capsys):
    ran("secrets", "accept", str(tree), "--reason", "x")
    path = tree / ".assay-secrets"
    path.write_text(path.read_text().replace('"x"', '""'))
    capsys.readouterr()
    assert examined(tree, capsys)["outcome"] == "fail"
    for text in ("{", "[" * 100_000, '{"schema": "assay.secrets-baseline/1", "salt": "zz", "secrets": []}'):
        path.write_text(text)
        assert ran("check", "code.secrets", str(tree)) == 2
        assert "the baseline cannot be read" in capsys.readouterr().err
    assert ran("secrets", "accept", str(tree), "--reason", " ") == 2


def test_a_baseline_survives_a_round_trip():
    made = baseline.fresh()
    one = baseline.Accepted("0123456789abcdef", "jwt", "a/b.py", "said „so“")
    assert baseline.read(baseline.Baseline(made.salt, "", (one,)).to_json()).secrets == (one,)


def test_sarif_names_each_place_and_no_secret(tree, capsys):
    assert ran("check", "code.secrets", str(tree), "--format", "sarif") == 1
    text = capsys.readouterr().out
    results = json.loads(text)["runs"][0]["results"]
    places = [
        (r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], r["ruleId"]) for r in results
    ]
    assert places == [("a.py", "code.secrets.github_token"), ("b.py", "code.secrets.github_token")]
    assert Maker(1).github() not in text and len({r["partialFingerprints"]["assay/v1"] for r in results}) == 2


def test_from_python(tree):
    assert assay.check("code.secrets", str(tree)).report.data["accepted"] == 0
