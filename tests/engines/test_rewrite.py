from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from assay.engines.rewrite import GROUP, rewrite, store_batches

FRAME = pd.DataFrame({"n": np.arange(200_000), "t": np.arange(200_000).astype(str)})


def read(work, asset):
    return pq.read_table(work.store.path(asset.digest))


def test_every_batch_is_changed_in_order_and_told_where_it_begins(table, work):
    starts = []

    def change(batch, first):
        starts.append(first)
        assert batch.column(0)[0].as_py() == first
        return batch.set_column(0, "n", pc.multiply(batch.column(0), 2))

    asset = rewrite(table(FRAME), work, "out", change)
    assert (asset.kind, asset.format, asset.name) == ("table", "parquet", "out")
    assert len(starts) > 1 and starts == sorted(starts)
    made = read(work, asset).to_pandas()
    pd.testing.assert_frame_equal(made, FRAME.assign(n=FRAME.n * 2), check_dtype=False)
    groups = pq.ParquetFile(work.store.path(asset.digest)).metadata
    assert groups.row_group(0).num_rows >= GROUP // 2


def test_the_same_rows_give_the_same_bytes(table, work):
    def same(batch, first):
        return batch

    assert rewrite(table(FRAME), work, "a", same).digest == rewrite(table(FRAME), work, "b", same).digest


def test_batches_may_be_left_out_and_shortened(table, work):
    def some(batch, first):
        return None if first == 0 else batch.filter(pc.equal(pc.bit_wise_and(batch.column(0), 1), 0))

    made = read(work, rewrite(table(FRAME), work, "out", some, ["n"])).column("n").to_numpy()
    assert made[0] > 0 and (np.diff(made) == 2).all() and made[-1] == 199_998


def test_a_table_of_no_rows_keeps_its_columns(table, work):
    made = read(work, rewrite(table(FRAME.head(0)), work, "out", lambda batch, first: batch))
    assert made.num_rows == 0 and made.column_names == ["n", "t"]


def test_a_failure_half_way_leaves_no_table_behind(table, work):
    def fails(batch, first):
        if first:
            raise ValueError("half way")
        return batch

    before = {p for p in work.scratch.rglob("*") if p.is_file()}
    with pytest.raises(ValueError, match="half way"):
        rewrite(table(FRAME), work, "out", fails)
    left = set(work.scratch.rglob("*.parquet")) - before
    assert not left


def test_batches_of_no_table(work):
    batch = pa.RecordBatch.from_pydict({"a": [1, 2]}, metadata={"made": "here"})
    asset = store_batches([batch, batch], work, "made")
    made = read(work, asset)
    assert made.column("a").to_pylist() == [1, 2, 1, 2] and not (made.schema.metadata or {}).get(b"made")
