import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.search.moments import span, written
from assay.methods.search.parse import DEEPEST, parse
from assay.methods.search.query import All, Any, Comparison, Made, Not, Question, Words

NOW = dt.datetime(2026, 11, 26, 15, 30, tzinfo=dt.UTC)  # a Thursday


def _where(text):
    return parse(text, NOW).where


def test_kinds_conditions_order_and_limit():
    found = parse("models, runs where metrics.f1 >= 0.8 and status = PENDING order by at desc limit 5", NOW)
    wanted = All((Comparison("metrics.f1", ">=", 0.8), Comparison("status", "=", "PENDING")))
    assert found == Question(("model", "run"), wanted, ("at", True), 5)


def test_conditions_side_by_side_all_hold_and_or_binds_weaker():
    assert _where("a = 1 b = 2 or not c = 3") == Any(
        (All((Comparison("a", "=", 1.0), Comparison("b", "=", 2.0))), Not(Comparison("c", "=", 3.0)))
    )
    assert _where("a = 1 (b = 2 or c = 3)") == All(
        (Comparison("a", "=", 1.0), Any((Comparison("b", "=", 2.0), Comparison("c", "=", 3.0))))
    )


def test_words_phrases_and_beginnings():
    assert _where('hotel "room type" book*') == All((Words("hotel"), Words("room type"), Words("book", True)))
    assert _where("models") == All(())  # a kind, with nothing asked of it
    assert parse("hotel models", NOW) == Question((), All((Words("hotel"), Words("models"))))


def test_a_field_called_like_a_kind_is_a_field():
    assert parse("model = income@1", NOW) == Question((), Comparison("model", "=", "income@1"))


def test_values_are_numbers_or_texts():
    assert _where("version = 3") == Comparison("version", "=", 3.0)
    assert _where('version = "3"') == Comparison("version", "=", "3")
    assert _where("name = inf") == Comparison("name", "=", "inf")
    assert _where(r'name = "a \"b\""') == Comparison("name", "=", 'a "b"')
    assert _where("s in (a, 2)") == Any((Comparison("s", "=", "a"), Comparison("s", "=", 2.0)))
    assert _where("s between 1 and 2") == All((Comparison("s", ">=", 1.0), Comparison("s", "<=", 2.0)))


def test_times_are_days_and_moments():
    day = ("2026-11-24T00:00:00.000Z", "2026-11-25T00:00:00.000Z")
    inside = All((Comparison("at", ">=", day[0]), Comparison("at", "<", day[1])))
    assert _where("at on tuesday") == _where("at = 2026-11-24") == inside
    assert _where("at > 2026-11-24") == Comparison("at", ">=", day[1])
    assert _where("at <= 2026-11-24") == Comparison("at", "<", day[1])
    assert _where("started > 7d") == Comparison("started", ">", "2026-11-19T15:30:00.000Z")
    assert _where("at >= 2026") == Comparison("at", ">=", "2026-01-01T00:00:00.000Z")
    assert _where("at = 2026-11") == All(
        (
            Comparison("at", ">=", "2026-11-01T00:00:00.000Z"),
            Comparison("at", "<", "2026-12-01T00:00:00.000Z"),
        )
    )
    with pytest.raises(UsageError, match="no time"):
        _where("at > someday")


def test_a_weekday_is_the_latest_that_has_begun():
    assert written(span("thursday", NOW)[0]) == "2026-11-26T00:00:00.000Z"
    assert written(span("friday", NOW)[0]) == "2026-11-20T00:00:00.000Z"
    assert span("2026-13-01", NOW) is None and span("9999", NOW) is None and span("xday", NOW) is None


def test_severities_are_in_order():
    assert _where("severity >= high") == Comparison("severity", ">=", 3.0)
    assert _where("severity = high") == Comparison("severity", "=", "high")
    with pytest.raises(UsageError, match="high"):
        _where("severity >= hihg")


def test_lineage():
    inner = Question(("dataset",), Words("hotel"))
    assert _where("from (datasets hotel)") == Made("from", inner)
    of = Question((), Any((Comparison("name", "=", "hotel"), Comparison("urn", "=", "hotel"))))
    assert _where("into hotel") == Made("into", of, "hotel")
    assert (
        parse("models from (datasets containing (quarantines at on tuesday))", NOW).where.of.where.direction
        == "containing"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models (a", "bracket should close"),
        ("a =", "a value should come"),
        ("and", "a condition or a word"),
        ("a = 1 )", "should end"),
        ('name = "open', "quotation that does not end"),
        ("models, foo", "after the comma"),
        ("a in b", "in brackets"),
        ("limit 0", "from 1"),
        ("x order by", "a field"),
        ("(" * (DEEPEST + 2), "nest deeper"),
        ("not " * (DEEPEST + 2) + "a", "nest deeper"),
        ("a " * 4_001, "too long"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, said):
    with pytest.raises(UsageError, match=said):
        parse(text, NOW)


@given(st.text(max_size=80))
def test_any_text_is_a_question_or_a_usage_error(text):
    try:
        parse(text, NOW)
    except UsageError:
        pass


@given(
    st.lists(
        st.sampled_from(
            [
                "models",
                "a",
                "=",
                "1",
                "(",
                ")",
                "and",
                "or",
                "not",
                "from",
                "in",
                ",",
                "limit",
                "order",
                "by",
                '"x"',
                "on",
                "~",
            ]
        ),
        max_size=20,
    )
)
def test_any_row_of_tokens_is_a_question_or_a_usage_error(tokens):
    try:
        parse(" ".join(tokens), NOW)
    except UsageError:
        pass


@pytest.mark.parametrize("said", ["kind:model", "KIND:Models", "kind = model", "kind=models", "package"])
def test_a_kind_that_was_said_as_a_field_found_nothing(said):
    for rest in ("", " where name = a", " churn"):
        assert parse(said + rest, NOW) == parse("models" + rest, NOW)
    assert parse("kind:model, run", NOW).kinds == ("model", "run")
    assert parse("kind:nothing", NOW).kinds == () and parse("kind = nothing", NOW).kinds == ()


def test_a_year_of_few_digits_was_a_fault():
    assert written(dt.datetime(1, 1, 1, tzinfo=dt.UTC)) == "0001-01-01T00:00:00.000Z"
    assert written(dt.datetime(2026, 1, 2, 3, 4, 5, 678_999, dt.UTC)) == "2026-01-02T03:04:05.678Z"
    assert span("0001-01-01T00:00+05:00", NOW) is None
