"""Whatever lies in a captured file, reading it ends with rows or with words, never with a traceback."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engines.capture import handle, sources
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput

cells = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False), st.text(max_size=8)
)
documents = st.recursive(
    cells,
    lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=5), c, max_size=3),
    max_leaves=8,
)
texts = st.one_of(
    documents.map(lambda v: json.dumps(v)),
    st.text(max_size=20),
    st.lists(st.text('ab1.,"\n\r\0é', max_size=6), max_size=4).map("\n".join),
)
sides = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"data": texts, "encoding": st.sampled_from(["CSV", "JSON", "BASE64", "odd"])},
        optional={"observedContentType": st.sampled_from(["text/csv", "application/json", "application/vnd.apache.arrow.stream"])},
    ),
)  # fmt: skip
records = st.fixed_dictionaries(
    {
        "captureData": st.fixed_dictionaries({"endpointInput": sides, "endpointOutput": sides}),
        "eventMetadata": st.fixed_dictionaries({"eventId": st.text(max_size=5)}, optional={"inferenceTime": st.text(max_size=25)}),
    },
    optional={"groundTruthData": sides},
)  # fmt: skip


def read(data: bytes) -> tuple[int, int] | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_bytes(data)
        try:
            found = handle.open_traffic(
                Asset("traffic", "a", str(path)), sources.pinned(str(path)), scratch=Path(folder)
            )
        except BadInput:
            return None
        with found:
            table = found.table.arrow() if found.columns else None
            rows = found.about.num_rows
            assert table is None or table.num_rows == rows
            assert len({c.name.lower() for c in found.columns}) == len(found.columns)
            return rows, sum(p.count for p in found.problems)


@settings(max_examples=12)
@given(st.lists(records, min_size=1, max_size=5))
def test_any_payloads(events):
    read("\n".join(json.dumps(e) for e in events).encode())


@settings(max_examples=12)
@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_bytes(junk, place):
    good = json.dumps({"captureData": {"endpointInput": {"data": "1,2", "encoding": "CSV"}}, "eventMetadata": {"eventId": "a"}}).encode()  # fmt: skip
    read(junk)
    found = read(good[:place] + junk + good[place:] + b"\n" + good + b"\n")
    assert found is None or found[0] >= 1


@pytest.mark.parametrize(
    "deep", [b"[" * 200_000, b'{"captureData":' * 50_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000]
)
def test_deep_nesting_is_a_damaged_line(deep):
    assert read(deep + b"\n") is None


@pytest.mark.slow
def test_payloads_of_many_columns_end_at_their_bound():
    wide = json.dumps({f"c{i}": i for i in range(25_000)})
    event = {
        "captureData": {"endpointInput": {"data": wide, "encoding": "JSON"}},
        "eventMetadata": {"eventId": "a"},
    }
    assert read(json.dumps(event).encode()) is not None


def test_requests_without_a_value_have_no_columns_and_their_table_is_refused_in_a_sentence(tmp_path):
    """An answer that is an empty object alone gave a table without columns, which no engine takes."""
    path = tmp_path / "a.jsonl"
    event = {
        "captureData": {"endpointInput": None, "endpointOutput": {"data": "{}", "encoding": "JSON"}},
        "eventMetadata": {"eventId": ""},
    }
    path.write_text(json.dumps(event))
    asset = Asset("traffic", "a", str(path))
    with handle.open_traffic(asset, sources.pinned(str(path)), scratch=tmp_path) as found:
        assert found.columns == ()
        with pytest.raises(BadInput, match="no request in it was asked or answered with a value"):
            found.table.arrow()
