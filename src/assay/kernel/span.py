"""A span: something that took time, by the data model of OpenTelemetry (opentelemetry.io/docs/specs/otel/trace/api).

Spans of one trace share its id, and form a tree by the ids of their parents. Times are nanoseconds since 1970, UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")  # by their number in OTLP
STATUSES = ("unset", "ok", "error")  # likewise
UNTRUSTED = "assay.untrusted"  # an attribute: the span was told by code that is not trusted
_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class Scope:
    """Who tells of spans: a resource (a process, a service) by its attributes, and the library inside it."""

    resource: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    version: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    resource_schema: str = ""
    schema: str = ""

    @property
    def service(self) -> str:
        """Return the resource's ``service.name``, empty where it has none."""
        return str(self.resource.get("service.name") or "")


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened at one time within a span."""

    time: int
    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """Another span, perhaps of another trace, that a span belongs together with."""

    trace: str
    span: str
    state: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    dropped: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """One span. trace: 32 hexadecimal digits, id and parent: 16; parent is empty for a root, end 0 where it has not ended.

    Values of attributes are text, bool, int, float, bytes, None, and tuples and mappings of these. dropped: how many
    attributes, events and links were left out.
    """

    trace: str
    id: str
    name: str
    start: int
    end: int
    parent: str = ""
    kind: str = "internal"
    status: str = "unset"
    message: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    links: tuple[Link, ...] = ()
    state: str = ""
    flags: int = 0
    dropped: tuple[int, int, int] = (0, 0, 0)
    scope: Scope = field(default_factory=Scope)

    @property
    def seconds(self) -> float:
        """Return how long it took; 0 where it has not ended, or ends before it starts."""
        return max(self.end - self.start, 0) / 1e9

    @property
    def untrusted(self) -> bool:
        """Whether it was told from inside of a sandbox."""
        return self.attributes.get(UNTRUSTED) is True


@dataclass(frozen=True, slots=True)
class Caller:
    """The span that a run was called from, as W3C Trace Context passes it on."""

    trace: str
    span: str
    flags: int = 1
    state: str = ""

    @classmethod
    def read(cls, traceparent: str, tracestate: str = "") -> Caller | None:
        """Return what a ``traceparent`` says; None where it says nothing valid, and is then ignored (W3C, section 3.2)."""
        found = _PARENT.fullmatch(traceparent.strip())
        if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
            return None
        if not int(found[2], 16) or not int(found[3], 16):
            return None
        state = tracestate.strip()
        return cls(found[2], found[3], int(found[4], 16), state if len(state) <= 512 else "")

    @property
    def traceparent(self) -> str:
        """Return it as the header says it."""
        return f"00-{self.trace}-{self.span}-{self.flags & 1:02x}"
