"""Cron expressions of both spellings, beside croniter and cases worked out by hand on a calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.schedules import cron
from assay.methods.schedules.fields import Unreadable

MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2040, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))


def numbers(low, high):
    """A field: a star, a number, a range, a step of either, or a list of these."""
    one = st.integers(low, high)
    pair = (
        st.tuples(one, one).filter(lambda p: p[0] != p[1]).map(sorted)
    )  # croniter takes 3-3 for all of them
    step = st.integers(1, high)
    part = st.one_of(
        one.map(str),
        pair.map(lambda p: f"{p[0]}-{p[1]}"),
        st.tuples(pair, step).map(lambda t: f"{t[0][0]}-{t[0][1]}/{t[1]}"),
        step.map(lambda n: f"*/{n}"),
    )
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


NAMED = st.sampled_from(["MON-FRI", "sun", "TUE,THU", "5-7", "0,7"])
FIVE = st.tuples(
    numbers(0, 59),
    numbers(0, 23),
    numbers(1, 28),
    st.one_of(numbers(1, 12), st.sampled_from(["JAN", "mar-JUN", "FEB,OCT"])),
    st.one_of(numbers(0, 6), NAMED),
)


@settings(max_examples=120)
@given(FIVE, MOMENTS)
def test_five_fields_come_when_croniter_says(fields, moment):
    text = " ".join(fields)
    ours, theirs = cron.read(text), croniter(text, moment, implement_cron_bug=True)
    upcoming, at = [], moment
    for _ in range(4):
        at = ours.after(at)
        upcoming.append(at)
    assert upcoming == [theirs.get_next(datetime) for _ in range(4)]
    before = croniter(text, moment + timedelta(microseconds=1), implement_cron_bug=True)
    expected = before.get_prev(datetime)
    assert ours.latest(moment) == expected.replace(microsecond=0)


@settings(max_examples=60)
@given(FIVE, MOMENTS, st.integers(0, 3 * 86_400))
def test_what_lies_between_is_what_comes_one_after_another(fields, start, seconds):
    expression = cron.read(" ".join(fields))
    end, walked, at = start + timedelta(seconds=seconds), [], start
    while (at := expression.after(at)) is not None and at <= end:
        walked.append(at)
    assert expression.between(start, end, 10_000) == walked
    assert expression.between(start, end, 3) == walked[-3:]


@settings(max_examples=60)
@given(numbers(0, 59), numbers(0, 23), numbers(1, 12), st.sets(st.integers(0, 6), min_size=1), MOMENTS)
def test_six_fields_say_the_same_as_five_with_sunday_as_one(minute, hour, month, weekdays, moment):
    unix = ",".join(str(d) for d in sorted(weekdays))
    amazon = ",".join(str(d + 1) for d in sorted(weekdays))
    six = cron.read(f"cron({minute} {hour} ? {month} {amazon} *)")
    theirs = croniter(f"{minute} {hour} * {month} {unix}", moment, implement_cron_bug=True)
    assert six.after(moment) == theirs.get_next(datetime)


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("cron(0 * ? * * *)", "2026-11-28T14:00", ["2026-11-28T15:00", "2026-11-28T16:00"]),
        ("cron(0 0/6 ? * * *)", "2026-11-28T14:00", ["2026-11-28T18:00", "2026-11-29T00:00"]),
        ("cron(0 17 ? * MON-FRI *)", "2026-11-27T17:00", ["2026-11-30T17:00", "2026-12-01T17:00"]),
        ("cron(0 10 L * ? *)", "2028-02-01T00:00", ["2028-02-29T10:00", "2028-03-31T10:00"]),
        (
            "cron(0 8 1W * ? *)",
            "2026-07-15T00:00",
            ["2026-08-03T08:00", "2026-09-01T08:00"],
        ),  # 1 August: Saturday
        (
            "cron(0 8 15W * ? *)",
            "2026-11-01T00:00",
            ["2026-11-16T08:00", "2026-12-15T08:00"],
        ),  # 15 Nov: Sunday
        (
            "cron(0 8 LW * ? *)",
            "2026-10-01T00:00",
            ["2026-10-30T08:00", "2026-11-30T08:00"],
        ),  # 31 Oct: Saturday
        ("cron(0 8 ? * 6#2 *)", "2026-11-01T00:00", ["2026-11-13T08:00", "2026-12-11T08:00"]),
        ("cron(0 8 ? * 2L *)", "2026-11-01T00:00", ["2026-11-30T08:00", "2026-12-28T08:00"]),
        ("cron(0 8 1 1 ? 2027-2028)", "2026-11-01T00:00", ["2027-01-01T08:00", "2028-01-01T08:00", None]),
        ("0 0 29 2 *", "2026-01-01T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 0 13 * 5", "2026-11-07T00:00", ["2026-11-13T00:00", "2026-11-20T00:00"]),  # either counts
        ("@daily", "2026-12-31T12:00", ["2027-01-01T00:00", "2027-01-02T00:00"]),
    ],
)
def test_cases_worked_out_on_a_calendar(text, start, expected):
    expression, at = cron.read(text), datetime.fromisoformat(start).replace(tzinfo=UTC)
    for want in expected:
        at = expression.after(at)
        assert at == (want and datetime.fromisoformat(want).replace(tzinfo=UTC))


def test_other_zones_are_brought_to_utc():
    moment = datetime.fromisoformat("2026-11-28T01:30+05:30")  # 20:00 of the 27th
    assert cron.read("0 20 * * *").latest(moment) == datetime(2026, 11, 27, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "five fields"),
        ("0 * * *", "five fields"),
        ("cron(0 * * * *)", "six fields"),
        ("cron(0 * * * * *)", "one of the days is `?`"),
        ("cron(0 * ? * ? *)", "one of the days is `?`"),
        ("60 * * * *", "no minute"),
        ("0 24 * * *", "no hour"),
        ("0 0 0 * *", "no day of the month"),
        ("0 0 * 13 *", "no month"),
        ("0 0 * * 8", "no day of the week"),
        ("cron(0 0 ? * 0 *)", "no day of the week"),
        ("*/0 * * * *", "steps by nothing"),
        ("0 0 * * FRI-MON", "runs backwards"),
        ("0 0 ? * *", "cannot stand for"),
        ("0 0 31 2,4 *", "never comes"),
        ("cron(0 0 ? * 6#6 *)", "cannot stand for"),
        ("0 0 * * *" + " " * 300 + "x", "longer than"),
        ("9" * 180, "five fields"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_reason(text, why):
    with pytest.raises(Unreadable, match=why.replace("?", r"\?")):
        cron.read(text)
