"""The index held against plain Python over the same records."""

import datetime as dt
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.search import query as q
from assay.methods.search.parse import parse
from assay.office.index import asking
from assay.office.index.asking import ask
from assay.office.index.record import Record
from assay.office.index.store import Index

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
TEAMS = ("fraud", "hotel", "vision")


def _records(number):
    out = []
    for i in range(number):
        fields = {"f1": i % 7 / 7, "depth": [i % 3, i % 5], "team": TEAMS[i % 3]} | (
            {"rare": i} if i % 10 == 0 else {}
        )
        kind = ("run", "model", "dataset")[i % 3]
        words = f"trained by {TEAMS[(i * 7) % 3]} number{i}"
        read = (f"urn:{i // 2}",) if i else ()
        out.append(
            Record(
                kind,
                f"k{i}",
                f"2026-01-{i % 28 + 1:02}",
                f"n{i % 11}",
                fields,
                words,
                {"i": i},
                (f"urn:{i}",),
                read,
            )
        )
    return out


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    index = Index(tmp_path_factory.mktemp("index") / "i.sqlite", "office")
    records = _records(120)
    with index.following(0, 120) as mine:
        assert mine
        index.put(records)
        index.link((r.key, r.read[0], r.is_[0]) for r in records if r.read)
    yield index, records
    index.close()


def _values(record, name):
    own = {
        "kind": record.kind,
        "key": record.key,
        "at": record.at,
        "name": record.name,
        "urn": list(record.is_),
    } | dict(record.fields)
    held = own.get(name)
    return [] if held is None else list(held) if isinstance(held, (list, tuple)) else [held]


def _holds(record, condition):
    """What a condition means, said in plain Python."""
    if isinstance(condition, q.Comparison):
        values, wanted = _values(record, condition.field), condition.value
        if condition.operator == "exists":
            return bool(values)
        if condition.operator == "!=":
            return bool(values) and wanted not in values
        if condition.operator == "~":
            return any(isinstance(v, str) and str(wanted).lower() in v.lower() for v in values)
        sign = {"=": "__eq__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}[
            condition.operator
        ]
        alike = [v for v in values if isinstance(v, str) == isinstance(wanted, str)]
        return any(getattr(v if isinstance(v, str) else float(v), sign)(wanted) for v in alike)
    if isinstance(condition, q.Words):
        words = f"{record.name} {record.text}".split()
        return any(w.startswith(condition.text) if condition.prefix else w == condition.text for w in words)
    if isinstance(condition, q.Not):
        return not _holds(record, condition.of)
    return (all if isinstance(condition, q.All) else any)(_holds(record, c) for c in condition.of)


