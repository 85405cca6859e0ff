"""Whether a value fits a column without loss, held against Python's own exact numbers."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.engines.gate import fit


def _fits(value, source, target):
    query = f"SELECT {fit.fits('v', source, target)}, {fit.cast('v', source, target)} FROM (SELECT CAST(? AS {source}) AS v)"
    with duckdb.connect() as con:
        return con.execute(query, [value]).fetchone()


CASES = [
    ("5", "BIGINT", True), ("5.0", "BIGINT", False), ("1e3", "BIGINT", False), (" 7 ", "BIGINT", True), ("x", "BIGINT", False),
    ("300", "UTINYINT", False), ("1.25", "DECIMAL(9,2)", True), ("1.254", "DECIMAL(9,2)", False), ("2020-02-30", "DATE", False),
    ("2020-02-03 10:00", "DATE", False), ("2020-02-03", "DATE", True), ("true", "BOOLEAN", True), ("maybe", "BOOLEAN", False),
    ("0.1", "DOUBLE", True), ("1e300", "DOUBLE", True), ("inf", "DOUBLE", True), ("-0.000123", "DOUBLE", True),
    ("9007199254740993", "DOUBLE", False),  # it went in as another number
    ("9007199254740992", "DOUBLE", True), ("123456789012345678901234567890", "DOUBLE", False), ("1" * 50, "DOUBLE", False),
    ("0.12345678901234567", "DOUBLE", True), ("0.123456789012345678", "DOUBLE", False), ("16777217", "FLOAT", False),
]  # fmt: skip


@pytest.mark.parametrize(("value", "target", "wanted"), CASES)
def test_a_text_fits_or_does_not(value, target, wanted):
    fits, cast = _fits(value, "VARCHAR", target)
    assert fits is wanted and (cast is not None) is wanted


@pytest.mark.parametrize(("value", "source", "target", "wanted"), [
    (2**53 + 1, "BIGINT", "DOUBLE", False), (2**53, "BIGINT", "DOUBLE", True), (1.5, "DOUBLE", "BIGINT", False),
    (3.0, "DOUBLE", "BIGINT", True), (300, "BIGINT", "UTINYINT", False), (None, "BIGINT", "DATE", True), (1, "BIGINT", "VARCHAR", True),
])  # fmt: skip
def test_a_value_of_another_type_fits_or_does_not(value, source, target, wanted):
    assert _fits(value, source, target)[0] is wanted


@given(st.from_regex(r"-?[0-9]{1,24}(\.[0-9]{1,20})?", fullmatch=True))
def test_a_whole_number_is_kept_to_its_last_digit_and_no_other_has_more_than_seventeen(text):
    fits, cast = _fits(text, "VARCHAR", "DOUBLE")
    if "." not in text:
        assert fits is (Decimal(float(text)) == Decimal(text))
    else:
        assert fits is (len(text.lstrip("-").replace(".", "").lstrip("0")) <= 17)
    assert cast == (float(text) if fits else None)
