"""What a server's supervisor publishes to its gateways: endpoints with their sockets, and who may ask. A file, replaced whole.

Gateways keep nothing: they look at the file many times a second, and read it again when it is another one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Broken

if TYPE_CHECKING:
    from assay.office.endpoints import EndpointRecord
    from assay.office.tokens import TokenRecord

NAME = "published.json"
_LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint as gateways see it. record: of the office. sockets: variant → where its replicas listen.

    folders: variant → where its package lies open. variants: those that are ready, with the shares that hold now: an
    update whose models are not ready yet leaves those before it in force. rules: file → digest of what the home's own files
    say of its guards.
    """

    record: Mapping[str, Any]
    variants: list[dict[str, Any]]
    sockets: Mapping[str, list[str]]
    folders: Mapping[str, str]
    rules: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """serial: rises with each change. draining: whether the server is about to end. tokens: id → what it opens.

    reader: the socket of whoever reads Parquet in a sandbox; empty while nobody does. starting: endpoints that there are
    and that no model answers for yet. broken: those of which a model does not start.
    """

    serial: int = 0
    draining: bool = False
    endpoints: Mapping[str, Served] = field(default_factory=dict)
    tokens: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    reader: str = ""
    starting: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


def token(record: TokenRecord) -> dict[str, Any]:
    """Return what gateways need of a token."""
    return {
        "id": record.id,
        "subject": record.subject,
        "hash": record.hash,
        "endpoints": list(record.endpoints),
        "scopes": list(record.scopes),
        "rate": record.rate,
        "expires": record.expires,
    }


def served(
    record: EndpointRecord,
    variants: Iterable[Mapping[str, Any]],
    sockets: Mapping[str, list[str]],
    folders: Mapping[str, str],
    rules: Mapping[str, str] | None = None,
) -> Served:
    """Return an endpoint as gateways see it."""
    return Served(
        asdict(record), [dict(v) for v in variants], dict(sockets), dict(folders), dict(rules or {})
    )


def publish(folder: Path, published: Published) -> None:
    """Write it, whole or not at all. It is of this boot alone, so it is not synced."""
    fresh = folder / f".{NAME}.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(json.dumps(asdict(published)).encode())
    fresh.replace(folder / NAME)


class Reader:
    """Reads what is published, when it is another than before."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._seen: tuple[int, int] | None = None

    def changed(self) -> Published | None:
        """Return what is published, or None where it is what was read last; Broken where it is nothing of ours."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        mark = (found.st_ino, found.st_mtime_ns)
        if mark == self._seen:
            return None
        if found.st_size > _LARGEST:
            raise Broken("what is published to the gateways is too large", where=str(self._path))
        raw = json.loads(self._path.read_bytes())
        self._seen = mark
        known = {f.name for f in fields(Served)}
        endpoints = {
            n: Served(**{k: v for k, v in e.items() if k in known}) for n, e in raw["endpoints"].items()
        }
        return Published(
            raw["serial"],
            raw["draining"],
            endpoints,
            raw["tokens"],
            str(raw.get("reader", "")),
            tuple(raw.get("starting", ())),
            tuple(raw.get("broken", ())),
        )
