"""Contexts: what groups runs and the things they read and made, by a kind and a name (ML Metadata's sense).

A context is named ``kind/name``, such as ``release/2026-11``; without a kind it is a ``group``. What is in it is named by a
digest, ``registry://name@version``, ``run/id``, or an address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.canonical import digest_of
from assay.kernel.errors import Missing, UsageError
from assay.kernel.printable import printable
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx

KIND = "group"
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_LONGEST = 250


@dataclass(frozen=True, slots=True)
class Context:
    """key: its kind and name. about: what was said of it, as JSON."""

    key: str
    kind: str
    name: str
    by: str
    at: str
    about: Mapping[str, Any] = field(default_factory=dict)


def key_of(text: str) -> str:
    """Return ``kind/name`` of what a person typed; UsageError where it names no context."""
    kind, slash, name = text.partition("/")
    kind, name = (kind, name) if slash and _KIND.fullmatch(kind) else (KIND, text)
    if not 0 < len(name) <= _LONGEST or not name.isprintable() or not name.strip():
        raise UsageError(
            f"a context cannot be called {text[:60]!r}", remedy="write KIND/NAME, such as release/2026-11"
        )
    return f"{kind}/{name}"


def printed(name: str) -> str:
    """Return a name from elsewhere as one that a context can have."""
    return printable(name).strip()[:_LONGEST] or "unnamed"


def make(tx: Tx, text: str, *, actor: str, about: Mapping[str, Any] | None = None) -> str:
    """Leave a context's row where there is none, or where more is said of it; return its key. The next event vouches."""
    key = key_of(text)
    before = tx.held("contexts", key)
    said = {**(before or {}).get("about", {}), **(about or {})}
    if before is None or said != before.get("about"):
        kind, _, name = key.partition("/")
        made = Context(key, kind, name, actor, tx.now, said)
        row = asdict(made) | ({"by": before["by"], "at": before["at"]} if before else {})
        tx.write("contexts", key, row, kind=kind, name=name)
    return key


def put(tx: Tx, text: str, member: str, *, actor: str) -> bool:
    """Leave the row that says that a thing is in a context, which is made where it is new; whether it was not in it."""
    key = make(tx, text, actor=actor)
    row = digest_of(["member", key, member])[7:39]
    before = tx.held("members", row)
    if before is not None and not before.get("gone"):
        return False
    value = {"context": key, "member": member, "by": actor, "at": tx.now}
    tx.write("members", row, value, context=key, member=member)
    return True


def join(tx: Tx, text: str, member: str, *, actor: str) -> int | None:
    """Put a thing into a context, which is made where it is new; return the event's seq, None where it is in it."""
    if not put(tx, text, member, actor=actor):
        return None
    key = key_of(text)
    return tx.record("context.join", f"context/{key}", actor=actor, inputs={"member": member})


def leave(tx: Tx, text: str, member: str, *, actor: str) -> int:
    """Take a thing out of a context; UsageError where it is not in it. The row stays, and no search comes by it."""
    key = key_of(text)
    row = digest_of(["member", key, member])[7:39]
    before = tx.held("members", row)
    if before is None or before.get("gone"):
        raise UsageError(f"{member} is not in {key}", remedy=f"see `assay context show {key}`")
    tx.write("members", row, before | {"gone": True}, context=None, member=None)
    return tx.record("context.leave", f"context/{key}", actor=actor, inputs={"member": member})


def get(office: Office, text: str) -> Context:
    """Return a context; Missing where there is none."""
    key = key_of(text)
    table = schema.contexts.c
    found = office.rows(sa.select(table.value).where(table.key == key))
    if not found:
        raise Missing(f"there is no context {key!r}", remedy="see `assay context list`")
    return read(Context, found[0][0])


def listing(office: Office, kind: str | None = None, limit: int = 10_000) -> list[Context]:
    """Return the contexts, of one kind if asked, by name."""
    table = schema.contexts.c
    query = sa.select(table.value).order_by(table.key).limit(limit)
    if kind is not None:
        query = query.where(table.kind == kind)
    return [read(Context, r[0]) for r in office.rows(query)]


def members(office: Office, text: str) -> list[dict[str, Any]]:
    """Return what is in a context, as JSON, in the order it came."""
    table = schema.members.c
    found = [
        json.loads(r[0]) for r in office.rows(sa.select(table.value).where(table.context == key_of(text)))
    ]
    return sorted(found, key=lambda m: (m["at"], m["member"]))


def of(office: Office, member: str) -> list[str]:
    """Return the keys of the contexts that a thing is in."""
    table = schema.members.c
    return sorted(r[0] for r in office.rows(sa.select(table.context).where(table.member == member)))
