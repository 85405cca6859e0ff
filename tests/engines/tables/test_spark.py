"""Tables on Spark: the same rows in the same order, whatever the source; a Connect server of our own; what is refused."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.engines.tables.spark import master_of
from assay.kernel.errors import UsageError

pyspark = pytest.importorskip("pyspark", reason="Spark is an extra: pip install 'assay[spark]'")
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")


@pytest.mark.parametrize(
    "engine", ["local[2]", "local[*]", "spark://host:7077", "sc://host:15002/;token=x", "yarn"]
)
def test_masters_are_taken_as_they_are(engine):
    assert master_of(engine) == engine


@pytest.mark.parametrize("engine", ["sparks", "local[x]", "http://host", "", "local[2] --conf x"])
def test_what_is_no_engine_is_refused_with_the_nearest(engine):
    with pytest.raises(UsageError, match="there is no engine"):
        master_of(engine)


@needs_java
@pytest.mark.slow
def test_odd_types_names_and_several_files_come_back_in_order(tmp_path: Path):
    from assay.engines.tables import open_table

    rows = 3000
    data = pa.table(
        {
            "plain": pa.array(range(rows), pa.int64()),
            "Plain": pa.array([None if i % 7 == 0 else i / 4 for i in range(rows)]),
            "a `quoted` name": pa.array([f"é{i}" for i in range(rows)]),
            "unsigned": pa.array([2**63 + i for i in range(rows)], pa.uint64()),
            "at": pa.array(
                [dt.datetime(2020, 1, 1) + dt.timedelta(minutes=i) for i in range(rows)], pa.timestamp("us")
            ),
            "clock": pa.array([dt.time(i % 24, 5) for i in range(rows)], pa.time64("us")),
            "day": pa.array([dt.date(2020, 1, 1)] * rows),
            "yes": pa.array([i % 2 == 0 for i in range(rows)]),
        }
    )
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, at in enumerate(range(0, rows, 1000)):
        pq.write_table(
            data.slice(at, 1000), folder / f"part{9 - number}.parquet"
        )  # the names are not in order
    one = tmp_path / "one.parquet"
    pq.write_table(data.select(["plain", "at", "yes"]), one, row_group_size=100)
    for source in (folder, one):
        plain = open_table(source, scratch=tmp_path / f"d{source.name}")
        spark = open_table(source, scratch=tmp_path / f"s{source.name}", engine="local[2]")
        assert spark.engine == "spark" and spark.rows == rows
        expected = plain.arrow().to_pylist()
        for row in expected if source == folder else ():
            row["clock"] = row["clock"].isoformat()
        assert spark.arrow().to_pylist() == expected
        assert [r for b in spark.batches(["plain"], 700) for r in b.column(0).to_pylist()] == [
            r["plain"] for r in expected
        ]
        assert spark.arrow(["plain"], limit=5).num_rows == 5
        assert spark.counts(["yes"], 5).sort_by("n").column("n").to_pylist() == [1500, 1500]
        if source == folder:
            assert [p.rule for p in spark.problems] == ["table.engine_type"]
        spark.close()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[str]:
    """The URL of a Spark Connect server of our own, on this machine only."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = Path(pyspark.__file__).parent
    command = [
        str(home / "bin" / "spark-submit"), "--master", "local[2]", "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer", "--conf", f"spark.connect.grpc.binding.port={port}",
        "--conf", "spark.connect.grpc.binding.address=127.0.0.1", "--conf", "spark.ui.enabled=false",
        "--conf", "spark.driver.bindAddress=127.0.0.1", "--conf", "spark.driver.host=127.0.0.1", "spark-internal",
    ]  # fmt: skip
    with (tmp_path / "connect.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if server.poll() is not None:
                pytest.skip("the Spark Connect server does not start here")
            time.sleep(0.5)
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@needs_java
@pytest.mark.slow
def test_a_connect_server_gives_the_same_report_shipped_or_read_by_itself(connect: str, tmp_path: Path):
    pytest.importorskip("grpc")
    rows = 500
    data = pa.table({"y": [i % 2 for i in range(rows)], "sex": ["f" if i % 3 else "m" for i in range(rows)]})
    file = tmp_path / "people.parquet"
    pq.write_table(data, file)

    def said(target: str, *more: str) -> tuple[str, list[object]]:
        command = [sys.executable, "-m", "assay", "check", "data.bias", target, "--label", "y", "--positive", "1",
                   "--facet", "sex", "--format", "json", "--fail-on", "none", *more]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        raw = json.loads(done.stdout)
        return raw["engine"], raw["metrics"]

    _, expected = said(str(file))
    assert said(str(file), "--engine", connect) == ("spark", expected)
    assert said(file.as_uri(), "--engine", connect) == ("spark", expected)
