"""Tables, wherever they lie: files, folders, databases, object stores, memory. Only here is ibis spoken."""

from __future__ import annotations

from assay.engines.tables.asking import Asking
from assay.engines.tables.opening import open_table
from assay.engines.tables.pinning import changed, pin
from assay.engines.tables.writing import export, write_parquet

__all__ = ["Asking", "changed", "export", "open_table", "pin", "write_parquet"]
