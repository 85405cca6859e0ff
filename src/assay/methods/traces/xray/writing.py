"""Spans written as segment documents: what serves, or stands alone, is a segment; what it did below it, subsegments inside.

A document that would be larger than X-Ray takes gives its subsegments documents of their own, and lets metadata go last.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from assay.kernel.span import Span, SpanEvent

MOST = 64_000  # bytes of a document: X-Ray takes 64 kB
DEEP = 20  # subsegments within subsegments
OURS = "otel"  # the namespace of metadata that holds what X-Ray has no place for
THEIRS = "aws.xray."  # attributes that hold what a span has no place for
SCOPE = "aws.xray"  # the scope of spans that were read from segments
_NAME = re.compile(r"[^\w\s.:/%&#=+\\\-@]", re.ASCII)
_KEY = re.compile(r"[^A-Za-z0-9_]")
_ANNOTATIONS, _TEXT = 50, 1_000
_FLAGS = ("fault", "error", "throttle")
_encode = msgspec.json.Encoder(decimal_format="number").encode

REQUEST = {
    "http.request.method": "method", "url.full": "url", "user_agent.original": "user_agent",
    "client.address": "client_ip",
}  # fmt: skip
RESPONSE = {"http.response.status_code": "status", "http.response.body.size": "content_length"}
_OLDER = {
    "http.method": "http.request.method", "http.url": "url.full", "http.user_agent": "user_agent.original",
    "http.client_ip": "client.address", "http.status_code": "http.response.status_code",
    "http.response_content_length": "http.response.body.size",
}  # fmt: skip
SQL = {"db.system.name": "database_type", "db.query.text": "sanitized_query", "db.user": "user"}


@dataclass(eq=False, slots=True)
class _Node:
    span: Span
    below: list[_Node] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)
    size: int = 0
    deep: int = 1


def trace_id(trace: str) -> str:
    """Return a trace's id as X-Ray writes it."""
    return f"1-{trace[:8]}-{trace[8:]}"


def documents(spans: Iterable[Span], most: int = MOST) -> list[bytes]:
    """Return spans as segment documents of at most ``most`` bytes, a segment before what is below it."""
    nodes = {(s.trace, s.id): _Node(s) for s in spans}
    tops, order = _trees(nodes)
    out: list[tuple[int, bytes]] = []
    for node in reversed(order):  # what is below first
        top = node in tops
        node.document = _document(node.span, segment=top)
        above = nodes.get((node.span.trace, node.span.parent))
        if (
            not top and above is not None and above.span.scope == node.span.scope
        ):  # it is that of what it lies in
            for part in ("resource", "scope"):
                node.document.get("metadata", {}).get(OURS, {}).pop(part, None)
        _fitted(node.document, most - 200)
        node.size = len(_encode(node.document))
        inside: list[dict[str, Any]] = []
        for child in node.below:
            if child in tops:
                continue
            if node.size + child.size + 2 <= most - 200 and child.deep < DEEP:
                inside.append(child.document)
                node.size += child.size + 2
                node.deep = max(node.deep, child.deep + 1)
            else:
                out.append((child.span.start, _alone(child, node.span, most)))
        if inside:
            node.document["subsegments"] = inside
            node.size += 16
        if top:
            node.document["trace_id"] = trace_id(node.span.trace)
            if node.span.parent:
                node.document["parent_id"] = node.span.parent
            out.append((node.span.start, _encode(node.document)))
    return [document for _, document in sorted(out, key=lambda o: o[0])]


def _alone(node: _Node, parent: Span, most: int) -> bytes:
    ours = node.document.get("metadata", {}).get(OURS)
    if ours is not None:
        whole = _metadata(node.span, "")[OURS]
        own = {part: whole[part] for part in ("resource", "scope") if part in whole}
        if node.size + len(_encode(own)) < most - 200:
            ours |= own
    about = {"type": "subsegment", "trace_id": trace_id(node.span.trace), "parent_id": parent.id}
    return _encode(node.document | about)


def _trees(nodes: Mapping[tuple[str, str], _Node]) -> tuple[set[_Node], list[_Node]]:
    """Return the spans that are segments, and all of them, what is above before what is below."""
    tops: set[_Node] = set()
    for node in nodes.values():
        above = nodes.get((node.span.trace, node.span.parent))
        if above is not None and above is not node:
            above.below.append(node)
        if above is None or above is node or _serves(node.span, above.span):
            tops.add(node)
    order: list[_Node] = []
    seen: set[_Node] = set()

    def walk(start: _Node) -> None:
        todo = [start]
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            order.append(node)
            node.below = [c for c in node.below if c not in seen]
            node.below.sort(key=lambda n: n.span.start)
            todo += reversed(node.below)

    for node in nodes.values():
        if (node.span.trace, node.span.parent) not in nodes or node.span.parent == node.span.id:
            walk(node)
    for node in nodes.values():  # what nothing leads to goes in a circle, which is cut here
        if node not in seen:
            tops.add(node)
            walk(node)
    return tops, order


def _serves(span: Span, parent: Span) -> bool:
    return span.kind in ("server", "consumer") or span.scope.service != parent.scope.service


