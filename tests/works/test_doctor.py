from __future__ import annotations

import json

import pytest

from assay.works import doctor
from assay.works.home import Home


@pytest.fixture
def home(tmp_path):
    made = Home.create(tmp_path, {})
    yield made
    made.close()


def by_name(answers, topic):
    return {a.name: a for a in answers if a.topic == topic}


def test_each_claim_has_a_state_and_what_is_missing_its_remedy():
    answers = doctor.examine_machine(None)
    assert {"machine", "isolation", "engines", "extras", "home"} <= {a.topic for a in answers}
    assert {a.state for a in answers} <= {"ok", "missing", "failed"}
    assert all(a.remedy for a in answers if a.state == "missing")
    assert by_name(answers, "home")["home"].remedy == "assay init"


def test_engines_are_the_versions_that_import(home):
    import duckdb
    import numpy
    import pandas
    import sklearn

    found = by_name(doctor.examine_machine(home), "engines")
    for name, module in (("duckdb", duckdb), ("numpy", numpy), ("pandas", pandas), ("scikit-learn", sklearn)):
        assert found[name].detail == module.__version__


def test_a_home_that_others_may_read_is_told(home):
    assert by_name(doctor.examine_machine(home), "home")["private"].state == "ok"
    home.root.chmod(0o755)
    answers = doctor.examine_machine(home)
    found = by_name(answers, "home")["private"]
    assert found.state == "failed" and "755" in found.detail
    raw = doctor.as_json(answers)
    assert raw["ok"] is False and raw["schema"] == "assay.doctor/1" and json.dumps(raw)


def test_an_extra_that_is_not_there_is_named_with_how_to_get_it(monkeypatch):
    import importlib.util

    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "s3fs" else there(name))
    found = by_name(doctor.examine_machine(None), "extras")
    assert (found["s3"].state, found["s3"].remedy) == ("missing", "pip install 'boto3>=1.40' 's3fs>=2026'")


def test_isolation_is_tried_and_not_assumed(home):
    from assay.engines.isolation import prove

    found = by_name(doctor.examine_machine(home), "isolation")
    proof = prove()
    assert found["level"].detail == proof.level
    assert {n for n in found if n not in ("level", "built by")} == {layer.name for layer in proof.layers}
    assert found["built by"].detail.startswith(
        "bubblewrap" if proof.builder == "bubblewrap" else "the kernel"
    )
