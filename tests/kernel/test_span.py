from __future__ import annotations

import pytest

from assay.kernel.span import Caller, Span

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"  # the example of W3C Trace Context


def test_a_callers_traceparent_is_read_and_written():
    found = Caller.read(f"00-{TRACE}-{SPAN}-01", "vendor=1")
    assert found == Caller(TRACE, SPAN, 1, "vendor=1")
    assert found.traceparent == f"00-{TRACE}-{SPAN}-01"


def test_a_later_version_may_say_more():
    assert Caller.read(f"cc-{TRACE}-{SPAN}-01-what-the-future-says") == Caller(TRACE, SPAN, 1)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "x",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01\n00-{TRACE}-{SPAN}-01",
    ],
)
def test_what_is_no_traceparent_is_ignored(said):
    assert Caller.read(said) is None


def test_a_tracestate_that_is_too_long_is_left_out():
    assert Caller.read(f"00-{TRACE}-{SPAN}-00", "a=" + "b" * 600) == Caller(TRACE, SPAN, 0, "")


def test_a_span_that_has_not_ended_took_no_time():
    assert Span(TRACE, SPAN, "n", 5_000_000_000, 0).seconds == 0
    assert Span(TRACE, SPAN, "n", 1_000_000_000, 2_500_000_000).seconds == 1.5
