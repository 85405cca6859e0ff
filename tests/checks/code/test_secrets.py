"""code.secrets on trees as people have them: what it tells, and how."""

import json
import subprocess

import pytest
from tests.methods.secrets.planted import Maker

import assay
from assay.doors.cli import main


@pytest.fixture
def tree(tmp_path):
    make = Maker()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "load.py").write_text(
        f'import boto3\ns = boto3.client("s3", aws_access_key_id="{make.aws_id()}")\n'
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text('password = "Zx9kkW2" "!mQ"\nsecret = "Zq81mmnKpo3X"\n')
    (tmp_path / "README.md").write_text("Nothing here.\n")
    return tmp_path


def examined(folder, *options):
    with pytest.raises(SystemExit) as left:
        main(["check", "code.secrets", str(folder), "--format", "json", *options])
    return left.value.code


def told(capsys):
    return json.loads(capsys.readouterr().out)


def test_a_key_in_a_file_is_told_with_its_place_and_never_whole(tree, capsys):
    assert examined(tree) == 1
    report = told(capsys)
    finding = report["findings"][0]
    assert finding["rule"] == "code.secrets.aws_access_key" and finding["where"]["file"] == "src/load.py"
    assert finding["where"]["line"] == 2 and "123456789012" in finding["message"]
    assert Maker().aws_id() not in json.dumps(report)
    assert report["coverage"] == {"examined": 3, "of": 3, "skipped": [], "unit": "files"}


def test_what_is_assigned_in_a_test_is_low(tree, capsys):
    examined(tree)
    grave = {
        f["where"]["file"]: f["severity"] for f in told(capsys)["findings"] if f["rule"].endswith("assigned")
    }
    assert grave == {"tests/test_x.py": "low"}


def test_a_folder_that_is_left_out_is_counted(tree, capsys):
    examined(tree, "--exclude", "src/**", "--exclude", "tests")
    report = told(capsys)
    assert report["findings"] == [] and report["data"]["excluded"] == 2


def test_a_comment_accepts_a_secret_with_its_reason(tmp_path, capsys):
    token = Maker().github()
    (tmp_path / "a.py").write_text(f'T = "{token}"  # assay: allow-secret revoked in May\n')
    (tmp_path / "b.py").write_text(
        f'# assay: allow-secret of the demo\nT = "{token}"\nU = "{Maker(2).github()}"\n'
    )
    assert examined(tmp_path) == 1
    found = {(f["where"]["file"], f["severity"]) for f in told(capsys)["findings"]}
    assert found == {("a.py", "info"), ("b.py", "info"), ("b.py", "critical")}
    (tmp_path / "b.py").unlink()
    assert examined(tmp_path) == 0
    assert "Accepted (revoked in May)" in told(capsys)["findings"][0]["message"]


def test_a_notebook_is_searched_cell_by_cell(tmp_path, capsys):
    make = Maker()
    cells = [
        {"cell_type": "markdown", "source": ["# Train"]},
        {
            "cell_type": "code",
            "source": ["import os\n", f'os.environ["HF_TOKEN"] = "{make.huggingface()}"'],
            "outputs": [{"output_type": "stream", "text": ["ok\n", f"using {make.github()}\n"]}],
        },
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells, "metadata": {}}))
    examined(tmp_path)
    places = {(f["rule"], f["where"]["member"], f["where"]["line"]) for f in told(capsys)["findings"]}
    assert places == {
        ("code.secrets.huggingface_token", "cell 2", 2),
        ("code.secrets.github_token", "cell 2 output", 2),
    }


def test_two_secrets_of_one_kind_in_a_file_can_be_told_apart_later(tmp_path, capsys):
    (tmp_path / "a.txt").write_text(f"{Maker(1).github()}\n{Maker(2).github()}\n")
    examined(tmp_path)
    assert len({f["fingerprint"] for f in told(capsys)["findings"]}) == 2


def test_a_link_out_of_the_tree_is_not_followed(tmp_path, capsys):
    (tmp_path / "outside").write_text(Maker().github())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")
    assert examined(tmp_path / "in") == 1
    report = told(capsys)
    assert report["findings"] == [] and report["outcome"] == "incomplete"


