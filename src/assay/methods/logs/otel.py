"""OpenTelemetry logs as OTLP JSON: a LogsData a file, or one a line as the collector's file exporter writes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from assay.methods.logs.source import Context, Source, Values, columns, moment, refused


class _Attribute(msgspec.Struct):
    key: str
    value: Any = None


class _Resource(msgspec.Struct):
    attributes: list[_Attribute] | None = None


class _Named(msgspec.Struct):
    name: str | None = None
    version: str | None = None


class _Scope(msgspec.Struct):
    scope: _Named | None = None
    logRecords: list[msgspec.Raw] | None = None  # noqa: N815


class _Of(msgspec.Struct):
    resource: _Resource | None = None
    scopeLogs: list[_Scope] | None = None  # noqa: N815


class _Document(msgspec.Struct):
    resourceLogs: list[_Of] | None = None  # noqa: N815


class _Record(msgspec.Struct):
    timeUnixNano: str | int | None = None  # noqa: N815
    observedTimeUnixNano: str | int | None = None  # noqa: N815
    severityNumber: int | str | None = None  # noqa: N815
    severityText: str | None = None  # noqa: N815
    body: Any = None
    attributes: list[_Attribute] | None = None
    traceId: str | None = None  # noqa: N815
    spanId: str | None = None  # noqa: N815
    eventName: str | None = None  # noqa: N815


_decode = msgspec.json.Decoder(_Record).decode
_open = msgspec.json.Decoder(_Document).decode
_KINDS = ("stringValue", "intValue", "doubleValue", "boolValue", "bytesValue")


def _value(value: Any) -> Any:
    """Return an AnyValue as plain JSON."""
    if not isinstance(value, dict):
        return value
    for kind in _KINDS:
        if kind in value:
            return value[kind]
    if isinstance(value.get("arrayValue"), dict):
        return [_value(v) for v in value["arrayValue"].get("values") or ()]
    if isinstance(value.get("kvlistValue"), dict):
        pairs = value["kvlistValue"].get("values") or ()
        return {str(p.get("key")): _value(p.get("value")) for p in pairs if isinstance(p, dict)}
    return None


def _plain(given: list[_Attribute] | None) -> dict[str, Any]:
    return {a.key: _value(a.value) for a in given or ()}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _opened(document: bytes) -> Iterable[tuple[bytes, Context]]:
    try:
        found = _open(document)
        if found.resourceLogs is None:
            return [(document, {})]
        out: list[tuple[bytes, Context]] = []
        for of in found.resourceLogs:
            about = _plain(of.resource.attributes if of.resource else None)
            service, told = _text(about.get("service.name")), _text(about)
            for part in of.scopeLogs or ():
                scope = part.scope.name if part.scope else None
                context: Context = {"service": service, "resource": told, "scope": scope}
                out += [(bytes(r), context) for r in part.logRecords or ()]
    except (msgspec.MsgspecError, RecursionError):
        return [(document, {})]
    return out


def _read(raw: bytes, context: Context) -> Values:
    try:
        r = _decode(raw)
        when = next(
            (int(t) for t in (r.timeUnixNano, r.observedTimeUnixNano) if t not in (None, "", "0", 0)), None
        )
        body, attributes = _text(_value(r.body)), _text(_plain(r.attributes))
        number = r.severityNumber if isinstance(r.severityNumber, int) else None
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refused(error) from None
    return (
        moment(when), None, context.get("service"), number, r.severityText, body, r.traceId or None, r.spanId or None,
        r.eventName, context.get("scope"), attributes, context.get("resource"),
    )  # fmt: skip


SOURCE = Source(
    "otel",
    "OpenTelemetry logs",
    columns(
        ("service*", "VARCHAR", "`service.name` of the resource"),
        ("severity_number*", "INTEGER", "1 to 24; from 17 on it is an error"),
        ("severity*", "VARCHAR", "the severity as the program calls it"),
        ("body", "VARCHAR", "the body; JSON where it is no text"),
        ("trace_id", "VARCHAR", "32 hexadecimal digits"),
        ("span_id", "VARCHAR", "16 hexadecimal digits"),
        ("event_name*", "VARCHAR", "the kind of event, where it is one"),
        ("scope*", "VARCHAR", "the library that wrote it"),
        ("attributes", "VARCHAR", "the record's attributes, as a JSON object"),
        ("resource*", "VARCHAR", "the resource's attributes, as a JSON object"),
    ),
    _read,
    _opened,
)
