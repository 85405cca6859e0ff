"""The inventory shown: as a page, as rows of a spreadsheet, as a CycloneDX bill of materials, as JSON."""

from __future__ import annotations

from collections.abc import Callable

from assay.kernel.inventory import Inventory
from assay.kernel.printable import printable_json

FORMATS = ("csv", "html", "cyclonedx", "json")


def render(inventory: Inventory, format: str) -> str:
    """Return an inventory as text in one of FORMATS; the same inventory gives the same text. ValueError for another."""
    if format not in _RENDERERS:
        raise ValueError(f"an inventory is not shown as {format!r}")
    return _RENDERERS[format](inventory)


def _csv(inventory: Inventory) -> str:
    from assay.reports.inventory.csv import rows

    return rows(inventory)


def _html(inventory: Inventory) -> str:
    from assay.reports.inventory.html import page

    return page(inventory)


def _cyclonedx(inventory: Inventory) -> str:
    from assay.reports.inventory.cyclonedx import bom

    return _json(bom(inventory))


def _plain(inventory: Inventory) -> str:
    return _json(inventory.to_dict())


def _json(value: object) -> str:
    import json

    return printable_json(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)) + "\n"


_RENDERERS: dict[str, Callable[[Inventory], str]] = {
    "csv": _csv,
    "html": _html,
    "cyclonedx": _cyclonedx,
    "json": _plain,
}
