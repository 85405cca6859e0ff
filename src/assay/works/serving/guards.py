"""The guards that an endpoint asks for: what looks at each question before a model sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Refused, UsageError
from assay.kernel.serving import Guard
from assay.methods.nearest import did_you_mean

if TYPE_CHECKING:
    from assay.works.home import Home

MODES = ("off", "detect", "block")


def of(home: Home, record: Any, package_folder: Path) -> list[Guard]:
    """Return the guards of an endpoint, in the order in which they are asked.

    record: of the endpoint; its ``name``, and its ``guard`` with ``schema`` and ``firewall``, each off, detect or block.
    package_folder: of the variant that is asked. Refused where one that should block cannot be opened.
    """
    asked: Mapping[str, Any] = record.guard
    return _schema(home, record.name, _mode(asked, "schema"), package_folder)


def _mode(asked: Mapping[str, Any], name: str) -> str:
    mode = str(asked.get(name) or "off")
    if mode not in MODES:
        raise UsageError(f"{name} cannot be {mode!r}", where="guard", remedy=did_you_mean(mode, MODES))
    return mode


def _schema(home: Home, endpoint: str, mode: str, package_folder: Path) -> list[Guard]:
    if mode == "off":
        return []
    from assay.methods.inputschema.guard import SchemaGuard
    from assay.works.inputschemas import at

    schema = at(home, endpoint, package_folder)
    if schema is None:
        if mode == "block":
            raise Refused(
                "its package has no input schema, so that no row can be held against one",
                where=endpoint,
                remedy=f"register a model with its training step, write {home.root}/schemas/{endpoint}.json, "
                "or set schema: off",
            )
        return []
    return [SchemaGuard(schema, block=mode == "block")]
