"""How large a document of spans, and what is in it, may be: what is beyond is cut, counted, or refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """The numbers that OpenTelemetry's own libraries keep to by default, where they have one.

    document: bytes, after it is unpacked. objects: JSON objects and arrays, or messages of protobuf, of a document.
    spans, attributes, events, links: how many of a document, a thing, a span. text: characters. depth: of nested values.
    """

    document: int = 16 << 20
    objects: int = 1_000_000
    spans: int = 50_000
    attributes: int = 128
    events: int = 128
    links: int = 128
    text: int = 4_096
    depth: int = 16


BOUNDS = Bounds()
