"""Which checks fit what `assay scan` is given."""

import subprocess

import pytest

from assay.kernel.errors import UsageError
from assay.works import picking
from assay.works.picking import scans


def picked(path):
    return [(name, str(what).removeprefix(str(path)).lstrip("/")) for name, what in scans(str(path))]


def test_a_source_tree_is_searched_and_its_models_scanned_one_by_one(tmp_path):
    (tmp_path / "train.py").write_text("x = 1\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.joblib").write_bytes(b"\x80\x04N.")
    (tmp_path / "models" / "weights").write_bytes(b"PK\x03\x04....")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "z.pkl").write_bytes(b"\x80\x04N.")
    assert picked(tmp_path) == [
        ("code.secrets", ""),
        ("code.review", ""),
        ("model.scan", "models/m.joblib"),
        ("model.scan", "models/weights"),
    ]


def test_a_folder_of_a_model_is_no_source_tree(tmp_path):
    (tmp_path / "model.joblib").write_bytes(b"\x80\x04N.")
    (tmp_path / "inference.py").write_text("def model_fn(): ...\n")
    assert picked(tmp_path) == [("model.scan", "")]


def test_files_by_what_they_are(tmp_path):
    for name, check in (
        ("n.ipynb", "code.secrets"),
        (".env", "code.secrets"),
        ("m.pkl", "model.scan"),
        ("a.csv", "data.profile"),
    ):
        (tmp_path / name).write_text("a,b\n1,2\n")
        assert scans(str(tmp_path / name))[0][0] == check


def test_a_repository_without_a_work_tree_is_one(tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "r.git")], check=True)
    assert picked(tmp_path / "r.git") == [("code.secrets", "")]


def test_too_many_models_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(picking, "_MOST", 1)
    (tmp_path / "a.py").write_text("")
    for name in ("a.pkl", "b.pkl"):
        (tmp_path / name).write_bytes(b"\x80\x04N.")
    with pytest.raises(UsageError, match="more than 1 model"):
        scans(str(tmp_path))
