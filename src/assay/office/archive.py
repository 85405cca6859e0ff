"""A period of the ledger as an archive that proves itself: events, proof, key, and the script that verifies it offline."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Missing
from assay.methods import merkle
from assay.office import checkpoint, ledger, pruning, schema

if TYPE_CHECKING:
    from assay.office.office import Office

MOST = 5_000_000  # events of one archive: whoever verifies it holds them in memory


def write(office: Office, path: Path, *, since: str | None, until: str | None) -> dict[str, Any]:
    """Write the events of a period, each from ``since`` on and before ``until``; return the archive's manifest.

    A clock that was set back leaves times out of order: the archive then holds every event from the first to the last
    that lies within, and those between. Missing where there is none, or nothing is signed yet.
    """
    with office.outside.locked():
        note = checkpoint.current(office)
        signed = checkpoint.of(office, note)
        if signed is None:
            raise Missing("the log's checkpoint is not signed by it", remedy="see `assay log verify`")
        first, last = _period(office, since, until)
        node = ledger.stored(office)
        beside = merkle.stretch(first, last + 1, signed.size, node)
        manifest = {
            "schema": "assay.archive/1",
            "origin": office.origin,
            "size": signed.size,
            "first": first,
            "count": last + 1 - first,
            "since": since,
            "until": until,
            "beside": [base64.b64encode(p).decode() for p in beside],
            "checkpoint": note,
        }
        says: set[int] = set()
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False))
            with archive.open("events.jsonl", "w", force_zip64=True) as out:
                for leaf in _leaves(office, first, last):
                    held = pruning.stub(leaf)
                    if held is not None:
                        says.add(held.by)
                    out.write(leaf.encode() + b"\n")
            archive.writestr(
                "policies.json", json.dumps([_proof(office, seq, signed.size) for seq in sorted(says)])
            )
            archive.writestr("ledger.pub", office.keyring.public_pem("ledger"))
            script = resources("assay.office").joinpath("verify_archive.py").read_text(encoding="utf-8")
            archive.writestr("verify.py", script)
    return manifest


def _period(office: Office, since: str | None, until: str | None) -> tuple[int, int]:
    """Return the first and last event within a period; pruned ones have no time, and go with those around them."""
    first = last = None
    seq = -1
    query = sa.select(schema.events.c.seq, schema.events.c.leaf).order_by(schema.events.c.seq)
    unknown: int | None = None  # the first of pruned ones that stand before what is known
    for batch in office.batches(query):
        for seq, leaf in batch:
            time = pruning.time_of(leaf)
            if not time:
                unknown = seq if unknown is None else unknown
                continue
            if (since is None or time >= since) and (until is None or time < until):
                start = unknown if unknown is not None and since is None else seq
                first, last = (start if first is None else first), seq
            unknown = None
    if first is None and unknown is not None and since is None:
        first, last = unknown, seq
    if first is None or last is None:
        raise Missing("there is no event in that period", remedy="see `assay log tail`")
    if last - first >= MOST:
        raise Missing(
            f"an archive holds at most {MOST} events", remedy="name a shorter period: --since, --until"
        )
    return first, last


def _leaves(office: Office, first: int, last: int) -> Iterator[str]:
    where = schema.events.c.seq.between(first, last)
    for batch in office.batches(sa.select(schema.events.c.leaf).where(where).order_by(schema.events.c.seq)):
        yield from (leaf for (leaf,) in batch)


def _proof(office: Office, seq: int, size: int) -> dict[str, Any]:
    path = merkle.inclusion(seq, size, ledger.stored(office))
    leaf = next(_leaves(office, seq, seq))
    return {"leaf": leaf, "path": [base64.b64encode(p).decode() for p in path]}
