from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from assay.methods.nearest import did_you_mean, nearest
from assay.methods.values import same


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (1, "1"),
        (1.0, "1"),
        (True, "1"),
        ("True", 1),
        (np.int64(0), "0"),
        (np.bool_(False), "false"),
        (" >50K", ">50K"),
    ],
)
def test_one_value_in_two_spellings(value, given):
    assert same(value, given) and same(given, value)


@pytest.mark.parametrize(
    ("value", "given"), [(1, "2"), ("a", "A"), (None, "None"), (0.1, "0"), ("nan", None)]
)
def test_two_values(value, given):
    assert not same(value, given)


def test_the_nearest_name():
    assert nearest("incom", ["income", "age"]) == "income"
    assert nearest("AGE", ["income", "age"]) == "age"
    assert nearest("zzz", ["income", "age"]) is None
    assert "there is income, age" in did_you_mean("zzz", ["income", "age"])


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ("007", "7"),  # zeros at the front belong to a name
        ("12345678901234567890", "12345678901234567891"),  # a float holds neither
        (10**20, 10**20 + 1),
        ("1_000", "1000"),
        ("１２", "12"),
        ("0.1111111111111111111111", "0.1111111111111111111112"),
        ("1e999", "inf"),
        ("nan", float("nan")),
    ],
)
def test_two_values_that_a_float_would_make_one(value, given):
    assert not same(value, given) and not same(given, value)


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (10**15, 1e15),
        (Decimal("1.00"), "1"),
        (Decimal("2.50"), 2.5),
        (10**20, "100000000000000000000"),
        ("+5", 5),
        ("-0", 0),
        (1000.0, "1e3"),
        (".5", 0.5),
        (np.float32(0.5), "0.50"),
    ],
)
def test_one_number_in_two_types(value, given):
    assert same(value, given) and same(given, value)
