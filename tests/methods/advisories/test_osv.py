"""The evaluation algorithm of the OSV schema, case by case, and vectors whose scores stand in the specifications of CVSS."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.advisories import cvss, ecosystems, osv
from assay.methods.versions import pep440, semver


def entry(*events, versions=None, type="SEMVER"):
    out = {"ranges": [{"type": type, "events": [{kind: at} for kind, at in events]}]} if events else {}
    return out | ({"versions": versions} if versions is not None else {})


def judge(one, version, key=semver.key):
    return osv.judge(osv.read(one, key), version, key)


def upgrade(entries, version, key=semver.key):
    return osv.upgrade([osv.read(one, key) for one in entries], version, key)


def hits(one, *asked, key=semver.key):
    return [v for v in asked if judge(one, v, key).affected]


ALL = ("0.0.1-alpha", "1.0.0", "1.5.0", "2.0.0", "2.5.0", "3.0.0")


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([("introduced", "0")], ALL),
        ([("introduced", "0"), ("fixed", "1.5.0")], ALL[:2]),
        ([("introduced", "1.0.0"), ("last_affected", "2.0.0")], ALL[1:4]),
        ([("introduced", "2.0.0"), ("last_affected", "2.0.0")], ALL[3:4]),
        ([("fixed", "1.5.0"), ("introduced", "2.5.0"), ("introduced", "0")], (*ALL[:2], *ALL[4:])),
        ([("introduced", "0"), ("limit", "2.0.0")], ALL[:3]),
        ([("introduced", "0"), ("limit", "1.0.0"), ("limit", "2.5.0")], ALL[:4]),
        ([("introduced", "1.0.0"), ("fixed", "1.5.0"), ("limit", "*")], ALL[1:2]),
        ([("introduced", "2.0.0"), ("fixed", "2.0.0")], ()),
        ([("introduced", "0"), ("fixed", "2.0.0"), ("introduced", "2.0.0"), ("fixed", "3.0.0")], ALL[:5]),
        (
            [("introduced", "0"), ("last_affected", "2.0.0"), ("introduced", "2.0.0"), ("fixed", "3.0.0")],
            ALL[:5],
        ),
    ],
)
def test_events_are_put_in_order_and_turn_it_on_and_off(events, affected):
    assert hits(entry(*events), *ALL) == list(affected)


def test_a_range_that_does_not_say_where_it_begins_clears_nothing():
    assert judge(entry(("fixed", "2.0.0")), "1.0.0").affected is None


def test_a_record_that_names_no_release_speaks_of_each():
    debian = ecosystems.Home("Debian", ("12",))
    assert [debian.holds(w) for w in ("Debian", "Debian:12", "Debian:11", "Ubuntu")] == [
        True,
        True,
        False,
        False,
    ]


def test_listed_versions_and_ranges_are_either_or():
    one = entry(("introduced", "2.0.0"), ("fixed", "2.5.0"), versions=["1.0.0"])
    assert hits(one, *ALL) == ["1.0.0", "2.0.0"]


def test_an_equal_spelling_of_a_listed_version_counts_where_the_ecosystem_has_several():
    assert hits(entry(versions=["1.0"]), "1.0.0", "1.0", "1.1", key=pep440.key) == ["1.0.0", "1.0"]
    assert hits(entry(versions=["1.0"]), "1.0.0") == []


@pytest.mark.parametrize(
    ("one", "version"),
    [
        (entry(("introduced", "0")), "not a version"),
        (entry(("introduced", "soon")), "1.0.0"),
        (entry(), "1.0.0"),
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, "1.0.0"),
        ({"ranges": [{"type": "SEMVER", "events": []}]}, "1.0.0"),
        ({"ranges": [{"type": "SEMVER", "events": ["x"]}]}, "1.0.0"),
        (entry(("introduced", "0")), "1" * 500),
    ],
)
def test_what_cannot_be_told_is_neither_affected_nor_safe(one, version):
    judged = judge(one, version, semver.key)
    assert judged.affected is None and judged.why


def test_the_smallest_version_that_nothing_affects_is_the_upgrade():
    entries = [
        entry(("introduced", "0"), ("fixed", "1.2.0")),
        entry(("introduced", "1.0.0"), ("fixed", "1.1.0"), ("introduced", "1.2.0"), ("fixed", "1.3.0")),
    ]
    assert upgrade(entries, "1.0.0") == ("1.3.0", 0)
    assert upgrade([entry(("introduced", "0"))], "1.0.0") == ("", 1)


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
        ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2),
        ("CVSS:3.1/AV:N", None),
        ("nonsense", None),
    ],
)
def test_cvss_scores(vector, score):
    assert cvss.base(vector) == score


def test_the_upgrade_is_the_one_that_judging_each_version_by_itself_finds():
    import random

    drawn = random.Random(11)

    def text():
        return f"{drawn.randint(0, 3)}.{drawn.randint(0, 4)}.{drawn.randint(0, 2)}"

    for _ in range(150):
        entries = []
        for _ in range(drawn.randint(1, 8)):
            events = [("introduced", drawn.choice(["0", text()]))]
            events += [(drawn.choice(["fixed", "fixed", "last_affected"]), text())] * drawn.randint(0, 1)
            events += [("introduced", text()), ("fixed", text())] * drawn.randint(0, 1)
            events += [("limit", text())] * (drawn.random() < 0.2)
            entries.append(entry(*events, versions=[text()] if drawn.random() < 0.3 else None))
        version = text()
        fixes = {e["fixed"] for one in entries for e in one["ranges"][0]["events"] if "fixed" in e}
        above = sorted((f for f in fixes if semver.key(f) > semver.key(version)), key=semver.key)
        left = {f: sum(judge(e, f, semver.key).affected is not False for e in entries) for f in above}
        found = upgrade(entries, version)
        if not above:
            assert found == ("", len(entries))
        else:
            best = min(above, key=lambda f: (left[f], semver.key(f)))
            assert found == (best, left[best])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=5) | st.sampled_from(("1", "2.0", "0", "*", "GIT")),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(("events", "introduced", "fixed", "last_affected", "limit", "type")), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.fixed_dictionaries({}, optional={"ranges": JSON, "versions": JSON}), max_size=3))
def test_whatever_an_entry_is_it_is_judged_and_nothing_is_raised(entries):
    for entry in entries:
        assert judge(entry, "1.5", pep440.key).affected in (True, False, None)
    version, left = upgrade(entries, "1.5", pep440.key)
    assert isinstance(version, str) and 0 <= left <= len(entries)
