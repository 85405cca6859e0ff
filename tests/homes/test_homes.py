"""A home of each release, opened, verified and gone on with by this version."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
import sqlalchemy as sa

import assay
from assay.kernel.errors import Broken, Refused
from assay.works.call import call
from assay.works.home import Home

HOMES = sorted(Path(__file__).parent.glob("*.tar.gz"))
ACTOR = {"ASSAY_ACTOR": "eve"}


@pytest.fixture(params=HOMES, ids=lambda p: p.name.removesuffix(".tar.gz"))
def home(request, tmp_path):
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path, filter="data")
    opened = Home.open(tmp_path / ".assay", ACTOR)
    yield opened
    opened.close()


def test_there_is_a_home_of_this_version():
    assert f"{assay.__version__}.tar.gz" in [p.name for p in HOMES]


def test_it_verifies_and_every_package_does(home):
    found = call("log.verify", {}, home=home)
    assert found["ok"] and found["size"] > 20, found["problems"]
    for version, status in ((1, "APPROVED"), (2, "REJECTED"), (3, "PENDING")):
        said = call("model.verify", {"name": f"m@{version}"}, home=home)
        assert said["ok"] and (said["status"], said["hallmark"]) == (status, "examined"), said["problems"]


def test_what_it_remembers_is_read(home):
    (run,) = call("runs.list", {}, home=home)["runs"]
    assert (run["pipeline"], run["outcome"]) == ("small", "pass")
    shown = call("runs.show", {"run": run["id"]}, home=home)
    assert [s["name"] for s in shown["steps"]] == ["profile", "split", "bias"]
    rules = {f["rule"] for f in call("findings.list", {}, home=home)["findings"]}
    assert "data.pii.email" in rules
    edges = call("lineage", {"urn": "split.train"}, home=home)["edges"]
    assert [(e["from_name"], e["step"]) for e in edges] == [("people", "split")]
    for step in shown["steps"]:
        from assay.kernel.report import Report

        report = Report.from_dict(json.loads(home.store.read(step["report"])))
        assert report.check == step["uses"] and report.coverage.complete


def test_it_is_gone_on_with(home, tmp_path):
    before = call("log.verify", {}, home=home)["size"]
    call("model.approve", {"name": "m@3", "reason": "seen by a later version"}, home=home)
    call("model.export", {"name": "m@1", "to": str(tmp_path / "out")}, home=home)
    after = call("log.verify", {}, home=home)
    assert after["ok"] and after["size"] == before + 4
    assert call("model.verify", {"name": "m@3"}, home=home)["ok"]


def test_one_byte_changed_is_found(home):
    with home.office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE packages SET value = replace(value, 'seen', 'Seen')"))
    assert {p["kind"] for p in call("log.verify", {}, home=home)["problems"]} == {"row-edited"}


def test_a_newer_home_is_refused_in_one_sentence(home):
    home.close()
    path = home.root / "home.json"
    path.write_text(path.read_text().replace("assay.home/1", "assay.home/2"))
    with pytest.raises(Refused, match=r"written by a newer Assay \(assay.home/2; this one reads 1\)"):
        Home.open(home.root, ACTOR)


def test_a_newer_office_is_refused_in_one_sentence(home):
    with home.office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE about SET value = '2' WHERE name = 'schema'"))
    home.close()
    with pytest.raises(Refused, match=r"written by a newer Assay \(schema 2; this one reads 1\)"):
        _ = Home.open(home.root, ACTOR).office


def test_an_office_that_lost_a_table_says_so(home):
    with home.office.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE findings"))
    home.close()
    with pytest.raises(Broken, match="has no table findings"):
        _ = Home.open(home.root, ACTOR).office
