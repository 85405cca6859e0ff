"""A thing that is examined, made or used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["table", "model", "tree", "image", "account", "key", "report", "file", "traffic", "advisories"]


@dataclass(frozen=True, slots=True)
class Asset:
    """Who it is, which version of it, and where it lies now.

    name: its name everywhere. digest: ``sha256:<hex>`` of its bytes, empty when it could not be pinned.
    uri: where it lies: a path, a database URL, or ``object:<digest>`` in the store.
    format: what the bytes are: csv, parquet, jsonl, arrow, tar.gz, html, json, ...
    """

    kind: Kind
    name: str
    uri: str
    digest: str = ""
    format: str = ""

    def __post_init__(self) -> None:
        """Have a name that can be written down: one of a file that is no text is told by its bytes."""
        object.__setattr__(self, "name", as_text(self.name))

    def renamed(self, name: str) -> Asset:
        """Return the same bytes under another name."""
        return replace(self, name=name)

    @property
    def told(self) -> Asset:
        """Return it as it can be written down."""
        return replace(self, uri=as_text(self.uri))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        out = {"kind": self.kind, "name": self.name, "uri": as_text(self.uri), "digest": self.digest}
        return out | ({"format": self.format} if self.format else {})

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Asset:
        """Read what to_dict wrote; unknown fields are ignored."""
        return cls(
            raw.get("kind", "file"), raw["name"], raw["uri"], raw.get("digest", ""), raw.get("format", "")
        )


def as_text(name: str) -> str:
    """Return a path as text: bytes that are none, which the system hands over as lone surrogates, as \\xff."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "".join(c if not "\ud800" <= c <= "\udfff" else f"\\x{ord(c) & 0xFF:02x}" for c in name)
    return name
