"""A canary: when it goes on, waits, or is taken back."""

from __future__ import annotations

import pytest

from assay.methods.routing.canary import Limits, Seen, judged, verdict
from assay.methods.routing.tally import Tally

LIMITS = Limits(seconds=60, least=100, errors=0.05)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Seen(0, 0, 0), "wait"),
        (Seen(100, 0, 59), "wait"),
        (Seen(99, 0, 3600), "wait"),
        (Seen(100, 0, 60), "on"),
        (Seen(100, 5, 60), "on"),
        (Seen(100, 6, 60), "back"),
        (Seen(6, 6, 1), "back"),  # of a hundred, six too many already
        (Seen(5, 5, 1), "wait"),
        (Seen(10_000, 501, 1), "back"),
        (Seen(10_000, 500, 60), "on"),
    ],
)
def test_the_verdict(seen, said):
    assert verdict(seen, LIMITS) == said


def test_without_a_least_one_failure_of_one_is_taken_back():
    assert verdict(Seen(1, 1, 0), Limits(least=0, errors=0.0)) == "back"
    assert verdict(Seen(0, 0, 60), Limits(seconds=60, least=0)) == "on"


def answered(values, seconds, n=1):
    made = Tally()
    made.values(values)
    for _ in range(n):
        made.seconds.add(seconds)
    return made


BEFORE = answered([0, 1] * 150, 0.02, 300)
ALL = Limits(seconds=60, least=20, errors=0.05, slower=1.5, outside=0.05, shift=0.25, alarms="hold")


def test_one_that_answers_alike_and_as_fast_goes_on():
    found = judged(Seen(100, 0, 60, answered([0, 1] * 50, 0.021, 100), BEFORE), ALL)
    assert found.says == "on" and found.figures["p95"] == [
        pytest.approx(0.02, rel=0.01),
        pytest.approx(0.021, rel=0.01),
    ]
    assert (found.figures["outside"], found.figures["shift"]) == (0, 0)


def test_one_that_is_slower_goes_back_before_its_time_is_over():
    found = judged(Seen(100, 0, 5, answered([0, 1] * 50, 0.1, 100), BEFORE), ALL)
    assert found.says == "back" and "came within 99.2 ms, of the version before within 20 ms" in found.why


def test_one_that_may_be_slower_waits_and_at_last_goes_back():
    few = answered([0, 1], 0.1, 2)
    held = judged(Seen(100, 0, 61, few, BEFORE), ALL)
    assert held.says == "wait" and "95 of 100" in held.why
    assert judged(Seen(100, 0, 30, few, BEFORE), ALL).why == ""  # its time is not over: nothing is held up
    assert judged(Seen(100, 0, 601, few, BEFORE), ALL).says == "back"
    assert judged(Seen(100, 0, 61, few, BEFORE), Limits(60, 20, 0.05)).says == "on"


def test_one_that_answers_what_was_never_answered_goes_back():
    found = judged(Seen(40, 0, 5, answered([0] * 36 + [7] * 4, 0.02, 40), BEFORE), ALL)
    assert found.says == "back" and "4 of 40 answers are none that the version before gave" in found.why


def test_one_that_always_answers_the_same_goes_back():
    found = judged(Seen(200, 0, 5, answered([0] * 200, 0.02, 200), BEFORE), ALL)
    assert found.says == "back" and "lie 0.3" in found.why


def test_an_alarm_holds_it_up_or_takes_it_back_or_is_ignored():
    seen = Seen(100, 0, 61, alarms=("hourly",))
    held = judged(seen, ALL)
    assert held.says == "wait" and "the monitor hourly found violations" in held.why
    assert judged(seen, Limits(60, 20, 0.05, alarms="back")).says == "back"
    assert judged(seen, Limits(60, 20, 0.05)).says == "on"
    assert judged(Seen(100, 0, 601, alarms=("a", "b")), ALL).says == "back"


def test_what_could_not_be_judged_is_said():
    found = judged(Seen(100, 0, 60, answered([0], 0.02), answered([0] * 20, 0.02, 20)), ALL)
    assert found.says == "on" and found.figures["unjudged"] == ["pace", "answers"]
    assert "unjudged" not in judged(Seen(100, 0, 60), Limits(60, 20, 0.05)).figures
