from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.span import UNTRUSTED, Span
from assay.methods.traces.path import ITSELF, timeline

TRACE = "ab" * 16
S = 1_000_000_000


def span(name, parent, start, end, id=None, **rest):
    return Span(TRACE, id or name, name, int(start * S), int(end * S), parent, **rest)


RUN = [
    span("run", "", 0, 34),
    span("load", "run", 0, 6),
    span("train", "run", 6, 30),
    span("write", "train", 7, 9),
    span("fit", "train", 8, 29),
    span("judge", "run", 30, 33),
]


def test_the_slowest_path_by_hand():
    """Backwards from 34: one second of run itself, judge 30–33, train's own 29–30, fit 8–29, write 7–8, train 6–7, load 0–6."""
    found = timeline(RUN)
    assert found.slowest == (
        ("train: fit", 21.0),
        ("load", 6.0),
        ("judge", 3.0),
        ("train", 2.0),
        (ITSELF, 1.0),
        ("train: write", 1.0),
    )
    assert found.said == "of 34.0 s, 21.0 s were in train: fit" and found.seconds == 34
    rows = {r.name: r for r in found.rows}
    assert rows["train"].slow == ((6.0, 7.0), (29.0, 30.0)) and rows["write"].slow == ((7.0, 8.0),)
    assert [(r.name, r.depth) for r in found.rows] == [
        ("run", 0), ("load", 1), ("train", 1), ("write", 2), ("fit", 2), ("judge", 1),
    ]  # fmt: skip


def test_one_of_two_at_once_is_waited_for():
    found = timeline([span("run", "", 0, 10), span("short", "run", 0, 7), span("long", "run", 0, 10)])
    assert found.slowest == (("long", 10.0),)


def test_clocks_that_disagree_lose_and_double_nothing():
    found = timeline([span("run", "", 10, 20), span("early", "run", 5, 12), span("late", "run", 18, 99)])
    assert sum(seconds for _, seconds in found.slowest) == 10.0


def test_spans_without_their_parents_are_roots():
    found = timeline([span("a", "gone", 0, 2), span("b", "gone", 2, 5)])
    assert [(r.name, r.depth) for r in found.rows] == [("a", 0), ("b", 0)] and found.seconds == 5
    assert found.slowest == (("b", 3.0), ("a", 2.0))


def test_circles_are_cut():
    found = timeline(
        [span("a", "b", 0, 2), span("b", "c", 1, 3), span("c", "a", 1, 4), span("self", "self", 0, 1)]
    )
    assert {r.name for r in found.rows} == {"a", "b", "c", "self"}


def test_a_span_that_came_twice_stands_once_as_it_ended():
    found = timeline([span("a", "", 0, 0), span("a", "", 0, 5), span("b", "a", 1, 0)])
    assert found.seconds == 5 and [r.name for r in found.rows] == ["a", "b"]


def test_many_alike_are_one_row_and_the_fastest_are_folded():
    spans = [span("run", "", 0, 100)]
    spans += [
        span("predict", "run", n, n + 0.5, id=f"p{n}", status="error" if n == 7 else "unset")
        for n in range(50)
    ]
    spans += [
        span(f"step {n}", "run", 50 + n * 0.01, 50 + n * 0.01 + 0.001 * n, id=f"s{n}") for n in range(100)
    ]
    found = timeline(spans, most=10)
    names = [r.name for r in found.rows]
    assert names[:2] == ["run", "predict ×50"] and names[-1] == "and 95 more" and len(names) == 8
    predict = found.rows[1]
    assert (predict.many, predict.seconds, predict.status) == (50, 25.0, "error")
    assert sum(r.many for r in found.rows) == 151 and found.rows[-1].more


def test_a_row_says_that_it_was_told_from_inside():
    found = timeline([span("job", "", 0, 5), span("fit", "job", 1, 4, attributes={UNTRUSTED: True})])
    assert [r.untrusted for r in found.rows] == [False, True]


def test_deep_and_wide_traces_are_walked():
    deep = [span(f"n{n}", f"n{n - 1}" if n else "", n / 1000, 60 - n / 1000) for n in range(6_000)]
    assert len(timeline(deep).rows) <= 60
    broad = [span("run", "", 0, 99)] + [span(f"s{n}", "run", n, n + 1) for n in range(50)]
    broad += [span(f"p{n}/{k}", f"s{n}", n + k / 100, n + k / 90) for n in range(50) for k in range(20)]
    assert len(timeline(broad).rows) == 60
    assert timeline([]) is None


ticks = st.integers(0, 30)


@given(st.lists(st.tuples(st.integers(-1, 12), ticks, ticks), min_size=1, max_size=14))
@settings(max_examples=60)
def test_the_parts_of_the_slowest_path_never_overlap_and_add_up(raw):
    spans = [span(f"n{n}", f"n{parent}", start, end) for n, (parent, start, end) in enumerate(raw)]
    found = timeline(spans, most=100)
    parts = sorted(p for r in found.rows for p in r.slow)
    assert all(a[1] <= b[0] + 1e-9 for a, b in zip(parts, parts[1:], strict=False))
    roots = [r for r in found.rows if r.depth == 0]
    covered = sum(b - a for a, b in parts)
    if len(roots) == 1:
        assert covered == pytest.approx(found.seconds)
    else:
        assert covered <= found.seconds + 1e-9
    assert sum(r.many for r in found.rows) == len(spans)