def _document(span: Span, *, segment: bool) -> dict[str, Any]:
    theirs = span.scope.name == SCOPE
    attributes = {_OLDER.get(k, k): v for k, v in span.attributes.items()}
    said = span.scope.service if segment and (theirs or span.kind in ("server", "consumer")) else span.name
    name = _NAME.sub("_", said or span.name)[:200].strip() or "unnamed"
    out: dict[str, Any] = {"name": name, "id": span.id, "start_time": _time(span.start)}
    out |= {"end_time": _time(max(span.end, span.start))} if span.end else {"in_progress": True}
    if not segment:
        space = attributes.get(THEIRS + "namespace") or (
            "remote" if span.kind in ("client", "producer") else None
        )
        out |= {"namespace": space} if space in ("remote", "aws") else {}
    out |= _http(attributes)
    out |= dict.fromkeys(_flags(span, attributes), True)
    cause = _cause(span.events)
    out |= {"cause": cause} if cause else {}
    annotations = _annotations(span.attributes)
    out |= {"annotations": annotations} if annotations else {}
    metadata = _metadata(span, name)
    out |= {"metadata": metadata} if metadata else {}
    sql = {k: _text(attributes[a]) for a, k in SQL.items() if a in attributes}
    out |= {"sql": sql} if sql else {}
    for key in ("aws", "sql", "service", "origin", "precursor_ids"):
        if (found := attributes.get(THEIRS + key)) is not None:
            out[key] = _parsed(found) if key not in ("origin", "precursor_ids") else _plain(found)
    if segment and "enduser.id" in attributes:
        out["user"] = _text(attributes["enduser.id"])
    version = span.scope.resource.get("service.version")
    if segment and version and "service" not in out:
        out["service"] = {"version": _text(version)}
    return out


def _time(nanoseconds: int) -> Decimal:
    return Decimal(nanoseconds).scaleb(-9)


def _http(attributes: Mapping[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = {k: _text(attributes[a], 4096) for a, k in REQUEST.items() if a in attributes}
    request |= {k: True for k in ("x_forwarded_for", "traced") if attributes.get(THEIRS + k) is True}
    response = {
        k: v
        for a, k in RESPONSE.items()
        if isinstance(v := attributes.get(a), int) and not isinstance(v, bool)
    }
    found = {k: v for k, v in (("request", request), ("response", response)) if v}
    return {"http": found} if found else {}


def _flags(span: Span, attributes: Mapping[str, Any]) -> list[str]:
    """Return which of fault (theirs, 5xx), error (the caller's, 4xx) and throttle (429) it ended in."""
    said = [f for f in _FLAGS if attributes.get(THEIRS + f) is True]
    if said or span.status != "error":
        return said
    status = attributes.get("http.response.status_code")
    if status == 429:
        return ["error", "throttle"]
    return ["error"] if isinstance(status, int) and 400 <= status < 500 else ["fault"]


def _cause(events: Iterable[SpanEvent]) -> dict[str, Any]:
    found = [e for e in events if e.name == "exception"]
    exceptions = []
    for place, event in enumerate(found[:10]):
        told = {
            "id": f"{place + 1:016x}",
            "type": _text(event.attributes.get("exception.type", "")),
            "message": _text(event.attributes.get("exception.message", "")),
        }
        exceptions.append({k: v for k, v in told.items() if v})
    return {"exceptions": exceptions} if exceptions else {}


def _annotations(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what X-Ray indexes: what was an annotation before, and what is Assay's own."""
    named = attributes.get(THEIRS + "annotations")
    before = set(named) if isinstance(named, tuple) else set()
    out: dict[str, Any] = {}
    for key, value in attributes.items():
        if (
            (key in before or key.startswith("assay."))
            and isinstance(value, (str, int, float))
            and len(out) < _ANNOTATIONS
        ):
            held = value[:_TEXT] if isinstance(value, str) else _plain(value)
            out[_KEY.sub("_", key)[:500]] = held
    return out


def _metadata(span: Span, name: str) -> dict[str, Any]:
    prefix = THEIRS + "metadata."
    out = {k.removeprefix(prefix): _parsed(v) for k, v in span.attributes.items() if k.startswith(prefix)}
    if span.scope.name == SCOPE:
        return out
    scope = span.scope
    held: dict[str, Any] = {
        "name": span.name if span.name != name else "",
        "kind": span.kind,
        "status": span.status if span.status == "ok" else "",
        "message": span.message,
        "attributes": _plain(span.attributes),
        "resource": _plain(scope.resource),
        "scope": {"name": scope.name, "version": scope.version} if scope.name else {},
        "events": [
            {"time": e.time, "name": e.name, "attributes": _plain(e.attributes), "dropped": e.dropped}
            for e in span.events
        ],
        "links": [
            {"trace": li.trace, "span": li.span, "state": li.state, "attributes": _plain(li.attributes)}
            for li in span.links
        ],
        "state": span.state,
        "flags": span.flags,
        "dropped": list(span.dropped) if any(span.dropped) else [],
    }
    return out | {OURS: {k: v for k, v in held.items() if v}}


def _fitted(document: dict[str, Any], most: int) -> None:
    """Let go of metadata, least needed first, until a document fits."""
    ours = document.get("metadata", {}).get(OURS, {})
    for part in ("links", "events", "resource", "attributes"):
        if len(_encode(document)) <= most:
            return
        if ours.pop(part, None) is not None:
            ours["cut"] = True
    for part in ("metadata", "cause", "annotations", "aws", "sql", "service", "precursor_ids"):
        if len(_encode(document)) > most:
            document.pop(part, None)


def _text(value: Any, most: int = _TEXT) -> str:
    return (value if isinstance(value, str) else str(value))[:most]


def _plain(value: Any) -> Any:
    """Return a value as JSON; bytes, and numbers that are none, as text."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _parsed(value: Any) -> Any:
    """Return JSON that was kept as text."""
    try:
        return json.loads(value) if isinstance(value, str) else _plain(value)
    except (ValueError, RecursionError):
        return value
