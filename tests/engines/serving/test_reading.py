"""Payloads read for a gateway: Parquet in a sandbox, which malformed files bring down and nothing else."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pyarrow as pa
import pytest
from tests.methods.payloads.test_fuzz import _ROWS, _mutated

from assay.engines.serving import Reader, sockets, start_reader
from assay.kernel.serving import Rows
from assay.methods.payloads import PayloadRefused, write_rows

PARQUET = "application/x-parquet"


@pytest.fixture(scope="module")
def reader_path():
    with sockets.folder() as folder:
        replica = start_reader(folder / "reader.sock", level="partial")
        assert not replica.wait(0.3) and replica.process is None  # nobody has asked yet
        yield folder / "reader.sock"
        assert replica.state == "ready", replica.reason
        replica.end()


def _with(path, work):
    async def whole():
        reader = Reader(path)
        try:
            return await work(reader)
        finally:
            await reader.close()

    return asyncio.run(whole())


async def _fuzzed(reader, count, seed):
    chance, body, seen = random.Random(seed), write_rows(_ROWS, PARQUET), {"read": 0}
    for _ in range(count):
        try:
            rows = await reader.read(_mutated(body, chance), PARQUET, seconds=30)
            assert len(rows) >= 1 and rows.table is not None
            seen["read"] += 1
        except PayloadRefused as refused:
            assert refused.status in (400, 413, 415), refused
            seen[refused.rule] = seen.get(refused.rule, 0) + 1
    rows = await reader.read(body, PARQUET)
    assert rows.names == _ROWS.names and len(rows) == 3
    return seen


def test_parquet_is_read_in_the_sandbox_and_everything_else_where_it_stands(reader_path):
    async def work(reader):
        rows = await reader.read(write_rows(_ROWS, PARQUET), PARQUET)
        assert rows.table.equals(
            pa.table({"age": [1, 2, 3], "city": ["Bern", None, 'x, "y"'], "rate": [2.5, -3e-7, 0.0]})
        )
        assert (await reader.read(b"1,2\n", "text/csv")).cells == [[1, 2]]
        with pytest.raises(PayloadRefused) as caught:
            await reader.read(write_rows(Rows(("a",), [[1]] * 11), PARQUET)[:-4] + b"PAR2", PARQUET)
        assert (caught.value.status, caught.value.rule) == (400, "payload.malformed")
        assert str(caught.value).startswith("the payload: it is a Parquet file that is cut short")

    _with(reader_path, work)


def test_malformed_parquet_is_read_or_refused_and_the_reader_goes_on(reader_path):
    seen = _with(reader_path, lambda reader: _fuzzed(reader, 200, 7))
    assert seen["payload.malformed"] > 50


@pytest.mark.slow
def test_twenty_thousand_malformed_parquet_files_are_read_or_refused(reader_path):
    """Some of them end the process that reads them, which is started again each time."""
    seen = _with(reader_path, lambda reader: _fuzzed(reader, 20_000, 11))
    assert seen["payload.malformed"] > 5_000


def test_without_a_reader_parquet_is_refused():
    async def work():
        with pytest.raises(PayloadRefused) as caught:
            await Reader(Path("/nowhere/reader")).read(write_rows(_ROWS, PARQUET), PARQUET)
        return caught.value.status

    assert asyncio.run(work()) == 415
