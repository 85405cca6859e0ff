"""The inventory as rows: what stands in them, and that no cell is a formula in any spreadsheet."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inventories import hostile, inventory

from assay.reports.inventory import render
from assay.reports.inventory.csv import COLUMNS, cell


def rows(text, **how):
    return list(csv.reader(io.StringIO(text), **how))


def test_each_version_is_a_row_of_what_is_known():
    found = rows(render(inventory(), "csv"))
    assert found[0] == list(COLUMNS) and all(len(r) == len(COLUMNS) for r in found)
    fourth = dict(zip(COLUMNS, found[4], strict=True))
    assert {k: fourth[k] for k in ("model", "version", "status", "aliases", "tags", "owners", "approved_by", "expires", "hallmark")} == {
        "model": "loans", "version": "4", "status": "APPROVED", "aliases": "champion", "tags": "region: eu; seen",
        "owners": "Risk", "approved_by": "bob, cleo", "expires": "2026-06-20T00:00:00.000Z", "hallmark": "yes",
    }  # fmt: skip
    fifth = dict(zip(COLUMNS, found[5], strict=True))
    assert (fifth["approvals_awaited"], fifth["questions_open"]) == ("1", "harm, data")
    assert dict(zip(COLUMNS, found[1], strict=True))["successor"] == "loans@4"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_cell_begins_a_formula_however_it_is_split(delimiter):
    text = render(inventory(hostile()), "csv")
    assert text.count("\r\n") == 1 + len(inventory(hostile()).entries)  # and no line of its own
    for row in rows(text, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter != "," else csv.QUOTE_ALL):
        assert not [c for c in row if re.match(r"[\s\"]*[=+\-@＝＋－＠]", c)]


@given(st.text(alphabet=st.sampled_from("=+-@＝＋ \t\r\n\"';,|ax1\u202e\x00"), max_size=12))
def test_a_cell_is_one_line_and_no_formula(text):
    made = cell(text)
    assert not re.search(r"[\r\n\t\x00\u202e]", made)
    for part in re.split(r"[;,|]", made):
        assert not re.match(r"[\s\"`]*[=+\-@＝＋－＠]", part)


def test_an_innocent_text_is_left_alone():
    for text in ("loans@4", "a-b", "2026-06-20T00:00:00.000Z", "1 + 1", "x=y", "Größe"):
        assert cell(text) == text
