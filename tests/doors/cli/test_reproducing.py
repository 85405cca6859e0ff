"""`assay reproduce` and `assay model export --archive` as they are typed."""

from __future__ import annotations

import pytest
from tests.works.reproduction.small import READ, WRITE, Small

CHANCE = "import random\nfor row in rows:\n    row['x'] = random.random()\n"


@pytest.mark.slow
def test_a_run_is_reproduced_and_what_is_no_run_is_told(assay, tmp_path):
    small = Small(tmp_path)
    small.run()
    told = assay(tmp_path, "reproduce", "last")
    assert told.startswith("REPRODUCED  run ") and max(map(len, told.splitlines())) <= 80
    assert "2 steps rebuilt, 2 artefacts compared: all of it is bit for bit" in " ".join(told.split())
    said = assay.fails(tmp_path, "reproduce", "nothing")
    assert "no run begins with 'nothing'" in said


@pytest.mark.slow
def test_the_exit_code_says_whether_it_is_reproduced(assay, tmp_path):
    small = Small(tmp_path, scale=READ + CHANCE + WRITE)
    small.run()
    told = assay(tmp_path, "reproduce", "last", "--no-probes", code=1)
    assert told.startswith("NOT REPRODUCED  run ")
    found = assay.json(tmp_path, "reproduce", "last", "--no-probes", code=1)
    assert found["schema"] == "assay.reproduction/1" and found["event"] > 0
    assay(tmp_path, "reproduce", "last", "--format", "html", "-o", "it.html", "--no-probes", code=1)
    assert "NOT REPRODUCED" in (tmp_path / "it.html").read_text()
    for args in (("--data", "points"), ("--tolerance", "2"), ("--python", "none"), ("--isolation", "none")):
        assert assay.run(tmp_path, "reproduce", "last", *args).returncode == 2, args
    said = assay.fails(tmp_path, "reproduce", "last", "--python", ".", "--build")
    assert "say one of --python, --wheels, --build" in said


@pytest.mark.slow
def test_a_stranger_needs_no_home(assay, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "there is no home here" in assay.fails(empty, "reproduce", "last")
    assert "there is no archive 'none.zip'" in assay.fails(empty, "reproduce", "none.zip")
    assert "there is no archive 'none.zip'" in assay.fails(empty, "model", "verify", "none.zip")
    (empty / "bad.zip").write_bytes(b"PK\x03\x04")
    told = assay(empty, "model", "verify", "bad.zip", code=1)
    assert told.startswith("FORGED OR DAMAGED  bad.zip") and "is no zip, or is cut short" in told
