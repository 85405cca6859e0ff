"""Token buckets: how much they let pass, whoever shares them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.routing.buckets import Buckets

SIZE, SLOTS = 16 * 256, 256


def test_a_burst_passes_and_then_the_rate():
    b = Buckets(bytearray(SIZE))
    assert [b.take("a", 10, 3, 100.0) for _ in range(3)] == [0, 0, 0]
    assert b.take("a", 10, 3, 100.0) == pytest.approx(0.1)
    assert b.take("a", 10, 3, 100.1) == 0 and b.take("a", 10, 3, 100.1) == pytest.approx(0.1)
    assert b.take("b", 10, 3, 100.0) == 0
    assert [b.take("a", 10, 3, 200.0) for _ in range(4)][-1] == pytest.approx(0.1)


def test_two_processes_that_share_the_memory_share_the_buckets():
    shared = bytearray(SIZE)
    one, two = Buckets(shared), Buckets(shared)
    assert [w.take("a", 1, 2, 5.0) for w in (one, two)] == [0, 0] and two.take("a", 1, 2, 5.0) > 0


@settings(max_examples=40)
@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=200), st.floats(1, 50), st.integers(1, 20))
def test_never_more_than_the_burst_and_the_rate(gaps, rate, burst):
    b, now, passed = Buckets(bytearray(SIZE)), 1000.0, 0
    for gap in gaps:
        now += gap
        passed += b.take("a", rate, burst, now) == 0
    assert passed <= burst + rate * (now - 1000.0) + 1e-6


def test_callers_who_are_done_make_room_for_others():
    b = Buckets(bytearray(SIZE))
    for number in range(2 * SLOTS):
        assert b.take(f"c{number}", 1000, 2, 100.0 + number) == 0
    assert b.take("new", 1, 1, 1e6) == 0 and b.take("new", 1, 1, 1e6) > 0
