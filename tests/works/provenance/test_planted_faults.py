"""Ten faults planted in a team's pipeline: each is named, with what it does, and nothing else is."""

from __future__ import annotations

import pytest
from tests.works.provenance.planted import LEAKING, NO_CHURN, WRITE, ZEROED, Team


def zeroed(team):
    team.write("labels.py", ZEROED + WRITE)
    team.step("labels: {treat: labels.py, of: encoded}", "joined", ("data: encoded,", "data: labels,"))


def lossy_join(team):
    team.change("assay.yaml", ("how: left", "how: inner"))


def wrong_split(team):
    team.change("assay.yaml", ("{fit: split.train, data: split.test}", "{fit: split.test, data: split.test}"))


def reversed_mapping(team):
    team.change("assay.yaml", ('{"no": 0, "yes": 1}', '{"no": 1, "yes": 0}'))


def one_class(team):
    team.write("loyal.py", NO_CHURN + WRITE)
    team.step("loyal: {treat: loyal.py, of: encoded}", "joined", ("data: encoded,", "data: loyal,"))


def truncated(team):
    team.change("clean.py", ('"0"\n', '"0"\n    row["balance"] = int(float(row["balance"]))\n'))


def shuffled(team):
    mixed = 'labels = [r["churned"] for r in rows][::-1]\nfor row, label in zip(rows, labels): row["churned"] = label\n'
    team.change("clean.py", ("with open", mixed + "with open"))


def leaking(team):
    team.write("risk.py", LEAKING + WRITE)
    team.step("risk: {treat: risk.py, of: encoded}", "joined", ("data: encoded,", "data: risk,"))


FAULTS = {
    "zeroed": (zeroed, ["step_added:labels"], "constant", "churned"),
    "lossy_join": (lossy_join, ["parameter:joined:arguments:how"], "rows", None),
    "wrong_split": (wrong_split, ["input:test:fit"], "rescaled", "income"),
    "reversed_mapping": (reversed_mapping, ["parameter:encoded:arguments:labels"], "remapped", "churned"),
    "one_class": (one_class, ["step_added:loyal"], "constant", "churned"),
    "truncated": (truncated, ["code:clean:script"], "truncated", "balance"),
    "shuffled": (shuffled, ["code:clean:script"], "shuffled", "churned"),
    "leaking": (leaking, ["step_added:risk"], "giveaway", "risk"),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A team whose pipeline ran well."""
    folder = tmp_path_factory.mktemp("team")
    team = Team(folder)
    assert team.run().outcome == "pass"
    return folder


@pytest.fixture
def team(good, tmp_path):
    import shutil

    shutil.copytree(good, tmp_path / "team")
    made = Team.__new__(Team)
    made.folder = tmp_path / "team"
    return made


def _marks(name):
    return [] if name == "zeroed" else [pytest.mark.slow]


@pytest.mark.parametrize("name", [pytest.param(n, marks=_marks(n)) for n in FAULTS])
def test_each_fault_is_named_with_its_evidence_and_no_other(team, name):
    plant, culprits, kind, column = FAULTS[name]
    plant(team)
    team.change("assay.yaml", ("rounds: 40", "rounds: 41"))  # an innocent change beside it
    team.run()
    found = team.diagnose()
    assert found["conclusion"] == "explained", found["said"]
    assert [c["name"] for c in found["culprits"]] == culprits, found["said"]
    evidence = found["evidence"][0]
    assert (evidence["kind"], evidence["column"]) == (kind, column), found["evidence"]
    proof = next(r for r in found["replays"] if r["without"] == culprits)
    assert proof["whole"]
    assert "model" in proof["ran"] or name == "wrong_split"  # which leaves what is learnt as it was
    innocent = next(s for s in found["suspects"] if s["name"] == "parameter:model:hyperparameters:rounds")
    assert not innocent["culprit"] and innocent["state"].startswith("cleared")
    assert found["seconds"] < 120
