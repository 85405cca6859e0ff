"""The inventory as a CycloneDX 1.6 ML-BOM: each version a component, with its model card where its package carries one.

The same inventory gives the same bytes: its serial number is made of its content, and its time is the inventory's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from assay.kernel.canonical import canonical, sha256
from assay.kernel.inventory import Entry, Inventory
from assay.reports.card import cyclonedx


def bom(inventory: Inventory) -> dict[str, Any]:
    """Return the bill of materials as JSON."""
    components = [_component(entry) for entry in inventory.entries]
    images = {i["bom-ref"]: i for i in (_image(e) for e in inventory.entries) if i is not None}
    dependencies = [
        {"ref": e.title, **({"dependsOn": [ref]} if (ref := _image_ref(e)) else {})}
        for e in inventory.entries
    ]
    tool = {"type": "application", "name": inventory.tool.get("name", "assay")}
    version = inventory.tool.get("version")
    serial = uuid.uuid5(uuid.NAMESPACE_OID, sha256(canonical([inventory.at, components])))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": inventory.at,
            "lifecycles": [{"phase": "operations"}],
            "tools": {"components": [tool | ({"version": version} if version else {})]},
        },
        "components": [*components, *images.values()],
        "dependencies": [*dependencies, *({"ref": ref} for ref in images)],
    }


def _component(entry: Entry) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": entry.title,
        "name": entry.name,
        "version": str(entry.version),
        "description": entry.purpose,
        "manufacturer": {"name": entry.owners[0]} if entry.owners else None,
        "hashes": cyclonedx.hashes(entry.artifact[1]),
        "tags": sorted({*entry.aliases, *entry.tags}),
        "modelCard": cyclonedx.model_card(entry.card) if entry.card is not None else None,
        "properties": [
            {"name": f"assay:{name}", "value": value} for name, value in _properties(entry) if value
        ],
    }
    return {k: v for k, v in made.items() if v not in (None, "", [], {})}


def _properties(entry: Entry) -> Iterator[tuple[str, str]]:
    yield from (
        ("status", entry.status),
        ("stage", entry.stage),
        ("risk-tier", entry.tier),
        ("package", entry.digest),
    )
    yield from (("alias", alias) for alias in entry.aliases)
    yield from (("owner", owner) for owner in entry.owners)
    yield from ((f"tag:{name}", value or "yes") for name, value in entry.tags.items())
    yield from (("registered", entry.registered_at), ("registered-by", entry.registered_by))
    yield from (("decided", entry.decided_at), ("decided-by", entry.decided_by), ("reason", entry.reason))
    yield from (("approved-by", a["by"]) for a in entry.approvals)
    yield from (
        ("expires", entry.expires),
        ("hallmark", "examined" if entry.hallmark else ""),
        ("run", entry.run),
    )
    yield from ((f"ended:{name}", entry.ended.get(name, "")) for name in ("by", "at", "reason", "successor"))
    yield from ((f"answer:{q.key}", q.answer) for q in entry.questions if not q.open)
    yield from (("unanswered", key) for key in entry.open)


def _image_ref(entry: Entry) -> str:
    digest = entry.image.get("digest")
    return f"image/{digest}" if digest else ""


def _image(entry: Entry) -> dict[str, Any] | None:
    ref = _image_ref(entry)
    if not ref:
        return None
    digest = str(entry.image["digest"])
    made = {"type": "container", "bom-ref": ref, "name": "environment", "version": digest}
    found = cyclonedx.hashes(digest)
    return made | ({"hashes": found} if found else {})
