from __future__ import annotations

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
