"""The tree that grows while a log is read, beside the definition."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from assay.methods import merkle
from assay.office.tree import Growing


def leaf(seq, **rows):
    return json.dumps({"seq": seq, "rows": rows})


def definition(leaves):
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0].encode()).digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + definition(leaves[:k]) + definition(leaves[k:])).digest()


@given(st.integers(1, 70), st.sets(st.integers(1, 70)))
def test_its_root_is_that_of_the_definition_at_every_size(size, at):
    grown, leaves = Growing(at), [leaf(i) for i in range(size)]
    for seq, text in enumerate(leaves):
        grown.add(seq, text, None)
        assert grown.root() == definition(leaves[: seq + 1])
    assert grown.roots == {n: definition(leaves[:n]) for n in at if n <= size}
    assert grown.problems == [] and grown.size == size


def test_nothing_yet_is_the_empty_tree():
    assert Growing(set()).root() == merkle.EMPTY


def test_the_last_word_on_a_row_counts():
    grown = Growing(set())
    for seq, text in enumerate([leaf(0, a="1", b="2"), leaf(1, a="3"), leaf(2, b=None)]):
        grown.add(seq, text, None)
    assert grown.rows == {"a": "3", "b": None}


def test_each_kind_of_wrong_is_named():
    right = merkle.leaf_hash(leaf(0).encode())
    for seq, text, known, kind in [
        (0, leaf(0) + " ", (0, right), "edited"),
        (0, leaf(5), (0, right), "reordered"),
        (0, leaf(5), None, "reordered"),
        (0, "no event", None, "edited"),
        (0, '{"seq": 0}', None, "edited"),
        (2, leaf(2), None, "deleted"),
    ]:
        grown = Growing(set())
        grown.add(seq, text, known)
        assert [p.kind for p in grown.problems] == [kind], text
