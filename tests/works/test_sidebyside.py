"""Runs in one table: what differs, what is the same, how it is sorted, and how it prints."""

from __future__ import annotations

import csv
import io

import pytest

from assay.kernel.errors import Missing, UsageError
from assay.works.call import call
from assay.works.home import Home
from assay.works.tracking.beginning import tracked


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home.create(tmp_path_factory.mktemp("study"), {"ASSAY_ACTOR": "ada"})
    for depth, score in ((2, 0.7), (4, 0.9), (6, 0.8)):
        with tracked(
            home, "train", experiment="study", params={"depth": depth, "seed": 1, "note": "=1+1"}
        ) as run:
            run.metric("f1", score)
            if depth == 4:
                run.param("extra", True)
    with tracked(home, "broken", experiment="study"):
        pass
    yield home
    home.close()


def test_what_is_the_same_in_all_is_no_difference(home):
    found = call("runs.compare", {"experiment": "study", "by": "f1"}, home=home)
    assert [r["params"].get("depth") for r in found["runs"]] == [4, 6, 2, None]
    assert found["differing"] == ["depth", "seed", "note", "extra"] and found["metrics"] == ["f1"]
    three = call("runs.compare", {"names": [r["id"] for r in found["runs"][:3]]}, home=home)
    assert three["differing"] == ["depth", "extra"] and three["params"] == ["depth", "seed", "note", "extra"]
    least = call("runs.compare", {"experiment": "study", "by": "f1", "ascending": True}, home=home)
    assert [r["metrics"].get("f1") for r in least["runs"]] == [0.7, 0.8, 0.9, None]


def test_what_there_is_not_is_one_sentence(home):
    with pytest.raises(Missing, match="no experiment 'stady'; did you mean 'study'"):
        call("runs.compare", {"experiment": "stady"}, home=home)
    with pytest.raises(Missing, match="none of these runs has a metric 'f2'; there is f1"):
        call("runs.compare", {"experiment": "study", "by": "f2"}, home=home)
    with pytest.raises(UsageError, match="no run is named"):
        call("runs.compare", {}, home=home)


def test_it_prints_in_eighty_columns_and_as_csv_that_no_spreadsheet_computes(home, monkeypatch, capsys):
    from assay.doors.cli.main import main

    monkeypatch.chdir(home.root.parent)

    def typed(*words):
        with pytest.raises(SystemExit) as ended:
            main(["runs", "compare", "--experiment", "study", *words])
        assert ended.value.code == 0
        return capsys.readouterr().out

    text = typed("--by", "f1")
    assert max(map(len, text.splitlines())) <= 80 and text.splitlines()[0].split()[:3] == [
        "run",
        "outcome",
        "f1",
    ]
    rows = list(csv.DictReader(io.StringIO(typed("--format", "csv"))))
    assert {r["depth"] for r in rows} == {"2", "4", "6", ""} and {r["note"] for r in rows} == {"'=1+1", ""}


def test_experiments_are_counted(home):
    assert call("runs.experiments", {}, home=home)["experiments"] == [{"name": "study", "runs": 4}]
