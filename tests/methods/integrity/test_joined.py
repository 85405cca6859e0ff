"""Texts that are two others put together, and those that only look so."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from assay.methods.expressions import parse
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.joined import find
from assay.methods.integrity.verify import hold

N = 2_000
RNG = np.random.default_rng(11)
FIRST = RNG.choice([f"Name{k}" for k in range(40)], N).astype(object)
LAST = RNG.choice([f"von Family{k}" for k in range(60)], N).astype(object)


def found(**columns):
    """The rules; each breaks in all rows just where it did in the sample."""
    arrays = {n: pa.array(v, pa.string()) for n, v in columns.items()}
    rules, untried = find([Sampled(n, "text", a) for n, a in arrays.items()], np.random.default_rng(1))
    assert not untried
    for rule in rules:
        (tally,) = hold([(parse(rule.holds), None)], pa.table(arrays).to_batches())
        assert (tally.support, tally.broken) == (rule.support, rule.violations)
    return [(r.shown, r.violations) for r in rules]


@pytest.mark.parametrize(("mark", "said"), [(" ", ", ' '"), ("", ""), (", ", ", ', '"), ("-", ", '-'")])
def test_a_full_name_and_its_slips(mark, said):
    full = FIRST + mark + LAST
    full[[3, 500, 1_200]] = "Somebody Else"
    full[7] = None
    told = found(full=full, first=FIRST, last=LAST)
    assert told == [(f"full is first{said} and last put together", 3)]


def test_a_part_that_does_not_matter_is_none():
    one = np.where(np.arange(N) < N - 20, "A", FIRST).astype(object)
    assert found(full=one + "-" + LAST, first=one, last=LAST) == []


def test_what_agrees_only_by_chance_or_by_half_is_no_rule():
    assert found(full=FIRST + " " + RNG.permutation(LAST), first=FIRST, last=LAST) == []
    some = np.where(RNG.random(N) < 0.9, FIRST + " " + LAST, LAST + " " + FIRST)
    assert found(full=some, first=FIRST, last=LAST) == []
    assert found(a=FIRST, b=FIRST, c=LAST) == []


def test_exceptions_that_gather_make_it_a_habit():
    country = RNG.choice(list("ABCDEF"), N).astype(object)
    full = np.where((country == "F") & (RNG.random(N) < 0.15), LAST + " " + FIRST, FIRST + " " + LAST)
    told = find(
        [Sampled(n, "text", pa.array(v, pa.string())) for n, v in
         {"full": full, "first": FIRST, "last": LAST, "country": country}.items()],
        np.random.default_rng(1),
    )  # fmt: skip
    assert told == ([], [])


def test_odd_values_are_survived():
    odd = np.array(["", "\\", "'", "\n", None, "ß"] * 50, object)
    assert found(a=odd, b=odd[::-1], c=np.array(["x", "y"] * 150, object)) == []
