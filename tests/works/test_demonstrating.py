"""The demo's second act, as a user types it: two models, a fault in what is asked, found by columns and sender, rolled back."""

from __future__ import annotations

import json

import pytest

from assay.works import demonstrating


@pytest.mark.slow
def test_the_fault_is_found_named_and_rolled_back(assay, tmp_path):
    pytest.importorskip("httptools")
    told = assay.json(tmp_path, "demo", "--serve", "--to", "d")
    assert told["healthy"] == ["Completed", "Completed"] and told["faulty"] == ["CompletedWithViolations"] * 2
    said = {f["column"]: f["message"] for f in told["found"]}
    assert set(said) == {"lead_time", "distribution_channel"}
    assert (
        "below 0" in said["lead_time"]
        and "'Direct' is called 'direct-web' now" in said["distribution_channel"]
    )
    assert all("from partner" in s for s in said.values())
    assert {(d["verb"], d["state"]) for d in told["done"]} == {("finding", "done"), ("rollback", "done")}
    assert told["serving"] == ["bookings@1"]
    home = tmp_path / "d" / "production"
    assert assay.json(home, "endpoint", "show", "bookings")["variants"][0]["package"] == "bookings@1"
    assert assay.json(home, "log", "verify")["ok"]
    again = assay.json(tmp_path, "demo", "--serve", "--to", "d")  # in the same folder, anew
    assert again["serving"] == ["bookings@1"] and json.dumps(again["healthy"]) == json.dumps(told["healthy"])


def test_where_nothing_can_serve_it_says_what_it_left_out(monkeypatch, tmp_path, capsys):
    from assay.doors.cli.main import main

    monkeypatch.setattr(demonstrating, "find_spec", lambda _: None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--serve"])
    assert ended.value.code == 0 and list(tmp_path.iterdir()) == []
    said = capsys.readouterr().err.splitlines()
    assert "left out: serving needs httptools" in said[0]
    assert said[-1].strip() == demonstrating.install("serve")  # the command on a line of its own, to be typed


def test_the_fault_is_what_the_readme_says():
    row = {"lead_time": 5, "distribution_channel": "Direct", "adr": 80.0}
    assert demonstrating._faulty(row) == {"lead_time": -6, "distribution_channel": "direct-web", "adr": 80.0}
    assert demonstrating._faulty({**row, "distribution_channel": "TA/TO"})["distribution_channel"] == "TA/TO"
