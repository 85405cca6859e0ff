"""Tables on Spark: a session on this machine, a cluster's, or a Spark Connect server's; expressions run there."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.extras import install
from assay.engines.tables.databases import ServerTable
from assay.engines.tables.handle import DATA, DuckTable
from assay.engines.tables.seam import first_line, seam
from assay.engines.tables.source import Source
from assay.engines.tables.sparktraffic import PLAIN, Traffic
from assay.kernel.asset import Asset
from assay.kernel.errors import Missing, UsageError
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.nearest import did_you_mean
from assay.methods.sqltext import literal, quoted

if TYPE_CHECKING:
    import pyarrow

CHUNK = 1 << 20  # rows brought to this process at once
MOST_SHIPPED = 20_000_000  # rows sent to a cluster that cannot see this machine's files
_MASTER = re.compile(r"(spark|sc|k8s|mesos)://[^\s]+|yarn|local(\[(\d+|\*)(,\s*\d+)?\])?")
_CLUSTER_READS = ("s3://", "s3a://", "gs://", "abfss://", "hdfs://", "file:///")
_sessions: dict[
    str, Any
] = {}  # master → its session: starting one takes seconds, and a process has one of a kind


def master_of(engine: str) -> str:
    """Return the Spark master an ``--engine`` names: ``spark``, ``local[2]``, ``spark://…``, ``sc://…``, ``yarn``."""
    if engine == "spark":
        return "local"
    if not _MASTER.fullmatch(engine):
        raise UsageError(
            f"there is no engine {engine!r}",
            remedy=did_you_mean(
                engine, ("duckdb", "spark", "local[2]", "spark://HOST:7077", "sc://HOST:15002")
            ),
        )
    return engine


def session(master: str, cores: int, memory: str, scratch: Path, traffic: Traffic = PLAIN) -> Any:
    """Return the Spark session of a master, started when first asked for; traffic: how its processes speak.

    Missing where the extra, or Java, is not there, or where the cluster does not answer.
    """
    key = master if not master.startswith("local") else "local"
    more = traffic.settings(master)
    if key in _sessions:
        traffic.proved(_sessions[key], master)
        return _sessions[key]
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise Missing("Spark needs an extra", where=f"--engine {master}", remedy=install("spark")) from None
    builder = SparkSession.builder.appName("assay")
    if master.startswith("sc://"):
        builder = builder.remote(master)
    else:
        builder = builder.master(f"local[{cores}]" if master == "local" else master)
        own = master.startswith("local")
        for name, value in (_settings(memory, scratch, own=own) | more).items():
            builder = builder.config(name, value)
    try:
        with _quiet(scratch):
            started = builder.getOrCreate()
            _configure(started)
    except Exception as error:  # noqa: BLE001 - py4j, gRPC and Spark each raise their own
        raise Missing(
            f"Spark cannot start: {first_line(error)}",
            where=f"--engine {master}",
            remedy="it needs Java 17 (apt install openjdk-17-jre-headless), or a server that answers",
        ) from None
    _sessions[key] = started
    traffic.proved(started, master)
    return started


def _settings(memory: str, scratch: Path, *, own: bool) -> dict[str, str]:
    """Return the settings that hold only when a session starts; those of a cluster stay the cluster's."""
    out = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR", "spark.ui.enabled": "false"}
    if own:
        size = max(1024, _megabytes(memory))
        out |= {
            "spark.driver.memory": f"{size}m",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.maxResultSize": "0",
            "spark.sql.shuffle.partitions": "8",
            "spark.sql.warehouse.dir": str(scratch.parent / "spark-warehouse"),
        }
    return out


def _configure(started: Any) -> None:
    """Set what makes values come back as every other engine gives them."""
    for name, value in (
        ("spark.sql.session.timeZone", "UTC"),
        ("spark.sql.caseSensitive", "true"),
        ("spark.sql.execution.arrow.pyspark.enabled", "true"),
    ):
        started.conf.set(name, value)


