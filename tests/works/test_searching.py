"""The index follows the log, whoever wrote it, and is a cache that may be deleted."""

import datetime as dt
import json
import shutil

import pytest

from assay.methods.search.parse import parse
from assay.office import runs
from assay.works.call import call
from assay.works.home import Home
from assay.works.searching import follow, opened, search

NOW = dt.datetime.now(dt.UTC)
PIPELINE = """
name: visits
data:
  visits: {source: visits.csv}
steps:
  profile: {check: data.profile, of: visits}
  split:   {treat: data.split, of: visits, test: 0.5, seed: 3}
  bias:    {check: data.bias, of: split.train, label: paid, positive: 1, facet: [ward], gate: none}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory, assay):
    folder = tmp_path_factory.mktemp("visits")
    rows = "".join(f"{i},{'ab'[i % 2]},{int(i % 3 == 0)}\n" for i in range(80))
    (folder / "visits.csv").write_text("id,ward,paid\n" + rows)
    (folder / "assay.yaml").write_text(PIPELINE)
    assay(folder, "init")
    assay(folder, "run")
    return folder


@pytest.fixture
def home(ran, tmp_path):
    shutil.copytree(ran, tmp_path / "visits")
    found = Home.find(tmp_path / "visits", {})
    yield found
    found.close()


def _found(home, text):
    return [(r["kind"], r["name"]) for r in search(home, parse(text, NOW))[0].records]


def test_a_run_is_found_by_its_parameters_metrics_and_lineage(home):
    assert _found(home, "runs params.split.test = 0.5 outcome = pass") == [("run", "visits")]
    assert _found(home, "runs params.test > 0.5") == []
    assert _found(home, "reports metrics.rows.ward.a exists") == [("report", "data.bias")]
    assert ("dataset", "split.train") in _found(home, "datasets from visits")
    assert _found(home, "datasets into (datasets name = split.test)") == [("dataset", "visits")]


def test_a_metric_is_the_one_that_the_report_says(home):
    (report,) = search(home, parse("reports check = data.profile", NOW))[0].records
    rows = next(
        m["value"] for m in json.loads(home.store.read(report["report"]))["metrics"] if m["name"] == "rows"
    )
    assert rows == 80 and _found(home, f"runs metrics.profile.rows = {rows}") == [("run", "visits")]


def test_what_happens_later_is_found_later(home, assay):
    assert _found(home, "reports check = data.pii") == []
    assay(home.root.parent, "check", "data.pii", "visits.csv")
    assert _found(home, "reports check = data.pii") == [("report", "data.pii")]


def test_the_index_is_a_cache(home):
    before = search(home, parse("at > 2000", NOW), limit=1000)[0].records
    assert len(before) > 5
    shutil.rmtree(home.root / "index")
    again = search(home, parse("at > 2000", NOW), limit=1000)[0].records
    key = lambda r: (r["kind"], r["key"])
    assert sorted(again, key=key) == sorted(before, key=key)


def test_an_office_brought_back_to_an_earlier_state_is_indexed_anew(home):
    with opened(home) as index:
        with index.following(0, 10_000):
            pass
        follow(home, index)
        assert 0 < index.followed < 10_000
    assert _found(home, "runs") == [("run", "visits")]


def test_a_home_that_cannot_be_written_is_searched_all_the_same(home):
    home.office.outside.readonly = True
    assert _found(home, "runs") == [("run", "visits")]
    assert not (home.root / "index").exists()


def test_models_from_data_that_held_rows_kept_out(home, assay):
    """ "Data that contained the rows quarantined today", by what the rows say and not by their file's name."""
    folder = home.root.parent
    (folder / "rules.yaml").write_text("rules:\n  - {range: id, max: 40}\n")
    assay(
        folder,
        "data",
        "load",
        "visits.csv",
        "--into",
        "store.csv",
        "--rules",
        "rules.yaml",
        "--mode",
        "create",
    )
    (folder / "few.csv").write_text("id,ward,paid\n" + "".join(f"{i},a,0\n" for i in range(200, 240)))
    assay(folder, "check", "data.profile", "few.csv")
    today = "quarantines at on today"
    assert len(_found(home, today)) == 1
    held = _found(home, f"datasets containing ({today})")
    assert {"visits", "split.train", "split.test"} <= {n for _, n in held}
    assert not any("few" in n for _, n in held)
    assert _found(home, f"runs from (datasets containing ({today}))") == [("run", "visits")]
    assert _found(home, "datasets containing (quarantines at on 2001-01-01)") == []


def test_what_is_in_a_context_is_found_by_it_and_no_longer_when_it_is_taken_out(home):
    run = runs.get(home.office, "last").id
    call("context.put", {"name": "release/1", "things": ["last", "split.train"]}, home=home)
    assert _found(home, "runs context = release/1") == [("run", "visits")]
    assert {k for k, _ in _found(home, "context = release/1")} == {"run", "dataset"}
    assert _found(home, "contexts of = release") == [("context", "release/1")]
    call("context.take", {"name": "release/1", "things": [run]}, home=home)
    assert _found(home, "runs context = release/1") == []


def test_a_run_is_found_by_what_it_read_and_made(home):
    assert _found(home, "runs input ~ visits.csv output = split.test") == [("run", "visits")]
    assert _found(home, "runs input = split.train") == []  # it made that itself


def test_nothing_has_a_field_that_is_asked_for_and_the_others_lack_it(home):
    found, _ = search(home, parse("runs not tags.team exists", NOW))
    assert [r["name"] for r in found.records] == ["visits"]
    assert found.notes == ("nothing has a field 'tags.team'",)


def test_a_day_on_which_nothing_was_kept_out_was_an_empty_answer_without_a_word(home):
    found, _ = search(home, parse("datasets containing (quarantines at on 2001-01-01)", NOW))
    assert found.notes == ("`containing`: there is no such quarantine",)


def test_a_kind_that_is_misspelt_is_told(home):
    assert call("search", {"query": "modles status = PENDING"}, home=home)["notes"] == [
        "did you mean 'models'?"
    ]
    assert call("search", {"query": "zebra"}, home=home)["notes"] == []
