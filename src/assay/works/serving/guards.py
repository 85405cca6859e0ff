"""The guards that an endpoint asks for: what looks at each question before a model sees it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Refused, UsageError
from assay.kernel.serving import Guard
from assay.methods.nearest import did_you_mean

if TYPE_CHECKING:
    from assay.engines.firewall import Firewall, Rules
    from assay.methods.inputschema.schema import Schema
    from assay.methods.shields.settings import Settings
    from assay.works.home import Home

MODES = ("off", "detect", "block")
_open: dict[
    Any, tuple[Any, Firewall]
] = {}  # one of each set of rules a process: it is asked by all endpoints
_opening = threading.Lock()


def of(home: Home, record: Any, package_folder: Path) -> list[Guard]:
    """Return the guards of an endpoint, in the order in which they are asked.

    record: of the endpoint; its ``name``, and its ``guard`` with ``schema`` and ``firewall``, each off, detect or block.
    package_folder: of the variant that is asked. Refused where one that should block cannot be opened; Missing where the
    firewall is asked for and not installed. ``told`` says what is not looked at.
    """
    from assay.works.inputschemas import at

    asked: Mapping[str, Any] = record.guard
    schema_mode, firewall_mode = _mode(asked, "schema"), _mode(asked, "firewall")
    schema = at(home, record.name, package_folder)
    return [
        *_schema(home, record.name, schema_mode, schema),
        *_firewall(home, firewall_mode, schema),
    ]


def told(home: Home, record: Any, package_folder: Path) -> list[str]:
    """Return what an endpoint's guards do not look at, a sentence each, for whoever starts it."""
    from assay.works.inputschemas import at

    out = []
    mode = _mode(record.guard, "schema")
    if mode == "off":
        out.append(f"{record.name}: rows are not held against an input schema (guard schema is off)")
    elif at(home, record.name, package_folder) is None:
        out.append(f"{record.name}: its package has no input schema, so rows are not held against one")
    if _mode(record.guard, "firewall") == "off":
        out.append(f"{record.name}: there is no firewall before it (guard firewall is off)")
    return out


def _mode(asked: Mapping[str, Any], name: str) -> str:
    mode = str(asked.get(name) or "off")
    if mode not in MODES:
        raise UsageError(f"{name} cannot be {mode!r}", where="guard", remedy=did_you_mean(mode, MODES))
    return mode


def _schema(home: Home, endpoint: str, mode: str, schema: Schema | None) -> list[Guard]:
    if mode == "off":
        return []
    from assay.methods.inputschema.guard import SchemaGuard

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


def _firewall(home: Home, mode: str, schema: Schema | None) -> list[Guard]:
    """Return our own shields and the Core Rule Set; the cheaper one first."""
    if mode == "off":
        return []
    from assay.engines.firewall import Rules
    from assay.engines.firewall.guard import FirewallGuard
    from assay.engines.firewall.rules import USUAL
    from assay.methods.shields.guard import ShieldGuard

    said, block = settings(home), mode == "block"
    known = {f.name: frozenset(f.values) for f in schema.features} if schema else {}
    rules = Rules(said.folder, said.paranoia, said.threshold, (*USUAL, *said.off))
    return [ShieldGuard(said, schema, block=block), FirewallGuard(opened(rules), known, block=block)]


def settings(home: Home) -> Settings:
    """Return what a home says of its firewall. Refused where the file may be somebody else's."""
    from assay.methods.shields.settings import FILE, Settings, load
    from assay.works.settings import owned

    path = home.root / FILE
    if not path.exists():
        return Settings()
    owned(home.root, FILE)
    return load(path)


def opened(rules: Rules) -> Firewall:
    """Return the firewall that goes by these rules, opened once a process, and again when their files are others; Refused where it
    does not open. That of the files before is freed when nobody asks it any more."""
    from assay.engines.firewall import Firewall
    from assay.engines.firewall.rules import read_from
    from assay.works.serving.rules import mark

    key = (rules.folder, rules.paranoia, rules.threshold, tuple(rules.off), tuple(rules.types), rules.setting)
    files = tuple(mark(path) for path in read_from(rules.folder))
    with _opening:
        held = _open.get(key)
        if held is None or held[0] != files:
            held = _open[key] = (files, Firewall(rules))
        return held[1]
