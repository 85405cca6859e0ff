"""Reports that a person gives: files, folders, results, by name; and what is refused."""

from __future__ import annotations

import json

import pytest
from tests.cards import reports

from assay.kernel.errors import Missing, UsageError
from assay.works import reading


@pytest.fixture
def folder(tmp_path):
    for name in ("validate", "after"):
        (tmp_path / f"{name}.json").write_text(json.dumps(reports()[name].to_dict()))
    return tmp_path


def test_a_folder_and_files_give_reports_by_their_stems(folder):
    assert set(reading.many(folder)) == {"validate", "after"}
    found = reading.many([folder / "after.json", str(folder / "validate.json")])
    assert list(found) == ["after", "validate"] and found["after"].check == "model.bias"


def test_several_in_one_file_and_several_of_one_name_are_told_apart(folder):
    both = {"schema": "assay.reports/1", "reports": [r.to_dict() for r in list(reports().values())[:2]]}
    (folder / "all.json").write_text(json.dumps(both))
    assert list(reading.many([folder / "all.json", folder / "all.json"])) == [
        "all",
        "all-2",
        "all-3",
        "all-2-2",
    ]


def test_reports_and_results_in_memory_are_taken_as_they_are():
    import pandas

    import assay

    one = reports()["after"]
    result = assay.check("data.profile", pandas.DataFrame({"a": [1, 2]}))
    assert list(reading.many({"x.y": one, "z": result})) == ["x-y", "z"]
    assert list(reading.many([one, one, result])) == ["model-bias", "model-bias-2", "data-profile"]


@pytest.mark.parametrize(
    ("content", "says"),
    [("[]", "is not a report"), ("{", "is not a report"), ('{"schema": "assay.run/1"}', "assay.run/1"), ('{"schema": "assay.report/1"}', "KeyError")],
)  # fmt: skip
def test_what_is_no_report_is_refused(tmp_path, content, says):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(UsageError, match=says):
        reading.many(tmp_path)


def test_an_empty_folder_and_a_file_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no report"):
        reading.many(tmp_path)
    with pytest.raises(Missing):
        reading.many(tmp_path / "none.json")
    with pytest.raises(UsageError, match="a int is no report"):
        reading.many(3)


def test_one_report_is_wanted_where_one_is(folder):
    assert reading.report(folder / "after.json").check == "model.bias"
    with pytest.raises(UsageError, match="holds 2 reports"):
        reading.report(folder)
