from __future__ import annotations

import numpy as np
import pyarrow as pa

from assay.methods.masking.shuffle import Deck, Shuffled

TABLE = pa.table({"a": list(range(1_000)), "b": [f"v{k}" for k in range(1_000)]})


def shuffled(size, window, out=70):
    deck = Deck(TABLE.to_batches(max_chunksize=size), np.random.default_rng(1), window)
    ways = {"a": Shuffled(deck), "b": Shuffled(deck)}
    parts, first = [], 0
    for batch in TABLE.to_batches(max_chunksize=out):
        parts.append({n: w.hide(batch, n, first).array.to_pylist() for n, w in ways.items()})
        first += batch.num_rows
    return [v for p in parts for v in p["a"]], [v for p in parts for v in p["b"]], deck


def test_every_value_stays_and_columns_move_together():
    a, b, _ = shuffled(64, 10_000)
    assert sorted(a) == list(range(1_000)) and a != sorted(a)
    assert b == [f"v{k}" for k in a]
    assert sum(x == k for k, x in enumerate(a)) < 10


def test_the_same_however_it_is_cut():
    assert shuffled(64, 300)[0] == shuffled(1_000, 300, 1_000)[0] == shuffled(7, 300, 333)[0]


def test_windows_bound_what_is_held():
    a, _, deck = shuffled(64, 300)
    assert deck.windows == 4
    assert all(x // 300 == k // 300 for k, x in enumerate(a))


def test_no_rows():
    deck = Deck([], np.random.default_rng(1))
    empty = TABLE.slice(0, 0).to_batches() or [pa.RecordBatch.from_pylist([], TABLE.schema)]
    assert len(Shuffled(deck).hide(empty[0], "a", 0).array) == 0
