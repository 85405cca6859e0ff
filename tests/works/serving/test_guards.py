"""The guards of an endpoint, made from its record, its home and its package."""

from types import SimpleNamespace

import pytest

from assay.engines.firewall import library
from assay.engines.firewall.firewall import standing
from assay.kernel.errors import Missing, Refused, UsageError
from assay.kernel.serving import Question, Rows
from assay.methods.inputschema.schema import FILE, Feature, Schema
from assay.works.home import Home
from assay.works.serving import guards


@pytest.fixture
def home(tmp_path):
    return Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / FILE).write_bytes(Schema((Feature("age", "integer", False, True, 0, 120),)).to_bytes())
    return folder


def endpoint(**guard):
    return SimpleNamespace(name="people", guard=guard)


def asked(age):
    return Question("1", "people", "a", 0.0, "ada", "application/json", "", b"", Rows(("age",), [[age]]))


def test_the_schema_blocks_or_only_notes(home, package):
    assert guards.of(home, endpoint(), package) == []
    assert guards.of(home, endpoint(schema="off"), package) == []
    (block,) = guards.of(home, endpoint(schema="block"), package)
    (detect,) = guards.of(home, endpoint(schema="detect"), package)
    assert block.examine(asked(30)) == detect.examine(asked(30)) == []
    assert block.examine(asked(-1))[0].blocks and not detect.examine(asked(-1))[0].blocks


def test_a_schema_that_should_block_and_is_not_there_is_no_open_door(home, tmp_path):
    with pytest.raises(Refused, match="no input schema"):
        guards.of(home, endpoint(schema="block"), tmp_path)


@pytest.mark.skipif(standing()[0] == "missing", reason=standing()[1])
def test_the_firewall_is_opened_once_and_looks_at_texts(home, package):
    first, again = (guards.of(home, endpoint(firewall=mode), package)[1] for mode in ("block", "detect"))
    assert first.firewall is again.firewall
    question = Question(
        "1", "people", "a", 0.0, "ada", "text/csv", "", b"", Rows((), [["<script>alert(1)</script>"]])
    )
    (refusal,) = first.examine(question)
    assert refusal.blocks and refusal.rule.startswith("firewall.941")
    assert not again.examine(question)[0].blocks
    assert [g.name for g in guards.of(home, endpoint(schema="block", firewall="block"), package)] == [
        "schema",
        "shields",
        "firewall",
    ]


def test_a_firewall_that_is_not_installed_opens_no_endpoint(home, package, monkeypatch):
    monkeypatch.setattr(library, "NAMES", ("libnothing.so",))
    monkeypatch.setattr(library, "_loaded", None)
    monkeypatch.setattr(guards, "_open", {})
    for mode in ("detect", "block"):
        with pytest.raises(Missing, match="apt install libmodsecurity3 modsecurity-crs"):
            guards.of(home, endpoint(firewall=mode), package)
    assert standing()[0] == "missing"


def test_what_is_not_looked_at_is_told(home, package, tmp_path):
    said = guards.told(home, endpoint(schema="detect"), tmp_path)
    assert len(said) == 2 and "no input schema" in said[0] and "no firewall" in said[1]
    assert guards.told(home, endpoint(schema="block", firewall="block"), package) == []


def test_a_mode_that_is_none_is_named(home, package):
    with pytest.raises(UsageError, match="did you mean 'block'"):
        guards.of(home, endpoint(schema="blok"), package)