_tests = st.one_of(
    st.builds(
        q.Comparison,
        st.just("f1"),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.sampled_from([0.0, 1 / 7, 0.5, 6 / 7]),
    ),
    st.builds(
        q.Comparison,
        st.just("depth"),
        st.sampled_from(["=", "!=", "<", ">"]),
        st.sampled_from([0.0, 2.0, 4.0, 9.0]),
    ),
    st.builds(
        q.Comparison,
        st.just("team"),
        st.sampled_from(["=", "!=", "~", "<"]),
        st.sampled_from(["fraud", "hotel", "o", "%"]),
    ),
    st.builds(q.Comparison, st.just("rare"), st.sampled_from(["exists", ">"]), st.just(50.0)),
    st.builds(q.Words, st.sampled_from(["fraud", "by", "number", "number1", "nobody"]), st.booleans()),
)
_conditions = st.recursive(
    _tests,
    lambda inner: st.one_of(
        st.builds(lambda c: q.All(tuple(c)), st.lists(inner, max_size=3)),
        st.builds(lambda c: q.Any(tuple(c)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(q.Not, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(_conditions, st.sampled_from([(), ("run",), ("run", "model")]), st.sampled_from([0, 3, 50_000]))
def test_it_finds_what_the_condition_says_whatever_way_it_goes(filled, condition, kinds, rare):
    index, records = filled
    wanted = [r.key for r in records if (not kinds or r.kind in kinds) and _holds(r, condition)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "RARE", rare)
        found = ask(index, q.Question(kinds, condition), limit=200)
    assert [r["key"] for r in found.records] == wanted[::-1] and not found.more


@settings(max_examples=100)
@given(_conditions, st.booleans(), st.integers(1, 130), st.sampled_from([0, 50_000]))
def test_order_and_limit(filled, condition, falling, limit, rare):
    index, records = filled
    matching = [r for r in records if _holds(r, condition)]
    wanted = sorted((r.fields["f1"] for r in matching), reverse=falling)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "RARE", rare)
        found = ask(index, q.Question((), condition, ("f1", falling)), limit=limit)
    assert [records[r["i"]].fields["f1"] for r in found.records] == wanted[:limit]
    assert found.more == (len(matching) > limit)


def test_lineage_goes_both_ways(filled):
    index, records = filled
    children = {i: [j for j in range(1, 120) if j // 2 == i and j != i] for i in range(120)}

    def below(i):
        return {j for c in children[i] for j in (c, *below(c))}

    found = ask(index, parse("from (key = k5)", NOW), limit=200)
    assert {r["i"] for r in found.records} == below(5) | {c for b in (*below(5), 5) for c in children[b]}
    up = ask(index, parse("into (key = k100)", NOW), limit=200)
    assert {r["i"] for r in up.records} == {50, 25, 12, 6, 3, 1, 0}


def test_a_field_that_nothing_has_is_an_error_with_the_nearest(filled):
    with pytest.raises(UsageError, match="did you mean 'team'"):
        ask(filled[0], parse("teem = x", NOW))
    with pytest.raises(UsageError, match="depth"):
        ask(filled[0], parse("fraud order by dept", NOW))


def test_a_record_takes_the_place_of_its_earlier_self(tmp_path):
    index = Index(tmp_path / "i.sqlite", "o")
    with index.following(0, 1):
        index.put([Record("run", "a", "1", "first", {"state": "running"}, "early", {})])
    with index.following(1, 2):
        index.put([Record("run", "a", "2", "second", {"state": "pass"}, "late", {})])
    assert not ask(index, parse("state = running", NOW)).records
    assert not ask(index, parse("early", NOW)).records
    assert [r["at"] for r in ask(index, parse("late state = pass", NOW)).records] == ["2"]
    index.close()


def test_who_was_slower_keeps_nothing(tmp_path):
    index, other = (Index(tmp_path / "i.sqlite", "o") for _ in range(2))
    with other.following(0, 5):
        other.put([Record("run", "a", "2", "new")])
    with index.following(0, 3) as mine:
        assert not mine
    assert index.followed == 5
    index.close()
    other.close()


def test_an_index_that_is_damaged_or_of_another_office_is_made_anew(tmp_path):
    path = tmp_path / "i.sqlite"
    first = Index(path, "one")
    with first.following(0, 9):
        first.put([Record("run", "a", "1", "x")])
    first.close()
    other = Index(path, "two")
    assert other.followed == 0 and not ask(other, parse("x", NOW)).records
    other.close()
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    path.write_bytes(b"not a database" * 1000)
    again = Index(path, "two")
    assert again.followed == 0
    again.close()


def test_hostile_words_are_words(filled):
    for text in ('"a OR b"', '"NEAR(a b)"', '"x\\"y"', '"text:fraud"', '"*"', "'; DROP TABLE records; --'"):
        ask(filled[0], parse(text, NOW))
    assert filled[0].connection.execute("SELECT count(*) FROM records").fetchone() == (120,)
    assert isinstance(filled[0].connection, sqlite3.Connection)


@pytest.mark.parametrize(
    "part",
    ["ome", "OME-7", 'a "quoted', "100%_", "straße", "ẞ", "漢字かな", "x" * 80, "income-77", "İst", "\\b"],
)
def test_a_part_of_a_text_is_found_as_like_finds_it(tmp_path, part):
    """Trigrams leave texts out before they are compared, and must leave out none that holds the part."""
    said = ["income-77", "Income-77 again", 'a "quoted" name', "100%_sure", "100 sure", "Straße", "STRASSE", "ẞ", "漢字かな交じり",
            "x" * 100, "İstanbul", "istanbul", "a\\b", "home-7x"]  # fmt: skip
    index = Index(tmp_path / "i.sqlite", "o")
    with index.following(0, 1):
        index.put(Record("run", f"k{n}", "2026", name, {"tags.t": name}) for n, name in enumerate(said))
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = index.connection.execute("SELECT key FROM records r JOIN attributes a ON a.record = r.id JOIN fields f "
        "ON f.id = a.field AND f.name = 'tags.t' WHERE a.text LIKE ? ESCAPE '\\'", [f"%{escaped}%"]).fetchall()  # fmt: skip
    found = ask(index, q.Question(("run",), q.Comparison("tags.t", "~", part)), limit=100)
    assert {r["key"] for r in found.records} == {k for (k,) in like}
    index.close()
