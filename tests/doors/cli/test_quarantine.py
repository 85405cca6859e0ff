"""`assay data quarantine` as a user types it: rows seen, corrected in a file, let in, closed."""

from __future__ import annotations

import pytest


@pytest.fixture
def loaded(tmp_path, assay):
    assay(tmp_path, "init")
    (tmp_path / "rules.yaml").write_text("rules:\n- {unique: id}\n- {complete: name}\n")
    (tmp_path / "a.csv").write_text("id,name\n1,ann\n")
    (tmp_path / "b.csv").write_text("id,name\n1,zebulon\n2,\n3,cy\n")
    for file, mode in (("a.csv", "create"), ("b.csv", "append")):
        told = assay.json(
            tmp_path, "data", "load", file, "--into", "s.csv", "--rules", "rules.yaml", "--mode", mode
        )
    return told["id"]


@pytest.mark.slow
def test_the_whole_way_of_a_row_that_was_kept_out(loaded, tmp_path, assay):
    said = assay(tmp_path, "data", "quarantine", "list")
    assert f"{loaded}  " in said and "b.csv → s.csv" in said and max(map(len, said.splitlines())) <= 80
    said = assay(tmp_path, "data", "quarantine", "show", loaded, "--limit", "1", "--out", "w.csv")
    assert "id is expected to be unique; it is '1'" in said and "and 1 more rows" in said
    assert all(len(line) <= 80 for line in said.splitlines() if str(tmp_path) not in line)
    text = (tmp_path / "w.csv").read_text()
    (tmp_path / "w.csv").write_text(text.replace("1,zebulon", "7,zebulon"))
    said = assay(
        tmp_path, "data", "quarantine", "release", loaded, "--from", "w.csv", "--why", "asked him", code=1
    )
    assert "1 let in, 0 closed, 1 still open" in said and "2    name is expected to be complete" in said
    assert (tmp_path / "s.csv").read_text() == "id,name\n1,ann\n3,cy\n7,zebulon\n"
    told = assay.json(tmp_path, "data", "quarantine", "release", loaded, "--reject", "no name")
    assert (told["schema"], told["rejected"], told["open"]) == ("assay.release/1", 1, 0)
    assert "no row of it is open" in assay(tmp_path, "data", "quarantine", "show", loaded)
    assert assay(tmp_path, "data", "quarantine", "list", "--open").startswith("nothing was kept out")
    events = assay.json(tmp_path, "log", "tail")["events"]
    told = [
        (e["outcome"], e["detail"].get("why")) for e in events if e["action"] == "data.quarantine.release"
    ]
    assert ("done", "asked him") in told and ("done", "no name") in told
    assert "zebulon" not in str(events)  # no value of a row in the log
    assert assay.json(tmp_path, "log", "verify")["ok"]


@pytest.mark.slow
def test_what_is_asked_wrongly_is_told_in_a_sentence(loaded, tmp_path, assay):
    fails = lambda *a: assay.fails(tmp_path, "data", "quarantine", *a)
    assert "no quarantine 'load-x'" in fails("show", "load-x")
    assert "no such folder" in fails("show", loaded, "--out", "no/such/w.csv")
    assert "names no format" in fails("show", loaded, "--out", "w.docx")
    assert "why are the rows rejected?" in fails("release", loaded, "--reject", " ")
    assert "no file of rules" in fails("release", loaded, "--rules", "none.yaml")
    assert "w.csv" in fails("release", loaded, "--from", "w.csv")
