"""A report's rules read strictly: whatever was forged in them is told in a sentence, and never passed over."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.repair.mending import read
from assay.methods.repair.reading import MOST_RULES, listed

RULE = {
    "kind": "stated", "rule": "total", "holds": "total == price * count", "support": 10, "violations": 3, "confidence": 0.7,
    "columns": ["total", "price", "count"], "severity": "high", "expression": "price * count",
    "repair": {"set": "total", "to": "price * count", "true": "yes", "false": 0}, "rows": [1, 2, 3],
}  # fmt: skip
COLUMNS = ("total", "price", "count")
NOT_READ = {"confidence", "columns", "severity", "rows", "support"}  # they change nothing of what is repaired


@pytest.mark.parametrize("data", [None, [], {}, {"rule": []}, 3])
def test_a_report_without_rules_is_refused(data):
    with pytest.raises(UsageError, match="lists no rules"):
        listed(data)


def test_a_report_of_endless_rules_is_refused_at_once():
    """A forged report of a hundred thousand was read for more than a minute."""
    with pytest.raises(UsageError, match=r"lists 1,001 rules, more than the 1,000"):
        listed({"rules": [RULE] * (MOST_RULES + 1)})


FORGED = {
    "its rules are no list": "rules",
    "rule 1 is 7": [7],
    "the 'kind' of rule 1 is a list, and no text": [RULE | {"kind": ["stated"]}],  # it passed, and nothing was repaired
    "'other', is none that data.integrity has": [RULE | {"kind": "other"}],
    "the 'to' of the repair of rule 1 is null, and no text": [RULE | {"repair": {"set": "total", "to": None}}],  # read as None
    "the repair of rule 1 has no 'set'": [RULE | {"repair": {"to": "price"}}],
    "the repair of rule 1 is null": [RULE | {"repair": None}],
    "the repair of rule 1 has no 'to'": [RULE | {"repair": {}}],
    "the expression of rule 1 is not that of its repair": [RULE | {"expression": "price"}],
    "the 'violations' of rule 1 is True, and no count": [RULE | {"violations": True}],
    "the 'violations' of rule 1 is -1, and no count": [RULE | {"violations": -1}],
    "the 'violations' of rule 1 is 2.5, and no count": [RULE | {"violations": 2.5}],
    "broken in more rows than it was seen on": [RULE | {"violations": 11}],
    "writes only one of true and false": [
        RULE | {"repair": {"set": "total", "to": "price * count", "true": 1}}
    ],
    "the 'true' of the repair of rule 1 is nan, and no value": [RULE | {"repair": RULE["repair"] | {"true": float("nan")}}],
    "the 'holds' of rule 1 is longer than": [RULE | {"holds": "total == 1 or " * 1000 + "True"}],
    "the 'rule' of rule 1 is empty": [RULE | {"rule": ""}],
}  # fmt: skip


@pytest.mark.parametrize("said", FORGED)
def test_what_was_forged_is_named(said):
    with pytest.raises(UsageError) as told:
        listed({"rules": FORGED[said]})
    assert said in str(told.value) and "\n" not in str(told.value)


def _nodes(value, path=()):
    yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _nodes(inner, (*path, key))


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20),
    st.lists(st.none(), max_size=2), st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)  # fmt: skip


@given(st.sampled_from([p for p in _nodes({"rules": [RULE, RULE]}) if p]), st.one_of(st.just(...), JUNK))
def test_a_report_with_a_node_lost_or_replaced_is_refused_in_a_sentence_or_means_what_it_says(path, junk):
    data = copy.deepcopy({"rules": [RULE, RULE]})
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    before = inner[path[-1]]
    if junk is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = junk
    try:
        found = read(listed(data), ("stated",), COLUMNS, "t")
    except UsageError as error:
        assert str(error) and len(str(error)) < 5_000
        return
    if path[-1] in NOT_READ or set(path[:-1]) & NOT_READ or junk == before:
        assert len(found) == 2
    elif junk is ...:  # a whole rule less, or one whose repair and words were both there to lose
        assert path == ("rules", 0) or path == ("rules", 1) or path[-1] == "expression"
    else:  # another title or word; or a count, or holds, of none broken
        assert type(junk) is type(before) or path[-1] in ("true", "false")
