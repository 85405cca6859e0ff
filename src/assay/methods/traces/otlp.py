"""OTLP: spans read from and written to its JSON and its protobuf (opentelemetry.io/docs/specs/otlp).

A span whose ids are no ids is rejected and counted, as the protocol's partial success says it; what is beyond a bound is cut,
and counted where the span itself counts what was dropped.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from assay.kernel.span import KINDS, STATUSES, Link, Scope, Span, SpanEvent
from assay.methods.traces import protobuf
from assay.methods.traces.bounds import BOUNDS, Bounds
from assay.methods.traces.protobuf import Malformed

_TRACE, _SPAN = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{16}")
_TIME = (1 << 64) - 1
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass
class Read:
    """What a document holds. rejected: how many spans were left out, and of the first of them why."""

    spans: list[Span] = field(default_factory=list)
    rejected: int = 0
    why: str = ""

    def reject(self, why: str, many: int = 1) -> None:
        """Count spans that were left out."""
        self.rejected += many
        self.why = self.why or why


def read_json(document: bytes, bounds: Bounds = BOUNDS) -> Read:
    """Read a TracesData (an ExportTraceServiceRequest is the same) as OTLP JSON; Malformed where it is none."""
    if len(document) > bounds.document:
        raise Malformed(f"it is larger than {bounds.document >> 20} MB")
    if document.count(b"{") + document.count(b"[") > bounds.objects:
        raise Malformed("it consists of more objects than are read")
    try:
        found = msgspec.json.decode(document)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"it is no JSON: {str(error)[:100]}") from None
    if not isinstance(found, dict) or not isinstance(found.get("resourceSpans", []), list):
        raise Malformed("it is no TracesData: an object with resourceSpans")
    return read(found, bounds)


def read_protobuf(document: bytes, bounds: Bounds = BOUNDS) -> Read:
    """Read a TracesData as protobuf; Malformed where it is none."""
    if len(document) > bounds.document:
        raise Malformed(f"it is larger than {bounds.document >> 20} MB")
    return read(protobuf.decode(document, "TracesData", bounds.objects), bounds)


def read(found: Mapping[str, Any], bounds: Bounds = BOUNDS) -> Read:
    """Read a TracesData that is a mapping; what has not the shape that it should have is left out."""
    out = Read()
    for of in _objects(found.get("resourceSpans")):
        about = _object(of.get("resource"))
        resource, _ = _attributes(about.get("attributes"), bounds)
        for part in _objects(of.get("scopeSpans")):
            by = _object(part.get("scope"))
            attributes, _ = _attributes(by.get("attributes"), bounds)
            scope = Scope(
                resource, _text(by.get("name"), bounds), _text(by.get("version"), bounds), attributes,
                _text(of.get("schemaUrl"), bounds), _text(part.get("schemaUrl"), bounds),
            )  # fmt: skip
            given = part.get("spans")
            for raw in given if isinstance(given, list) else ():
                if len(out.spans) >= bounds.spans:
                    out.reject(f"there are more than {bounds.spans} spans")
                    continue
                try:
                    out.spans.append(_span(raw, scope, bounds))
                except ValueError as error:
                    out.reject(str(error))
    return out


def _span(raw: Any, scope: Scope, bounds: Bounds) -> Span:
    if not isinstance(raw, dict):
        raise ValueError("a span is no object")
    attributes, lost = _attributes(raw.get("attributes"), bounds)
    events, links = _objects(raw.get("events")), _objects(raw.get("links"))
    status = _object(raw.get("status"))
    parent = _digits(raw.get("parentSpanId"))
    if parent and not _SPAN.fullmatch(parent):
        raise ValueError("a parentSpanId has not 16 hexadecimal digits")
    return Span(
        trace=_id(raw.get("traceId"), _TRACE, "traceId"),
        id=_id(raw.get("spanId"), _SPAN, "spanId"),
        name=_text(raw.get("name"), bounds),
        start=_time(raw.get("startTimeUnixNano")),
        end=_time(raw.get("endTimeUnixNano")),
        parent=parent if parent.strip("0") else "",
        kind=_among(raw.get("kind"), KINDS, "SPAN_KIND_"),
        status=_among(status.get("code"), STATUSES, "STATUS_CODE_"),
        message=_text(status.get("message"), bounds),
        attributes=attributes,
        events=tuple(_event(e, bounds) for e in events[: bounds.events]),
        links=tuple(_links(links[: bounds.links], bounds)),
        state=_text(raw.get("traceState"), bounds)[:512],
        flags=_count(raw.get("flags")),
        dropped=(
            _count(raw.get("droppedAttributesCount")) + lost,
            _count(raw.get("droppedEventsCount")) + max(len(events) - bounds.events, 0),
            _count(raw.get("droppedLinksCount")) + max(len(links) - bounds.links, 0),
        ),
        scope=scope,
    )


def _event(raw: dict[str, Any], bounds: Bounds) -> SpanEvent:
    attributes, lost = _attributes(raw.get("attributes"), bounds)
    dropped = _count(raw.get("droppedAttributesCount")) + lost
    return SpanEvent(_time(raw.get("timeUnixNano")), _text(raw.get("name"), bounds), attributes, dropped)


def _links(given: Iterable[dict[str, Any]], bounds: Bounds) -> Iterable[Link]:
    for raw in given:
        attributes, lost = _attributes(raw.get("attributes"), bounds)
        trace, span = _digits(raw.get("traceId")), _digits(raw.get("spanId"))
        if _TRACE.fullmatch(trace) and _SPAN.fullmatch(span):
            state = _text(raw.get("traceState"), bounds)[:512]
            dropped = _count(raw.get("droppedAttributesCount")) + lost
            yield Link(trace, span, state, attributes, dropped, _count(raw.get("flags")))


def _attributes(given: Any, bounds: Bounds) -> tuple[dict[str, Any], int]:
    """Return attributes by their keys, and how many were left out: they are too many, or have no key."""
    out: dict[str, Any] = {}
    lost = 0
    for raw in given if isinstance(given, list) else ():
        key = raw.get("key") if isinstance(raw, dict) else None
        if not isinstance(key, str) or not key or (key not in out and len(out) >= bounds.attributes):
            lost += 1
            continue
        out[key[: bounds.text]] = _value(raw.get("value"), bounds, bounds.depth)
    return out, lost


def _value(raw: Any, bounds: Bounds, depth: int) -> Any:
    """Return an AnyValue as what it holds; None where it holds nothing that is one."""
    if not isinstance(raw, dict) or depth < 1:
        return None
    if "stringValue" in raw:
        return _text(raw["stringValue"], bounds)
    if "boolValue" in raw:
        return raw["boolValue"] is True
    if "intValue" in raw:
        return _whole(raw["intValue"])
    if "doubleValue" in raw:
        found = raw["doubleValue"]
        if isinstance(found, str):
            return _SPECIAL.get(found)
        return _double(found)
    if "bytesValue" in raw:
        return _bytes(raw["bytesValue"])[: bounds.text]
    if "arrayValue" in raw:
        values = _object(raw["arrayValue"]).get("values")
        some = values[: bounds.text] if isinstance(values, list) else ()
        return tuple(_value(v, bounds, depth - 1) for v in some)
    if "kvlistValue" in raw:
        pairs = _objects(_object(raw["kvlistValue"]).get("values"))[: bounds.attributes]
        return {_text(p.get("key"), bounds): _value(p.get("value"), bounds, depth - 1) for p in pairs}
    return None


def _bytes(given: Any) -> bytes:
    if isinstance(given, bytes):
        return given
    try:
        return base64.b64decode(given) if isinstance(given, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _double(given: Any) -> float | None:
    try:
        return float(given) if isinstance(given, (int, float)) else None
    except OverflowError:  # JSON's numbers have no end
        return None


def _whole(given: Any) -> int | None:
    if isinstance(given, str) and len(given) <= 20:
        try:
            given = int(given)
        except ValueError:
            return None
    fits = isinstance(given, int) and not isinstance(given, bool) and -(1 << 63) <= given < 1 << 63
    return given if fits else None


def _time(given: Any) -> int:
    if isinstance(given, str) and len(given) <= 20 and given.isascii() and given.isdecimal():
        given = int(given)
    return given if isinstance(given, int) and 0 <= given <= _TIME else 0


def _count(given: Any) -> int:
    return given if isinstance(given, int) and 0 <= given < 1 << 32 else 0


def _among(given: Any, names: Sequence[str], prefix: str) -> str:
    if isinstance(given, str):  # names are against the specification, and written all the same
        given = given.removeprefix(prefix).lower()
        return given if given in names else names[0]
    return names[given] if isinstance(given, int) and 0 <= given < len(names) else names[0]


def _id(given: Any, form: re.Pattern[str], name: str) -> str:
    found = _digits(given)
    if not form.fullmatch(found) or not found.strip("0"):
        raise ValueError(f"a {name} is none: {len(found)} digits, or all of them zero")
    return found


def _digits(given: Any) -> str:
    """Return an id's digits; what is no text, or longer than any id, as something that is none."""
    if given is None:
        return ""
    return given.lower() if isinstance(given, str) and len(given) <= 64 else "?"


