"""The functions of rules, beside pandas and Python's own dates."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.expressions import parse


def value(text, **columns):
    return parse(text).evaluate(pa.record_batch({k: pa.array(v) for k, v in columns.items()})).to_pylist()


def test_numbers_in_writing():
    texts = ["1.234,50 €", "7", "-3,5", "x", "", None, "1,2,3", "12 000,1"]
    assert value("number(a, ',')", a=texts) == [1234.5, 7, -3.5, None, None, None, None, 12000.1]
    assert value("number(a)", a=["$1,234.50", "50%", "1e3", "."]) == [1234.5, 50, 1000, None]
    assert value("number(a)", a=[1, 2]) == [1, 2]


def test_dates_in_writing():
    texts = ["31.01.2024", "30.02.2024", "x", None]
    assert value("date(a, '%d.%m.%Y')", a=texts) == [date(2024, 1, 31), None, None, None]
    assert value("days(date(a, '%d.%m.%Y'))", a=["02.01.1970"]) == [1]
    assert value("left(a, 2)", a=["añb", "x", None]) == ["añ", "x", None]
    assert value("join(a, ' ', b)", a=["x", None, ""], b=["y", "z", "z"]) == ["x y", None, " z"]
    assert value("join(a, b, a)", a=["x"], b=[7]) == ["x7x"]
    assert value("floor(a)", a=[1.9, -0.1]) == [1, -1]


@given(st.dates(date(1900, 1, 1), date(2050, 1, 1)), st.dates(date(1900, 1, 1), date(2050, 1, 1)))
def test_years_are_birthdays_passed(born, on):
    passed = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    assert value("years(a, b)", a=[born], b=[on]) == [passed]
    assert value(f"years(a, '{on}')", a=[born]) == [passed]


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_parts_of_dates_beside_pandas(day):
    stamp = pd.Timestamp(day)
    parts = [value(f"{p}(a)", a=[day])[0] for p in ("year", "quarter", "month", "day")]
    assert parts == [stamp.year, stamp.quarter, stamp.month, stamp.day]


@pytest.mark.parametrize(
    "text",
    ["left(a)", "left(a, b)", "left(a, 'x')", "date(a)", "date(a, 3)", "number(a, ';')", "date(a, '" + "%" * 50 + "')", "floor(a, 1)", "years(a)"],
)  # fmt: skip
def test_a_call_that_is_none_is_one_sentence(text):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_a_format_that_is_none_breaks_nothing():
    assert value("date(a, '%Q')", a=["1"]) == [None]
