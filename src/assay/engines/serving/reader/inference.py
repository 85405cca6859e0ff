"""A replica that reads Parquet for gateways: a payload in, the same rows as an Arrow stream of plain columns out.

Parquet is read by compiled code, which malformed files bring down. Here it brings down a process that holds nothing.
"""

from __future__ import annotations


def model_fn(folder: str) -> None:
    """Load what reads, before the first question."""
    import pyarrow.parquet  # noqa: F401


def transform_fn(model: None, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
    """Return the rows; PayloadRefused where they cannot be read."""
    from dataclasses import replace

    from assay.methods.payloads import BOUNDS, read, write_rows

    bounds = replace(BOUNDS, size=max(BOUNDS.size, len(body)))  # held by who asks
    return write_rows(read(body, content_type, bounds=bounds, native=True), accept), accept