def _text(given: Any, bounds: Bounds) -> str:
    return given[: bounds.text] if isinstance(given, str) else ""


def _object(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {}


def _objects(given: Any) -> list[dict[str, Any]]:
    return [g for g in given if isinstance(g, dict)] if isinstance(given, list) else []


def write_json(spans: Iterable[Span]) -> bytes:
    """Return spans as OTLP JSON: one TracesData."""
    return msgspec.json.encode(as_mapping(spans, text=True))


def write_protobuf(spans: Iterable[Span]) -> bytes:
    """Return spans as protobuf: one TracesData, which is an ExportTraceServiceRequest as well."""
    return protobuf.encode(as_mapping(spans, text=False), "TracesData")


def as_mapping(spans: Iterable[Span], *, text: bool) -> dict[str, Any]:
    """Return spans as a TracesData, those of one scope together. text: numbers of 64 bits as text, as JSON wants them."""
    by: dict[int, tuple[Scope, list[Span]]] = {}
    for span in spans:
        by.setdefault(id(span.scope), (span.scope, []))[1].append(span)
    groups: list[tuple[Scope, list[dict[str, Any]]]] = []
    for scope, held in by.values():
        groups.append((scope, [_span_out(s, text) for s in held]))
    out: list[dict[str, Any]] = []
    last: Scope | None = None
    for scope, told in groups:
        part = {
            "scope": _filled({"name": scope.name, "version": scope.version, "attributes": _pairs(scope.attributes, text)}),
            "spans": told,
        } | _filled({"schemaUrl": scope.schema})  # fmt: skip
        if (
            last is not None
            and last.resource == scope.resource
            and last.resource_schema == scope.resource_schema
        ):
            out[-1]["scopeSpans"].append(part)
            continue
        resource = _filled({"attributes": _pairs(scope.resource, text)})
        out.append(
            {"resource": resource, "scopeSpans": [part]} | _filled({"schemaUrl": scope.resource_schema})
        )
        last = scope
    return {"resourceSpans": out}


def _span_out(span: Span, text: bool) -> dict[str, Any]:
    def big(value: int) -> int | str:
        return str(value) if text else value

    events = [
        {"timeUnixNano": big(e.time), "name": e.name}
        | _filled({"attributes": _pairs(e.attributes, text), "droppedAttributesCount": e.dropped})
        for e in span.events
    ]
    links = [
        {"traceId": li.trace, "spanId": li.span}
        | _filled({"traceState": li.state, "attributes": _pairs(li.attributes, text),
                   "droppedAttributesCount": li.dropped, "flags": li.flags})
        for li in span.links
    ]  # fmt: skip
    status = _filled({"message": span.message, "code": STATUSES.index(span.status)})
    return {
        "traceId": span.trace, "spanId": span.id, "name": span.name, "kind": KINDS.index(span.kind),
        "startTimeUnixNano": big(span.start), "endTimeUnixNano": big(span.end),
    } | _filled({
        "parentSpanId": span.parent, "traceState": span.state, "flags": span.flags,
        "attributes": _pairs(span.attributes, text), "droppedAttributesCount": span.dropped[0],
        "events": events, "droppedEventsCount": span.dropped[1], "links": links,
        "droppedLinksCount": span.dropped[2], "status": status,
    })  # fmt: skip


def _filled(given: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in given.items() if v}


def _pairs(attributes: Mapping[str, Any], text: bool) -> list[dict[str, Any]]:
    return [{"key": k, "value": _any(v, text)} for k, v in attributes.items()]


def _any(value: Any, text: bool) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        if not -(1 << 63) <= value < 1 << 63:
            return {"stringValue": str(value)}
        return {"intValue": str(value) if text else value}
    if isinstance(value, float):
        special = next((n for n, v in _SPECIAL.items() if v == value), "NaN")
        return {"doubleValue": special if text and not math.isfinite(value) else value}
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode() if text else value}
    if isinstance(value, (tuple, list)):
        return {"arrayValue": {"values": [_any(v, text) for v in value]}}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": _pairs(value, text)}}
    return {"stringValue": str(value)}
