"""Shapes and forms of texts."""

from __future__ import annotations

import pyarrow as pa
import pytest

from assay.methods.profile.codes import encode
from assay.methods.profile.words import number_form, shapes


def test_shapes_by_hand():
    values = ["Ann.Lee@example.org", "A-1234", "B-9", "Éva 12", "0123456789", "A-4321", "ÇA", ""]
    told = {s["shape"]: s["count"] for s in shapes(encode(pa.chunked_array([pa.array(values)])))}
    assert told == {"Aa.Aa@a.a": 1, "A-9999": 2, "A-9": 1, "Aa 99": 1, "9+": 1, "A": 1, "": 1}


def test_shapes_are_weighted_by_how_often_a_text_comes():
    column = encode(pa.chunked_array([pa.array(["a1"] * 3 + ["b2", "c", None])]))
    assert shapes(column) == [
        {"shape": "a9", "count": 4, "fraction": 0.8},
        {"shape": "a", "count": 1, "fraction": 0.2},
    ]


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["1", "2.5", "-3e4", "1,000"], "number"),
        (["1.234,5", "7,0"], "decimal comma"),
        (["12 %", "3.5%"], "percentage"),
        (["$1,200.50", "12 EUR"], "amount of money"),
        (["1", "two"], ""),
        (["1"], ""),
        (["?", "1", "2"], "number"),
    ],
)
def test_forms_of_numbers(values, form):
    assert number_form(values) == form