def _megabytes(memory: str) -> int:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?\s*", memory.upper())
    if not found:
        return 1024
    return int(float(found[1]) * {"K": 1 / 1024, "": 1 / 1048576, "M": 1, "G": 1024, "T": 1 << 20}[found[2]])


@contextlib.contextmanager
def _quiet(scratch: Path) -> Iterator[None]:
    """Send what the Java machine says while it starts, and later, to a file: its standard error is ours."""
    with (scratch / "spark.log").open("ab") as log:
        held = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(held, 2)
            os.close(held)


@dataclass(frozen=True, slots=True)
class _Ordered:
    """A Spark frame whose rows have a number: the names of its own columns, and the number's expression."""

    frame: Any
    names: tuple[str, ...]
    row: str


class SparkTable(ServerTable):
    """A Table on Spark. Expressions run there; ``arrow`` and ``batches`` bring rows here, in the table's order."""

    def __init__(self, ordered: _Ordered, asset: Asset, problems: tuple[Finding, ...]) -> None:
        import ibis

        self._ordered, self._view = ordered, f"assay_{uuid.uuid4().hex[:12]}"
        frame = ordered.frame
        frame.selectExpr(*map(_name, ordered.names)).createOrReplaceTempView(self._view)
        backend = ibis.pyspark.connect(frame.sparkSession)
        super().__init__(backend, backend.table(self._view), asset, problems, "spark")

    @property
    def frame(self) -> Any:
        """The Spark frame that its rows come from; for engines only."""
        return self._ordered.frame

    @property
    def number(self) -> str:
        """Spark's SQL of a row's number, from 0."""
        return self._ordered.row

    @cached_property
    def _count(self) -> int:
        with seam(self._where):
            return int(self._ordered.frame.count())

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self._count

    def arrow(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pyarrow.Table:
        """Return it, or the named columns, in the table's own row order."""
        return self._part(columns, 0, self._count if limit is None else min(limit, self._count))

    def batches(
        self, columns: Sequence[str] | None = None, size: int = 65_536
    ) -> Iterator[pyarrow.RecordBatch]:
        """Stream it in row order; no more than ``CHUNK`` rows are here at once."""
        for low in range(0, self._count, CHUNK):
            yield from self._part(columns, low, min(low + CHUNK, self._count)).to_batches(max_chunksize=size)

    def _part(self, columns: Sequence[str] | None, low: int, high: int) -> pyarrow.Table:
        self._select(columns)
        names = self._ordered.names if columns is None else tuple(columns)
        number = self._ordered.row
        with seam(self._where):
            frame = self._ordered.frame.selectExpr(*map(_name, names), f"{number} AS `{ROW}`")
            if (low, high) != (0, self._count):
                frame = frame.where(f"`{ROW}` >= {low} AND `{ROW}` < {high}")
            return frame.orderBy(f"`{ROW}`").drop(ROW).toArrow()

    def execute(self, query: str) -> None:
        """Refuse: a statement of another engine means nothing here."""
        raise UsageError("Spark takes expressions only", where=self._where)

    def close(self) -> None:
        """Forget the view; the session stays for the next table."""
        with contextlib.suppress(Exception):
            self._ordered.frame.sparkSession.catalog.dropTempView(self._view)


ROW = "__assay_row__"


def on_spark(
    plain: DuckTable,
    source: Source | None,
    engine: str,
    *,
    scratch: Path,
    cores: int,
    memory: str,
    traffic: Traffic = PLAIN,
) -> SparkTable:
    """Return a table, opened as usual, on Spark; ``plain`` is closed.

    What Spark on this machine can read is read where it lies, and anything else handed over as Parquet; a cluster,
    which cannot see this machine's files, is sent the rows.
    """
    master = master_of(engine)
    try:
        started = session(master, cores, memory, scratch, traffic)
        with seam(plain.asset.uri or plain.asset.name, "Spark cannot read the table"):
            ordered = _frame(started, plain, source, master, scratch)
            return SparkTable(ordered, plain.asset, plain.problems + tuple(_odd(plain)))
    finally:
        plain.close()


def in_cluster(source: Source | None, engine: str) -> bool:
    """Whether the cluster itself reads a source: Parquet in an object store, or under ``file:///`` on every node."""
    return (
        source is not None
        and source.format == "parquet"
        and source.text.startswith(_CLUSTER_READS)
        and not master_of(engine).startswith("local")
    )


def of_cluster(
    asset: Asset, source: Source, engine: str, *, scratch: Path, traffic: Traffic = PLAIN
) -> SparkTable:
    """Return a table that the cluster reads where it lies; not a row of it comes here until it is asked for."""
    started = session(master_of(engine), 1, "1GB", scratch, traffic)
    with seam(asset.uri, "Spark cannot read the table"):
        frame = started.read.parquet(source.text.replace("s3://", "s3a://", 1))
        return SparkTable(_numbered(frame), asset, ())


def _odd(plain: DuckTable) -> Iterator[Finding]:
    odd = [c.name for c in plain.columns if c.type == "time"]
    if odd:
        verb = "is" if len(odd) == 1 else "are"
        said = f"Spark has no time of day: {', '.join(odd[:5])} {verb} read as text."
        yield Finding("table.engine_type", Severity.INFO, said, {"column": odd[0]}, count=len(odd))


def _frame(started: Any, plain: DuckTable, source: Source | None, master: str, scratch: Path) -> _Ordered:
    names = tuple(c.name for c in plain.columns)
    if not master.startswith("local"):
        return _shipped(started, plain, names)
    whole = source is not None and source.format == "parquet" and len(source.files) == 1
    if whole and source is not None and _plain(plain):
        return _numbered(started.read.parquet(str(source.files[0])))
    path = scratch / f"spark-{uuid.uuid4().hex[:12]}.parquet"
    plain.execute(
        f"COPY (SELECT {_written(plain)}, row_number() OVER () - 1 AS {quoted(ROW)} FROM {DATA}) "
        f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    )
    return _Ordered(started.read.parquet(str(path)), names, f"`{ROW}`")


def _numbered(frame: Any) -> _Ordered:
    """Number the rows of Parquet files from 0, file after file by name: Spark itself keeps no order of files."""
    names = tuple(frame.columns)
    counts = sorted(tuple(r) for r in frame.groupBy("_metadata.file_path").count().collect())
    if len(counts) <= 1:
        return _Ordered(frame, names, "_metadata.row_index")
    pairs, first = [], 0
    for path, rows in counts:
        escaped = path.replace("\\", "\\\\").replace("'", "\\'")
        pairs.append(f"'{escaped}', {first}L")
        first += int(rows)
    return _Ordered(
        frame, names, f"element_at(map({', '.join(pairs)}), _metadata.file_path) + _metadata.row_index"
    )


def _name(column: str) -> str:
    return f"`{column.replace('`', '``')}`"


def _plain(plain: DuckTable) -> bool:
    """Whether Spark reads each column of a Parquet file as DuckDB does."""
    return not plain.problems and not any(
        c.type in ("time", "other") or c.native.startswith(("U", "HUGE")) for c in plain.columns
    )


def _written(plain: DuckTable) -> str:
    """Return the columns as Spark can hold them: times as text, unsigned numbers as signed ones."""
    wider = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT", "UBIGINT": "DECIMAL(20,0)",
             "HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)", "UUID": "VARCHAR"}  # fmt: skip
    out = []
    for column in plain.columns:
        kind = "VARCHAR" if column.type == "time" else wider.get(column.native, "")
        name = quoted(column.name)
        out.append(f"CAST({name} AS {kind}) AS {name}" if kind else name)
    return ", ".join(out)


def _shipped(started: Any, plain: DuckTable, names: tuple[str, ...]) -> _Ordered:
    if plain.rows > MOST_SHIPPED:
        raise UsageError(
            f"{plain.rows:,} rows are too many to send to a cluster",
            where=plain.asset.uri,
            remedy="put the table where the cluster reads it, as Parquet in an object store",
        )
    import pyarrow as pa

    data = plain.arrow().append_column(ROW, pa.array(range(plain.rows), pa.int64()))
    return _Ordered(started.createDataFrame(data), names, f"`{ROW}`")
