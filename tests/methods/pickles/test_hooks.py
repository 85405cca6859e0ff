"""What an object may not hold under a name at which it is called, by both machines."""

from __future__ import annotations

import pytest
from tests.corpus import hooks
from tests.corpus.streams import P4, stack

from assay.methods.pickles.machine import walk
from assay.methods.pickles.names import Names

WAYS = {**hooks.WAYS, **hooks.HEAVY}
ASKED = [w for w in WAYS if w.startswith(("extend", "append", "add", "__", "an attribute"))]


def hits(data: bytes) -> list[tuple[str, str]]:
    """What both machines find, which is the same."""
    found = [walk(data, 0, len(data), Names(), python=twin) for twin in (False, True)]
    assert all(f.complete for f in found), data
    first, second = ([(h.sort, h.expression) for h in f.hits] for f in found)
    assert first == second
    return first


@pytest.mark.parametrize("way", WAYS)
def test_what_reaches_everything_is_never_handed_on(way):
    for module, name in hooks.REACHING:
        assert hits(hooks.written(WAYS[way], module, name)), (module, name)


@pytest.mark.parametrize("way", ASKED)
def test_a_name_that_is_asked_for_holds_no_object_however_harmless(way):
    assert any(sort == "hook" for sort, _ in hits(hooks.written(WAYS[way], "builtins", "len")))


def test_a_function_under_a_name_of_the_authors_own_passes():
    data = P4 + hooks.holding(score=stack("builtins", "len"), extend_by=stack("math", "log")) + b"."
    assert hits(data) == []


def test_the_type_of_nothing_is_named_and_no_other():
    """``type(f)`` of a function is what makes functions, and of an object the class that all of its kind share."""
    for inner in (b"N", stack("builtins", "Ellipsis"), stack("builtins", "NotImplemented")):
        assert hits(P4 + hooks.call("builtins", "type", inner) + b".") == []
    for inner in (stack("statistics", "mean"), hooks.call("fractions", "Fraction"), b"K\x01", b")"):
        assert hits(P4 + hooks.call("builtins", "type", inner) + b"."), inner


def test_items_are_added_to_containers_only():
    full = b"(" + hooks.ONE + hooks.ONE + b"u"
    for name in ("OrderedDict", "defaultdict", "Counter"):
        assert hits(P4 + hooks.call("collections", name) + full + b".") == [], name
    assert hits(P4 + hooks.call("collections", "deque") + b"(" + hooks.ONE + b"e.") == []
    assert hits(P4 + hooks.call("fractions", "Fraction") + full + b".")
    assert hits(P4 + hooks.call("collections", "deque") + full + b".")
    mine = Names([("mine", "Bag")])
    data = P4 + hooks.call("mine", "Bag") + full + b"."
    assert walk(data, 0, len(data), mine).hits == []


def test_one_finding_for_many_objects_with_the_same_name():
    data = P4 + b"](" + hooks.holding(__array__=stack("builtins", "len")) * 500 + b"e."
    found = walk(data, 0, len(data), Names()).hits
    assert [(h.sort, h.count) for h in found] == [("hook", 500)]
