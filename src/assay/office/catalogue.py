"""The catalogue: every asset that was examined, made or used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.kernel.asset import Asset
from assay.office import schema

if TYPE_CHECKING:
    from assay.office.office import Office, Tx


def put(tx: Tx, asset: Asset) -> None:
    """Remember an asset; what is known already is left as it is."""
    key = f"{asset.name}@{asset.digest or asset.uri}"
    if tx.get("assets", key) is None:
        tx.write("assets", key, asset.to_dict(), name=asset.name, digest=asset.digest, at=tx.now)


def get(office: Office, name: str) -> Asset | None:
    """Return the latest asset of that name, or None."""
    table = schema.assets
    query = sa.select(table.c.value).where(table.c.name == name).order_by(table.c.at.desc()).limit(1)
    found = office.rows(query)
    return Asset.from_dict(json.loads(found[0][0])) if found else None


def name_of(office: Office, digest: str) -> str:
    """Return the first name under which bytes were known, "" where they never were."""
    table = schema.assets.c
    found = office.rows(sa.select(table.name).where(table.digest == digest).order_by(table.at).limit(1))
    return str(found[0][0]) if found else ""


def listing(office: Office) -> list[Asset]:
    """Return every asset, the latest first."""
    query = sa.select(schema.assets.c.value).order_by(schema.assets.c.at.desc())
    return [Asset.from_dict(json.loads(r[0])) for r in office.rows(query)]
