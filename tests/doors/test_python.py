from __future__ import annotations

import doctest
import html

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import assay
from assay.doors import python as door
from assay.kernel.errors import AssayError

FRAME = pd.DataFrame({"hired": [1, 0] * 50, "sex": ["f", "m"] * 50})


@pytest.mark.parametrize("make", [lambda f: f, pl.from_pandas, pa.Table.from_pandas])
def test_a_table_in_memory_without_a_home(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = assay.check("data.bias", make(FRAME), label="hired", positive="1", facet="sex")
    assert result.outcome == "pass"
    assert result.metric("DPL", group="m").value == 1
    assert "data.bias" in str(result) and repr(result) == "<assay.Result data.bias table: pass, 2 findings>"
    assert not list(tmp_path.iterdir())


def test_a_path_and_a_report_on_disk(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    result = assay.check("data.profile", tmp_path / "t.csv")
    assert result.save(tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert result.to_dict()["schema"] == "assay.report/1"


def test_what_is_no_table_is_one_sentence():
    with pytest.raises(AssayError, match="no table"):
        assay.check("data.profile", {"a": [1]})
    with pytest.raises(AssayError, match="data.profile"):
        assay.check("data.profil", FRAME)


def test_in_a_notebook_it_shows_itself_in_a_frame_of_its_own():
    # the whole page once stood in the notebook, and its style reached the notebook's own text
    shown = assay.check("data.profile", FRAME)._repr_html_()
    assert shown.startswith("<iframe ") and shown.endswith("</iframe>")
    page = html.unescape(shown.partition('srcdoc="')[2].rpartition('"')[0])
    assert page.startswith("<!doctype html>") and "data.profile" in page
    assert "<style" not in shown and "<script" not in page


def test_a_wrong_gate_is_one_sentence():
    with pytest.raises(AssayError, match="fail_on cannot be 'hihg'; did you mean 'high'"):
        assay.check("data.profile", FRAME, fail_on="hihg")


def test_the_docstring_runs():
    assert doctest.testmod(door).failed == 0


def test_checks_are_listed():
    assert "data.bias" in assay.list_checks()


def test_the_error_that_the_page_names_can_be_caught_by_that_name():
    with pytest.raises(assay.AssayError, match="did you mean 'b'"):
        assay.check(
            "data.bias", pd.DataFrame({"b": [0, 1], "c": ["x", "y"]}), label="bb", positive="1", facet="c"
        )
