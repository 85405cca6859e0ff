"""What a store kept out, and what became of it, looked at without holding anybody up."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.blobs import digest_file
from assay.engines.gate.memory import Memory
from assay.engines.gate.sink import RELEASES, ROW, RUN
from assay.engines.tables import open_table, write_parquet
from assay.kernel.errors import Missing

if TYPE_CHECKING:
    import pyarrow as pa


def kept_out(quarantine: str, run: str, to: Path, scratch: Path) -> bool:
    """Write the rows that a load kept out as Parquet of texts, in order; False where they are not there."""
    import pyarrow.parquet as pq

    with contextlib.suppress(Missing), open_table(quarantine, scratch=scratch / "held", texts=True) as table:
        expr: Any = table.expr
        kinds = {c.name: "int64" if c.name == ROW else "string" for c in table.columns}
        write_parquet(expr.filter(expr[RUN] == run).cast(kinds).order_by(ROW), to)
        return bool(pq.ParquetFile(to).metadata.num_rows)
    return False


def closed(store: str, run: str, scratch: Path) -> pa.Table:
    """Return the rows of a load's quarantine that are open no more: row, and state (released or rejected)."""
    import pyarrow as pa

    pairs = _of_file(store, run) if "::" not in store else _of_table(store, run, scratch)
    rows, states = zip(*pairs, strict=True) if pairs else ((), ())
    return pa.table({"row": pa.array(rows, pa.int64()), "state": pa.array(states, pa.string())})


def _of_file(store: str, run: str) -> list[tuple[int, str]]:
    path = Path(store)
    found = Memory(path, digest_file(path) if path.is_file() else "").releases(run)
    return [(row, r.state) for r in found for row in r.rows]


def _of_table(store: str, run: str, scratch: Path) -> list[tuple[int, str]]:
    file, _, table = store.partition("::")
    schema, point, name = table.rpartition(".")
    with contextlib.suppress(Missing):
        with open_table(f"{file}::{schema}{point}{RELEASES}", scratch=scratch / "became") as found:
            expr: Any = found.expr
            data = found.run(
                expr.filter((expr["run"] == run) & (expr["table"] == name)).select("row", "state")
            )
        return [
            (int(r), str(s)) for r, s in zip(data["row"].to_pylist(), data["state"].to_pylist(), strict=True)
        ]
    return []
