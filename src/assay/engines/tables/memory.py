"""Tables in memory: pandas, polars or Arrow, brought to one Arrow table and digested."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from assay.engines.tables.delimited import header_findings
from assay.engines.tables.dialect import named
from assay.engines.tables.seam import seam
from assay.kernel.errors import UsageError
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    import pyarrow


def to_arrow(source: Any) -> tuple[pyarrow.Table, list[Finding]]:
    """Return a pandas or polars frame, or Arrow data, as an Arrow table that DuckDB can read.

    Names are made text and all different, columns of mixed objects text; both are findings.
    """
    import pyarrow as pa

    problems: list[Finding] = []
    with seam("memory", "the table in memory cannot be read"):
        if isinstance(source, pa.RecordBatch):
            data = pa.Table.from_batches([source])
        elif isinstance(source, pa.RecordBatchReader):
            data = source.read_all()
        elif isinstance(source, pa.Table):
            data = source
        elif hasattr(source, "collect") and hasattr(source, "lazy"):  # a lazy polars frame
            data = source.collect().to_arrow()
        elif hasattr(source, "to_arrow"):
            data = source.to_arrow()
        elif hasattr(source, "iloc") and hasattr(source, "columns"):
            data = _from_pandas(source, problems)
        else:
            raise UsageError(
                f"a {type(source).__name__} is no table",
                remedy="give a path, or a pandas, polars or Arrow table",
            )
        names, renamed, empty = named([str(n) for n in data.column_names])
        problems += header_findings(renamed, empty)
        if names != list(data.column_names):
            data = data.rename_columns(names)
        return readable(data), problems


def _from_pandas(frame: Any, problems: list[Finding]) -> pyarrow.Table:
    import pyarrow as pa

    arrays = []
    names = [str(n) for n in frame.columns]
    for place, name in enumerate(names):
        series = frame.iloc[:, place]
        try:
            arrays.append(pa.chunked_array([pa.Array.from_pandas(series)]) if len(series) else _empty(series))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError):
            missing = series.isna()
            arrays.append(
                pa.chunked_array(
                    [
                        pa.array(
                            [None if m else str(v) for v, m in zip(series, missing, strict=True)], pa.string()
                        )
                    ]
                )
            )
            problems.append(
                Finding(
                    "table.mixed_types",
                    Severity.LOW,
                    f"Column {name!r} mixes values of several types; it is read as text.",
                    {"column": name},
                    "keep one type in a column",
                )
            )
    return pa.Table.from_arrays(arrays, names=names)


def _empty(series: Any) -> pyarrow.ChunkedArray:
    import pyarrow as pa

    array = pa.Array.from_pandas(series)
    return pa.chunked_array([array], type=array.type)


def readable(data: pyarrow.Table) -> pyarrow.Table:
    """Return the table with types that DuckDB knows: nulls become text, half floats floats, dictionaries values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, field in enumerate(data.schema):
        kind, column = field.type, data.column(place)
        if pa.types.is_null(kind):
            column = pa.chunked_array([pa.nulls(data.num_rows, pa.string())])
        elif pa.types.is_float16(kind):
            column = pc.cast(column, pa.float32())
        elif pa.types.is_dictionary(kind):
            column = pc.cast(column, kind.value_type)
        if column is not data.column(place):
            data = data.set_column(place, field.name, column)
    return data


class _Hash:
    """A file that only digests what is written to it."""

    closed = False

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def digest(data: pyarrow.Table) -> str:
    """Return the digest of a table in memory: SHA-256 of its Arrow IPC stream in batches of 65,536 rows."""
    import pyarrow as pa

    whole = data.replace_schema_metadata(None).combine_chunks()
    sink = _Hash()
    with pa.PythonFile(sink, mode="w") as out, pa.ipc.new_stream(out, whole.schema) as stream:
        for batch in whole.to_batches(max_chunksize=65_536):
            stream.write_batch(batch)
    return f"sha256:{sink.sha256.hexdigest()}"
