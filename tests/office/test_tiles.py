"""The tree as it is kept, beside the tree of RFC 9162 over the same leaves held in memory."""

import hashlib

import pytest
import sqlalchemy as sa

from assay.kernel.canonical import canonical, plain
from assay.kernel.errors import AssayError, Missing
from assay.methods import merkle
from assay.office import ledger, schema, verification
from assay.office.leaf import Leaf, leaf_bytes


@pytest.fixture
def fresh(opened):
    return opened()


def hashed(leaves):
    """Return the root as the RFC's recursion defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + hashed(leaves[:split]) + hashed(leaves[split:])).digest()


def grow(office, number):
    with office.transaction() as tx:
        for n in range(number):
            tx.record("test.act", f"thing/{n}", actor="ada", detail={"n": n})


def leaves_of(office):
    rows = office.rows(sa.select(schema.events.c.leaf).order_by(schema.events.c.seq))
    return [merkle.leaf_hash(r[0].encode()) for r in rows]


@pytest.mark.parametrize("steps", [[1], [255, 1], [256, 1], [255, 2, 1], [1, 600, 300], [513]])
def test_tiles_give_the_tree_of_the_leaves(fresh, steps):
    for number in steps:
        grow(fresh, number)
    leaves, node = leaves_of(fresh), ledger.stored(fresh)
    assert merkle.root(len(leaves), node) == hashed(leaves)
    for level in range(len(leaves).bit_length()):
        for place in range(len(leaves) >> level):
            assert node(level, place) == hashed(leaves[place << level : place + 1 << level])
    with pytest.raises(Missing):
        node(0, len(leaves))
    for seq in {0, len(leaves) // 2, len(leaves) - 1}:
        assert ledger.verify_proof(ledger.prove(fresh, seq), fresh.keyring.public_pem("ledger"))
    assert verification.verify(fresh).ok


def test_two_full_levels_of_tiles_give_the_tree_too(fresh):
    """65,536 leaves are where the third level of tiles begins."""
    grow(fresh, 65_530)
    for _ in range(3):
        grow(fresh, 4)
    levels = dict(fresh.rows(sa.select(schema.tiles.c.level, sa.func.count()).group_by(schema.tiles.c.level)))
    assert levels == {0: 257, 1: 1, 2: 1}
    leaves = leaves_of(fresh)
    assert merkle.root(len(leaves), ledger.stored(fresh)) == hashed(leaves)
    assert verification.verify(fresh).ok


def test_a_log_whose_last_tile_was_cut_is_not_written_on(fresh):
    grow(fresh, 300)
    with fresh.engine.begin() as connection:
        connection.execute(sa.update(schema.tiles).where(schema.tiles.c.place == 1).values(hashes=b"x" * 31))
    with pytest.raises(AssayError, match=r"missing|nothing is written"):
        grow(fresh, 1)


@pytest.mark.parametrize("number", [1, 2, 300])
def test_a_log_whose_last_tile_was_changed_while_it_was_open_is_not_written_on(fresh, number):
    """What an office remembers of its last checkpoint stands for the tiles only where these lie there unchanged."""
    grow(fresh, number)
    last = sa.select(sa.func.max(schema.tiles.c.place)).where(schema.tiles.c.level == 0).scalar_subquery()
    at = (schema.tiles.c.level == 0) & (schema.tiles.c.place == last)
    with fresh.engine.begin() as connection:
        held = connection.execute(sa.select(schema.tiles.c.hashes).where(at)).scalar()
        connection.execute(sa.update(schema.tiles).where(at).values(hashes=bytes([held[0] ^ 1]) + held[1:]))
    with pytest.raises(AssayError, match="nothing is written"):
        grow(fresh, 1)


@pytest.mark.parametrize("seq", [3, 4, 7])
@pytest.mark.parametrize("number", [1, 2, 250])
def test_a_log_with_events_put_behind_it_is_not_written_on(fresh, seq, number):
    grow(fresh, 3)
    leaf = ledger.tail(fresh, 1)[0].leaf().decode()
    with fresh.engine.begin() as connection:
        connection.execute(sa.insert(schema.events).values(seq=seq, leaf=leaf))
    if (
        number == 1 and seq > 3
    ):  # one row is put in its place, and what lies behind it is left to verification
        grow(fresh, 1)
    else:
        with pytest.raises(AssayError, match=r"UNIQUE|never wrote"):
            grow(fresh, number)
    assert not verification.verify(fresh).ok


def test_two_processes_that_take_turns_grow_one_tree(opened):
    """Neither may go on from what it remembers once the other has written."""
    one, other = opened(), opened()
    for number in (1, 300, 7, 255, 2, 1):
        grow(one, number)
        grow(other, number)
    leaves = leaves_of(one)
    assert merkle.root(len(leaves), ledger.stored(other)) == hashed(leaves)
    assert verification.verify(one).ok


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"b": 1, "a": [True, None, -5, 2**53 - 1]},
        {"float": 0.1, "large": 1e21, "whole": 2.0},
        {"past": 2**53, "more": -(2**60)},
        {"é": "ü", "z": "\U0001f600", "￿": 1},
        {"control": "".join(map(chr, range(128)))},
        {"tuple": (1, 2), "set": {3}, "deep": {"x": [{"y": (1,)}]}},
        {1: "a number as a name"},
    ],
)
def test_a_leaf_is_the_canonical_json_of_its_event(value):
    said = {"actor": "ada", "action": "a", "subject": "b", "outcome": "done", "time": "t"}
    raw = said | {"schema": "assay.event/1", "seq": 1, "inputs": {}, "detail": value, "rows": {}}
    assert leaf_bytes(Leaf(**raw)) == canonical(plain(raw))
