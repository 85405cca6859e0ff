"""The seam: whatever DuckDB, Arrow or ibis raise becomes an AssayError here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from assay.kernel.errors import AssayError, BadInput, interrupted


def first_line(error: BaseException, limit: int = 200) -> str:
    """Return what an error says, in one short line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    for prefix in ("Invalid Input Error:", "IO Error:", "Binder Error:", "Conversion Error:"):
        text = text.removeprefix(prefix).strip()
    return text[:limit].rstrip(".")


@contextlib.contextmanager
def seam(where: str, what: str = "the table cannot be read") -> Iterator[None]:
    """Turn foreign exceptions into an AssayError that says ``what`` about ``where``."""
    try:
        yield
    except (AssayError, KeyboardInterrupt, MemoryError):
        raise
    except Exception as error:
        if interrupted(error):
            raise KeyboardInterrupt from error
        raise translated(error, where, what) from error


def translated(error: Exception, where: str, what: str) -> Exception:
    """Return the AssayError that a foreign exception amounts to; the exception itself where it is not foreign."""
    import duckdb

    if isinstance(error, duckdb.InterruptException):
        return AssayError("the query was interrupted", where=where)
    if isinstance(error, duckdb.OutOfMemoryException):
        return BadInput(
            f"{what}: there was not enough memory or disk for it",
            where=where,
            remedy="give more with ASSAY_MEMORY, or a smaller table",
        )
    if isinstance(error, duckdb.Error):
        return BadInput(f"{what}: {first_line(error)}", where=where, kept=what)
    module = type(error).__module__.partition(".")[0]
    if module in (
        "pyarrow",
        "ibis",
        "sqlglot",
        "psycopg",
        "fsspec",
        "botocore",
        "s3fs",
        "aiobotocore",
        "pyspark",
        "py4j",
        "grpc",
    ):
        return BadInput(f"{what}: {first_line(error)}", where=where, kept=what)
    if isinstance(error, (OSError, UnicodeError, EOFError, OverflowError)):
        return BadInput(f"{what}: {first_line(error)}", where=where, kept=what)
    return error
