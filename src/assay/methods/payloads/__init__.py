"""What is sent to an endpoint and what it answers: CSV, JSON, JSON lines, Parquet and Arrow, into rows and back.

``read(body, content_type)`` gives the kernel's Rows and refuses in one sentence, with the status of HTTP that belongs to
it; ``write(columns, accept)`` gives an answer's bytes and their content type.
"""

from __future__ import annotations

from assay.methods.payloads.bounds import BOUNDS, Bounds
from assay.methods.payloads.kinds import KINDS, Kind, accepted, kind_of
from assay.methods.payloads.reading import read
from assay.methods.payloads.refused import PayloadRefused
from assay.methods.payloads.writing import write, write_rows

__all__ = [
    "BOUNDS",
    "KINDS",
    "Bounds",
    "Kind",
    "PayloadRefused",
    "accepted",
    "kind_of",
    "read",
    "write",
    "write_rows",
]
