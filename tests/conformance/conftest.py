"""One table on every engine: DuckDB, which is compared with; Spark on this machine; a real PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="session")
def bookings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bookings of the example, as one Parquet file."""
    from assay.engines.tables import open_table

    folder = tmp_path_factory.mktemp("conformance")
    with as_file(files("assay.examples").joinpath("bookings", "bookings.csv.gz")) as source:
        with open_table(source, scratch=folder / "scratch") as table:
            data = table.arrow()
    path = folder / "bookings.parquet"
    pq.write_table(data, path, row_group_size=1000)
    pq.write_table(data.slice(0, 2000), path.with_name("earlier.parquet"))
    return path


@pytest.fixture(scope="session")
def spark() -> str:
    """The name of the engine, where Spark can start."""
    pytest.importorskip("pyspark", reason="Spark is an extra: pip install 'assay[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java: apt install openjdk-17-jre-headless")
    return "local[2]"


@pytest.fixture(scope="session")
def in_postgres(postgres: str, bookings: Path) -> Iterator[str]:
    """The bookings as a table of a PostgreSQL server, in the same row order."""
    import psycopg

    data = pq.read_table(bookings)
    words = {pa.int64(): "bigint", pa.int32(): "integer", pa.float64(): "double precision", pa.bool_(): "boolean",
             pa.date32(): "date"}  # fmt: skip
    columns = ", ".join(f'"{f.name}" {words.get(f.type, "text")}' for f in data.schema)
    folder = postgres.partition("host=")[2]
    with psycopg.connect(host=folder, user="me", dbname="postgres") as con:
        con.execute(f"CREATE TABLE bookings ({columns})")
        with con.cursor().copy("COPY bookings FROM STDIN") as copy:
            for row in zip(*(c.to_pylist() for c in data.columns), strict=True):
                copy.write_row(row)
    yield f"{postgres}::bookings"
    with psycopg.connect(host=folder, user="me", dbname="postgres") as con:
        con.execute("DROP TABLE bookings")
