"""What a load refuses before it reads a row: a place for two things, a store that is not there, types that it cannot keep."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tables.server import same_server
from assay.kernel.errors import AssayError, Missing, UsageError
from assay.works.gate.order import Order

if TYPE_CHECKING:
    from assay.engines.gate import Sink
    from assay.engines.tables.handle import DuckTable

_SCHEMAS = ("main.", "public.")


def not_its_own_source(source: str, store: str) -> None:
    """UsageError where the rows to be loaded are the store's own, however it is named."""
    if _same(source, store):
        raise UsageError(
            "the source is the store itself, whose rows would be loaded twice",
            where=store,
            remedy="name another source",
        )


def _same(source: str, store: str) -> bool:
    from assay.engines.tables.source import parse

    one, of_one = _parted(source)
    other, of_other = _parted(store)
    if one.startswith(("postgres://", "postgresql://")):
        return of_one == of_other and same_server(one, other)
    with contextlib.suppress(AssayError, OSError):
        found = parse(source)
        place = Path(other)
        if found.table or len(found.files) != 1 or not of_other:
            of_one = _plain(found.table)
            within = place.exists() and any(f.samefile(place) for f in found.files)
            return within and (of_one == of_other or not of_one)
        return place.exists() and found.files[0].samefile(
            place
        )  # a database of one table, which is not named
    return False


def _parted(name: str) -> tuple[str, str]:
    place, _, table = name.partition("::")
    scheme, mark, rest = place.partition("://")
    return (rest if mark and scheme in ("file", "local", "duckdb", "sqlite") else place), _plain(table)


def _plain(table: str) -> str:
    low = table.lower()
    return next((low[len(s) :] for s in _SCHEMAS if low.startswith(s)), low)


def apart(order: Order, sink: Sink) -> None:
    """UsageError where the quarantine is something else already: what is kept out would be lost, or lie over it."""
    from assay.engines.gate.memory import beside
    from assay.engines.gate.sink import LOADS, RELEASES

    own = (LOADS, RELEASES)
    if "::" in order.into:
        held = sink.quarantine.lower()
        taken = held in (sink.name.lower(), *own) or sink.name.lower() in own
    else:
        place, store = Path(sink.quarantine), Path(order.into).resolve()
        others = [store, beside(store), Path(order.source.partition("::")[0]), *order.rules]
        taken = place.is_symlink() or (place.exists() and not place.is_file())
        taken |= any(place.resolve() == o.resolve() for o in others)
        taken |= place.exists() and any(o.exists() and place.samefile(o) for o in others)
    if taken:
        raise UsageError(
            f"{sink.quarantine!r} is no place of its own for rows that are kept out of {sink.name!r}",
            where=order.into,
            remedy="name another table or file with --quarantine",
        )


def there(order: Order, sink: Sink) -> None:
    """UsageError or Missing where the store is there and should not be, or the other way round."""
    if order.mode == "create" and sink.exists:
        raise UsageError("the store is already there", where=order.into, remedy="append to it: --mode append")
    if order.mode == "append" and not sink.exists:
        raise Missing(
            "there is no such store yet", where=order.into, remedy="make it of this source: --mode create"
        )


def taken(table: DuckTable, sink: Sink, where: str) -> None:
    """UsageError where a column is of a type that the store cannot keep as it is."""
    for column in table.columns:
        if column.type in ("binary", "other") and column.type not in sink.takes:
            what = "bytes" if column.type == "binary" else "lists or objects"
            raise UsageError(
                f"the column {column.name!r} holds {what}, which this store cannot keep as they are",
                where=where,
                remedy="load it into Parquet or DuckDB, or leave the column out",
            )


def whole(table: DuckTable) -> list[dict[str, Any]]:
    """UsageError where lines of the source are no rows at all: what cannot be read can be neither loaded nor quarantined."""
    from assay.works.examine import LEFT_OUT

    lost = [p for p in table.problems if p.rule in LEFT_OUT]
    if lost:
        raise UsageError(
            f"{lost[0].message}", where=table.asset.uri, remedy=lost[0].remedy or "correct those lines"
        )
    return [{"rule": p.rule, "message": p.message} for p in table.problems]
