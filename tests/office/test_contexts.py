"""Contexts: made when something joins, left again, listed by kind, and each change an event."""

from __future__ import annotations

import pytest

from assay.kernel.errors import Missing, UsageError
from assay.office import contexts, ledger, verification


def test_a_context_is_made_when_something_joins_it_and_left_again(office):
    with office.transaction() as tx:
        assert contexts.join(tx, "release/1", "run/a", actor="ada") is not None
        assert contexts.join(tx, "release/1", "run/a", actor="ben") is None
        contexts.join(tx, "winter", "run/a", actor="ada")
    assert [c.key for c in contexts.listing(office)] == ["group/winter", "release/1"]
    assert [c.key for c in contexts.listing(office, "release")] == ["release/1"]
    assert contexts.of(office, "run/a") == ["group/winter", "release/1"]
    with office.transaction() as tx:
        contexts.leave(tx, "release/1", "run/a", actor="ben")
        with pytest.raises(UsageError, match="run/a is not in release/1"):
            contexts.leave(tx, "release/1", "run/a", actor="ben")
    assert contexts.of(office, "run/a") == ["group/winter"] and contexts.members(office, "release/1") == []
    with office.transaction() as tx:
        contexts.join(tx, "release/1", "run/a", actor="ada")
    assert [m["by"] for m in contexts.members(office, "release/1")] == ["ada"]
    assert [e.action for e in ledger.tail(office, 4)] == [
        "context.join",
        "context.join",
        "context.leave",
        "context.join",
    ]
    assert verification.verify(office).ok


@pytest.mark.parametrize("name", ["", "release/", "a\nb", "x" * 251, "release/\x1b[2J"])
def test_names_are_bounded_and_printable(name):
    with pytest.raises(UsageError, match="cannot be called"):
        contexts.key_of(name)


def test_a_slash_that_follows_no_kind_is_part_of_the_name():
    assert contexts.key_of("1/2") == "group/1/2" and contexts.key_of("a/b/c") == "a/b/c"


def test_one_that_there_is_not_is_missing(office):
    with pytest.raises(Missing, match="no context 'release/9'"):
        contexts.get(office, "release/9")
