"""Calls that ask for more than fits into memory, and those that do not."""

from __future__ import annotations

import pickle
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.corpus.streams import P4, body, stack

from assay.methods.pickles.machine import walk
from assay.methods.pickles.names import Names
from assay.methods.pickles.sizes import LIMIT


def sorts(raw):
    return {h.sort for h in walk(raw, 0, len(raw), Names()).hits}


@pytest.mark.parametrize(
    "value",
    [range(LIMIT), bytearray(b"ab"), Fraction(1, 3), Decimal("1e500"), Counter("ab"), range(9, -9, -2)],
)
@pytest.mark.parametrize("protocol", [2, 5])
def test_what_pickle_writes_of_harmless_values(value, protocol):
    assert not sorts(pickle.dumps(value, protocol))


@pytest.mark.parametrize(
    "ends", [(LIMIT + 1,), (0, 10 * LIMIT, 2), (10 * LIMIT, 0, -2), (-LIMIT, LIMIT)], ids=str
)
def test_a_range_that_nobody_can_walk(ends):
    assert sorts(P4 + stack("builtins", "range") + body(ends) + b"R.") == {"bomb"}
    assert sorts(P4 + stack("builtins", "range") + body(ends) + b"\x81.") == {"bomb"}
