"""Ten faults planted in a team's pipeline: each is named, with what it does, and nothing else is."""

from __future__ import annotations

import pytest
from tests.works.provenance.planted import LEAKING, NO_CHURN, PIPELINE, WRITE, ZEROED, Team, wheel


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


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
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


@pytest.mark.slow
def test_a_seed_changed_only_is_nothing_to_see(team):
    team.change("assay.yaml", ("name: churn\n", "name: churn\nseed: 8\n"))
    team.run()
    found = team.diagnose()
    assert found["conclusion"] == "nothing_to_see", found["said"]
    assert [s["name"] for s in found["suspects"]] == ["seed:seed"]
    assert not found["culprits"] and "seed, 8 (before: 7)" in " ".join(found["said"])


ROUNDING = "def tidy(x):\n    return x\n"
CUTTING = "def tidy(x):\n    return float(int(x))\n"


@pytest.mark.slow
def test_a_package_upgraded_only_is_named_where_it_matters_and_not_where_it_does_not(tmp_path):
    team = Team(tmp_path)
    (tmp_path / "wheels").mkdir()
    team.change("clean.py", ("import csv, os", "import csv, tinyround"), ('"0"\n', '"0"\n    row["balance"] = tinyround.tidy(float(row["balance"]))\n'))  # fmt: skip
    for version, code in (("1.0", ROUNDING), ("1.1", ROUNDING + "\n"), ("2.0", CUTTING)):
        wheel(tmp_path / "wheels", version, code)
        team.write("requirements.txt", f"./wheels/tinyround-{version}-py3-none-any.whl\n")
        team.run()
        if version == "1.1":
            found = team.diagnose()
            assert found["conclusion"] == "nothing_to_see", found["said"]
            assert "`tinyround` 1.1 (before: 1.0)" in " ".join(found["said"])
    found = team.diagnose()
    assert found["conclusion"] == "explained", found["said"]
    assert "package:clean:script" in [c["name"] for c in found["culprits"]]
    assert found["evidence"][0]["kind"] == "truncated"


@pytest.mark.slow
def test_two_changes_that_do_harm_only_together_are_named_together(team):
    """Balances in cents, and a cap at 2 that was meant for euros: either alone leaves the model as it was."""
    team.change("clean.py", ('"0"\n', '"0"\n    row["balance"] = round(float(row["balance"]) * 100)\n'))
    capping = 'import csv\nrows = list(csv.DictReader(open("input/data/data.csv")))\nfor row in rows:\n    row["balance"] = min(2.0, float(row["balance"]))\n'
    team.write("cap.py", capping + WRITE)
    team.step("cap: {treat: cap.py, of: clean}", "encoded", ("of: clean,", "of: cap,"))
    team.change("assay.yaml", ("rounds: 40", "rounds: 41"))
    team.run()
    found = team.diagnose()
    assert found["conclusion"] == "explained", found["said"]
    assert sorted(c["name"] for c in found["culprits"]) == ["code:clean:script", "step_added:cap"], found[
        "said"
    ]
    assert "with one of them taken back" in found["said"][1]


@pytest.mark.slow
def test_two_faults_of_which_each_suffices_are_both_named(team):
    """Labels that are all 0, and behind it a filter that keeps only 0: without either one there is still one class."""
    team.write("labels.py", ZEROED + WRITE)
    team.write("loyal.py", NO_CHURN + WRITE)
    team.step("labels: {treat: labels.py, of: encoded}", "joined", ("data: encoded,", "data: labels,"))
    team.step("loyal: {treat: loyal.py, of: labels}", "joined", ("data: labels,", "data: loyal,"))
    team.run()
    found = team.diagnose()
    assert found["conclusion"] == "explained", found["said"]
    assert sorted(c["name"] for c in found["culprits"]) == ["step_added:labels", "step_added:loyal"]
    assert "with all of them taken back, and not with fewer" in found["said"][1]


def test_a_step_that_zeroes_the_label_is_named_before_any_model_is_trained(tmp_path):
    team = Team(tmp_path, 300)
    before, _, _ = PIPELINE.partition("  split:")
    team.write(
        "assay.yaml", before + "  told: {check: data.leakage, of: joined, label: churned, gate: none}\n"
    )
    team.run()
    zeroed(team)
    team.change("assay.yaml", ("  told: {check: data.leakage, of: joined, label: churned, gate: none}\n", ""))
    team.run()
    found = team.diagnose()
    assert [c["name"] for c in found["culprits"]] == ["step_added:labels"], found["said"]
    assert found["evidence"][0]["kind"] == "constant" and found["replays"][0]["whole"]
