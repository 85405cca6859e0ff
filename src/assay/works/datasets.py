"""What is known of each data set that was read or made: rows, columns, and a profile at a glance, once for a digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.office.office import Office, Tx

SCHEMA = "assay.dataset/1"


def put(tx: Tx, told: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> None:
    """Keep what is known of some data sets, by digest, where less is known here. names: of each, by digest."""
    for digest, known in told.items():
        if not digest:
            continue
        before = tx.get("datasets", digest)
        if before is None or (known.get("profiled") and not before.get("profiled")):
            name = names.get(digest, "")
            value = {"schema": SCHEMA, "digest": digest, "name": name, "seen": tx.now, **known}
            tx.write("datasets", digest, value, name=name)


def known(office: Office, digest: str) -> dict[str, Any] | None:
    """Return what is known of a data set; None where it was never looked at."""
    import json

    import sqlalchemy as sa

    from assay.office import schema

    table = schema.datasets.c
    found = office.rows(sa.select(table.value).where(table.key == digest))
    return dict(json.loads(found[0][0])) if found else None


def wanted(office: Office, digest: str) -> bool:
    """Whether a data set was not looked into yet."""
    found = known(office, digest) if digest else {"profiled": True}
    return found is None or not found.get("profiled")


def of_parquet(asset: Asset, store: Store) -> dict[str, Any] | None:
    """Return rows and columns of a table in the store that nobody opened, from the file's foot; None where it is none."""
    if asset.kind != "table" or asset.format != "parquet" or not asset.digest or not store.has(asset.digest):
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(store.path(asset.digest)) as file:
            columns = [{"name": f.name, "type": str(f.type)} for f in file.schema_arrow][:2_000]
            return {"rows": file.metadata.num_rows, "columns": columns}
    except (pa.ArrowException, OSError, AssayError):
        return None
