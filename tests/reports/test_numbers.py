"""Numbers as people read them: four significant digits, and never another number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.reports.numbers import number


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1990.3, "1,990"),
        (1999.6, "2,000"),
        (250000.4, "250,000"),
        (100.04, "100"),
        (0.5, "0.5"),
        (12.340, "12.34"),
    ],
)
def test_a_whole_number_keeps_its_last_noughts(value, said):
    assert number(value) == said


@given(st.floats(1e-4, 999_999, exclude_max=True))
def test_what_is_said_is_the_number_to_four_digits(value):
    assert math.isclose(float(number(value).replace(",", "")), value, rel_tol=6e-4, abs_tol=5e-5)
