"""An inventory of what a sweep found, item by item, and how it differs from the one before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.recognise.telling import Told

ROWS = (
    "item",
    "part",
    "column",
    "type",
    "rows",
    "share",
    "confidence",
    "severity",
    "format",
    "bytes",
    "digest",
)


@dataclass
class Item:
    """One file, table or document. found: (part, what is told of it). why: what of it was not read, and why."""

    name: str
    format: str
    bytes: int = 0
    digest: str = ""
    rows: int = 0
    found: list[tuple[str, Told]] = field(default_factory=list)
    why: str = ""

    @property
    def types(self) -> dict[str, int]:
        """Return how often each kind comes in it."""
        out: dict[str, int] = {}
        for _, told in self.found:
            out[told.type] = out.get(told.type, 0) + told.rows
        return dict(sorted(out.items()))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON: what the next sweep compares with."""
        out: dict[str, Any] = {"format": self.format, "bytes": self.bytes, "digest": self.digest}
        out |= {"rows": self.rows, "types": self.types}
        return out | ({"why": self.why} if self.why else {})

    def rows_of(self) -> Iterable[dict[str, Any]]:
        """Give its rows of the inventory: one a kind and column, or one without a kind where nothing was found."""
        base = {"item": self.name, "format": self.format, "bytes": self.bytes, "digest": self.digest}
        for part, told in self.found:
            yield base | {
                "part": part,
                "column": told.column,
                "type": told.type,
                "rows": told.rows,
                "share": told.share,
                "confidence": told.confidence,
                "severity": told.severity,
            }
        if not self.found:
            yield (
                base
                | dict.fromkeys(("part", "column", "type", "severity"), "")
                | {
                    "rows": 0,
                    "share": 0.0,
                    "confidence": 0.0,
                }
            )


@dataclass(frozen=True)
class Changes:
    """What differs: items that are new, gone, or hold other bytes; and kinds that an item holds now or no longer."""

    new: list[str]
    gone: list[str]
    changed: list[str]
    same: int
    appeared: list[tuple[str, str]]
    vanished: list[tuple[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        kinds = {
            name: [{"item": i, "type": t} for i, t in pairs]
            for name, pairs in (("appeared", self.appeared), ("vanished", self.vanished))
        }
        return {"new": self.new, "gone": self.gone, "changed": self.changed, "same": self.same, **kinds}


_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


def earlier(data: Any) -> dict[str, dict[str, Any]]:
    """Return the items that the data of an earlier report hold; UsageError where they are none, or of another shape.

    Whoever gives the report may have written it: of an item only what is compared is taken, and only if it is of its type.
    """
    held = data.get("items") if isinstance(data, Mapping) else None
    if not isinstance(held, Mapping):
        raise UsageError("the report given holds no inventory", remedy="give the JSON report of data.sweep")
    out = {}
    for name, item in held.items():
        types = item.get("types", {}) if isinstance(item, Mapping) else None
        if not isinstance(types, Mapping) or not all(_KIND.fullmatch(str(t)) for t in types):
            raise UsageError(
                f"the inventory given does not say of {name[-80:]!r} what it holds",
                remedy="give the JSON report of data.sweep as it was written",
            )
        digest, rows = item.get("digest", ""), item.get("rows", 0)
        fits = isinstance(digest, str) and isinstance(rows, int)
        out[str(name)] = (
            {"types": list(types), "digest": digest, "rows": rows} if fits else {"types": list(types)}
        )
    return out


def compare(before: Mapping[str, Any], now: Iterable[Item]) -> Changes:
    """Return how items differ from those of an earlier sweep, as ``to_dict`` gave them.

    Where an item has no digest, as in a database server, its rows and kinds are compared.
    """
    items = {i.name: i for i in now}
    new, changed, same = [], [], 0
    appeared: list[tuple[str, str]] = []
    vanished: list[tuple[str, str]] = []
    for name, item in items.items():
        if name not in before:
            new.append(name)
            continue
        was = before[name] if isinstance(before[name], Mapping) else {}
        kinds = set(was.get("types", {}))
        if item.digest and was.get("digest"):
            differs = item.digest != was["digest"]
        else:
            differs = (item.rows, set(item.types)) != (was.get("rows"), kinds)
        if differs:
            changed.append(name)
        else:
            same += 1
        appeared += [(name, t) for t in item.types if t not in kinds]
        vanished += [(name, t) for t in sorted(kinds) if t not in item.types]
    gone = [name for name in before if name not in items]
    return Changes(new, gone, changed, same, appeared, vanished)
