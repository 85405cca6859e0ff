from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.recognise.sieve import Sieve, matching
from assay.methods.recognise.telling import Columns

TEXTS = st.lists(
    st.lists(st.sampled_from(["", "a1", "b", "1", "a", "ab12"]), max_size=5), min_size=1, max_size=4
)


@given(TEXTS)
def test_columns_together_are_as_columns_one_by_one(columns):
    arrays = [pa.array(c, pa.string()) for c in columns]
    sieve = Sieve(arrays)
    for k, one in enumerate(arrays):
        assert sieve.places(k, "[0-9]").tolist() == matching(one, "[0-9]").tolist()
        both = sieve.places(k, "[0-9]", "^a").tolist()
        assert both == [
            n for n, t in enumerate(one.to_pylist()) if t.startswith("a") and any(c.isdigit() for c in t)
        ]


def test_a_table_fed_at_once_is_as_its_columns_fed_alone():
    data = {
        "mail": ["ann@x.example", "bob@x.example"] * 20,
        "note": ["Please ring Anna Kowalczyk now", "nothing"] * 20,
        "card": [4111111111111111, 5555555555554444] * 20,
        "n": [1, None] * 20,
    }
    kinds = [("mail", "text"), ("note", "text"), ("card", "integer"), ("n", "integer")]
    together, alone = Columns(kinds), Columns(kinds)
    batch = pa.record_batch(data)
    together.feed(batch.slice(0, 15))
    together.feed(batch.slice(15))
    for name in data:
        alone.feed_column(name, batch.column(name))
    assert together.told() == alone.told()
    assert [t.type for t in together.told()] == ["email", "name", "card"]
