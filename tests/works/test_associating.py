import pytest

from assay.kernel.asset import Asset
from assay.kernel.association import ASSOCIATIONS
from assay.kernel.errors import Missing, UsageError
from assay.office import catalogue, runs, verification
from assay.office.lineage import lineage
from assay.works.associating import associate
from assay.works.home import Home

WIKI, TICKET = "https://wiki.example/dpia", "ticket:7"


@pytest.fixture
def home(tmp_path):
    found = Home.create(tmp_path, {})
    yield found
    found.close()


def _edges(home, urn, up=True):
    return [(e.source, e.kind, e.target, e.by) for e in lineage(home.office, urn, up)]


def test_what_a_person_says_is_lineage_and_an_event(home):
    edge, event = associate(home, WIKI, TICKET, "ContributedTo", "ada")
    assert edge.kind == "ContributedTo"
    with pytest.raises(Missing):
        lineage(home.office, "nobody", True)
    found = [(e.source, e.kind, e.target, e.by) for e in lineage(home.office, WIKI, False)]
    assert found == [(WIKI, "ContributedTo", TICKET, "ada")]
    assert verification.verify(home.office).ok and event >= 0


def test_what_is_taken_back_is_no_lineage_and_stays_in_the_log(home):
    associate(home, WIKI, TICKET, "SameAs", "ada")
    associate(home, WIKI, TICKET, "SameAs", "ben", withdraw=True)
    with pytest.raises(UsageError, match="not said"):
        associate(home, WIKI, TICKET, "SameAs", "ben", withdraw=True)
    with pytest.raises(Missing):
        lineage(home.office, WIKI, False)
    associate(home, WIKI, TICKET, "SameAs", "ada")
    assert _edges(home, WIKI, False) == [(WIKI, "SameAs", TICKET, "ada")]
    assert verification.verify(home.office).ok


@pytest.mark.parametrize(
    ("one", "other", "kind", "error"),
    [
        (WIKI, TICKET, "ContributedFrom", "did you mean 'ContributedTo'"),
        (WIKI, WIKI, "SameAs", "the same thing already"),
        ("nothing", WIKI, "SameAs", "nothing is known of 'nothing'"),
        ("a\nb:c", WIKI, "SameAs", "printable"),
    ],
)
def test_what_cannot_be_said_is_refused(home, one, other, kind, error):
    with pytest.raises((UsageError, Missing), match=error):
        associate(home, one, other, kind, "ada")


def test_it_is_not_said_twice(home):
    associate(home, WIKI, TICKET, "Produced", "ada")
    with pytest.raises(UsageError, match="said already"):
        associate(home, WIKI, TICKET, "Produced", "ben")
    associate(home, WIKI, TICKET, "SameAs", "ben")


def test_a_search_follows_what_is_said_and_taken_back(home):
    from assay.methods.search.query import Comparison, Made, Question
    from assay.office.index.asking import ask
    from assay.office.index.record import Record
    from assay.works.searching import follow, opened

    nothing = Question((), Comparison("name", "=", "nothing"))
    asked = Question((), Made("from", nothing, WIKI))  # no record of its own, as a page elsewhere has none
    associate(home, WIKI, TICKET, "Produced", "ada")
    with opened(home) as index:
        follow(home, index)
        with index.following(index.followed, index.followed):
            index.put(
                [
                    Record("model", "m", "1", "made", is_=(TICKET,)),
                    Record("report", "p", "1", "page", is_=(WIKI,)),
                ]
            )
        assert [r["key"] for r in ask(index, asked).records] == ["m"]
        associate(home, WIKI, TICKET, "Produced", "ada", withdraw=True)
        follow(home, index)
        assert not ask(index, asked).records


def test_each_kind_between_two_things_is_told(home):
    for kind in ASSOCIATIONS:
        associate(home, WIKI, TICKET, kind, "ada")
    assert sorted(e.kind for e in lineage(home.office, TICKET, True)) == sorted(ASSOCIATIONS)


def test_one_thing_under_two_names_is_found_from_either(home):
    associate(home, WIKI, TICKET, "SameAs", "ada")
    associate(home, "page:1", WIKI, "Produced", "ada")
    up = lineage(home.office, TICKET, True)
    assert {(e.source, e.target) for e in up if e.kind == "Produced"} == {("page:1", WIKI)}
    assert [e.kind for e in lineage(home.office, WIKI, False)] == ["SameAs"]
    with pytest.raises(UsageError, match="said already"):
        associate(home, TICKET, WIKI, "SameAs", "ben")
    associate(home, WIKI, TICKET, "SameAs", "ada", withdraw=True)
    assert [e.kind for e in lineage(home.office, WIKI, True)] == ["Produced"]
    assert verification.verify(home.office).ok


def test_the_latest_run_was_named_last_for_good(home):
    with home.office.transaction() as tx:
        runs.begin(tx, "20260101-1", "p", "ada", {})
    edge, _ = associate(home, "last", TICKET, "ContributedTo", "ada")
    assert edge.from_name == "20260101-1"
    assert [e.to_name for e in lineage(home.office, "last", False)] == [TICKET]


def test_a_name_that_is_misspelt_is_told_with_the_one_that_was_meant(home):
    with home.office.transaction() as tx:
        catalogue.put(tx, Asset("table", "customers", "c.csv", "sha256:" + "a" * 64))
        tx.record("x", "y", actor="ada")
    with pytest.raises(Missing, match="did you mean 'customers'"):
        lineage(home.office, "custmers", True)
    assert lineage(home.office, "customers", True) == []  # known, and made from nothing