def test_a_long_file_is_searched_in_parts_and_holes_are_passed_over(tmp_path, monkeypatch, capsys):
    from assay.checks.code.secrets import _files

    monkeypatch.setattr(_files, "PART", 1 << 16)
    monkeypatch.setattr(_files, "OVERLAP", 1 << 12)
    make = Maker()
    lines = [f"line {i} of a long log" for i in range(20_000)]
    planted = {line: make.github() for line in (1, 2_700, 2_800, 9_999, 20_000)}
    for line, token in planted.items():
        lines[line - 1] = token
    key = make.pkcs8()
    lines[15_000 - 1] = key.rstrip("\n")
    with (tmp_path / "x.log").open("w") as out:
        out.write("\n".join(lines))
    with (tmp_path / "hole").open("wb") as out:
        out.truncate(48 << 20)
        out.seek(16 << 20)
        out.write(make.github().encode())
    examined(tmp_path)
    found = told(capsys)["findings"]
    rest = key.count("\n") - 1
    wanted = sorted([*(i + (rest if i > 15_000 else 0) for i in planted), 15_000])
    assert sorted(f["where"]["line"] for f in found if f["where"]["file"] == "x.log") == wanted
    assert len([f for f in found if f["where"]["file"] == "hole"]) == 1


def test_fingerprints_under_a_key_are_the_same_in_every_run(tmp_path, capsys):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.txt").write_text(Maker(1).github())
    key = tmp_path / "k.key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    prints = []
    for options in (("--key", str(key)), ("--key", str(key)), ()):
        examined(tmp_path / "t", *options)
        prints.append(told(capsys)["findings"][0]["where"]["secret"])
    assert prints[0] == prints[1] != prints[2]


def test_it_can_be_called_from_python(tree):
    report = assay.check("code.secrets", str(tree)).report
    assert report.metric("secrets").value == 3


def test_the_way_to_the_default_chain_is_shown_masked_and_written_when_asked(tree, tmp_path_factory, capsys):
    kept = tmp_path_factory.mktemp("kept")
    examined(tree, "--keep", str(kept))
    diff = (kept / "default-chain.diff").read_text()
    assert '+s = boto3.client("s3")' in diff and Maker().aws_id() not in diff
    capsys.readouterr()
    before = (tree / "src" / "load.py").read_text()
    patch = tmp_path_factory.mktemp("patch") / "chain.patch"
    with pytest.raises(SystemExit):
        main(["secrets", "rewrite", str(tree / "src"), "--patch", str(patch)])
    assert Maker().aws_id() not in patch.read_text() + capsys.readouterr().out
    subprocess.run(["git", "apply", str(patch)], cwd=tree / "src", check=True)
    assert 'boto3.client("s3")\n' in (tree / "src" / "load.py").read_text()
    (tree / "src" / "load.py").write_text(before)
    for options, code in (((), "aws_access_key_id"), (("--write",), 'boto3.client("s3")\n')):
        with pytest.raises(SystemExit) as left:
            main(["secrets", "rewrite", str(tree / "src"), *options])
        assert left.value.code == 0 and Maker().aws_id() not in capsys.readouterr().out
        assert code in (tree / "src" / "load.py").read_text()


def test_what_is_installed_or_hidden_is_not_rewritten(tree, capsys):
    """`assay secrets rewrite . --write` changed what lay in a .venv too."""
    for place in (".venv/lib", "site-packages"):
        (tree / place).mkdir(parents=True)
        (tree / place / "x.py").write_text((tree / "src" / "load.py").read_text())
    with pytest.raises(SystemExit):
        main(["secrets", "rewrite", str(tree)])
    shown = capsys.readouterr().out
    assert "src/load.py" in shown and ".venv" not in shown and "site-packages" not in shown


def test_fingerprints_in_its_own_report_were_told_as_secrets(tree, capsys):
    """Whoever kept the report beside the code, as a pipeline does, had more secrets at each run."""
    # assay: allow-secret made up for this test
    (tree / "settings.py").write_text('token = "Zq81mmnKpo3Xw7R4tY2u"\n')
    for form in ("sarif", "json"):
        examined(tree, "--format", form, "-o", str(tree / f"secrets.{form}"))
    capsys.readouterr()
    examined(tree)
    assert {f["where"]["file"] for f in told(capsys)["findings"]} == {
        "settings.py",
        "src/load.py",
        "tests/test_x.py",
    }
