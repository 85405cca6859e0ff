"""Segment documents read as spans: what OpenTelemetry has a name for gets it, the rest is kept under ``aws.xray.``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from assay.kernel.span import KINDS, STATUSES, Link, Scope, Span, SpanEvent
from assay.methods.traces.bounds import BOUNDS, Bounds
from assay.methods.traces.otlp import Read
from assay.methods.traces.protobuf import Malformed
from assay.methods.traces.xray.writing import OURS, REQUEST, RESPONSE, SCOPE, SQL, THEIRS

_TRACE = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")
_ID = re.compile(r"[0-9a-f]{16}")
_FLAGS = ("fault", "error", "throttle")
_HIGHEST = (1 << 64) - 1


class _Segment(msgspec.Struct):
    """A segment or subsegment, with the fields that X-Ray names; others are passed over."""

    name: str
    id: str
    start_time: Decimal
    end_time: Decimal | None = None
    trace_id: str = ""
    parent_id: str | None = None
    type: str | None = None
    in_progress: bool = False
    namespace: str | None = None
    origin: str | None = None
    user: str | None = None
    fault: bool = False
    error: bool = False
    throttle: bool = False
    http: dict[str, Any] | None = None
    aws: dict[str, Any] | None = None
    sql: dict[str, Any] | None = None
    service: dict[str, Any] | None = None
    cause: str | dict[str, Any] | None = None
    annotations: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    precursor_ids: list[str] | None = None
    subsegments: list[_Segment] | None = None


_decode = msgspec.json.Decoder(_Segment).decode


def read_all(content: bytes, bounds: Bounds = BOUNDS) -> Read:
    """Read a file: one document, a list, a line each, or an answer of BatchGetTraces; Malformed where it is none of these."""
    if len(content) > bounds.document:
        raise Malformed(f"it is larger than {bounds.document >> 20} MB")
    if content.count(b"{") + content.count(b"[") > bounds.objects:
        raise Malformed("it consists of more objects than are read")
    out = Read()
    found = 0
    for document in _parts(content):
        found += 1
        try:
            read(document, out, bounds)
        except Malformed as error:
            out.reject(str(error))
    if not found:
        raise Malformed("there is no segment in it")
    return out


def _parts(content: bytes) -> Iterator[bytes]:
    try:
        start = content.lstrip()[:1]
        if start == b"[":
            yield from (_text(r) for r in msgspec.json.decode(content, type=list[msgspec.Raw]))
            return
        lines = [line for line in content.splitlines() if line.strip()]
        whole = len(lines) > 1 and not _is_one(lines[0])
        for line in [content] if whole or len(lines) == 1 else lines:
            fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            if "Traces" in fields:
                for trace in msgspec.json.decode(fields["Traces"], type=list[dict[str, msgspec.Raw]]):
                    for one in msgspec.json.decode(
                        trace.get("Segments", msgspec.Raw(b"[]")), type=list[dict[str, msgspec.Raw]]
                    ):
                        yield _text(one.get("Document", msgspec.Raw(b"null")))
            elif "format" not in fields:  # the daemon's header stands on a line of its own
                yield bytes(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"it is no JSON of segments: {str(error)[:100]}") from None


def _is_one(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line, type=dict[str, msgspec.Raw]), dict)
    except (msgspec.MsgspecError, RecursionError):
        return False


def _text(raw: msgspec.Raw) -> bytes:
    """Return a document, which the API's answers hold as text within JSON."""
    data = bytes(raw)
    return msgspec.json.decode(data, type=str).encode() if data[:1] == b'"' else data


def read(document: bytes, out: Read, bounds: Bounds = BOUNDS) -> None:
    """Read one segment document and add its spans; Malformed where it is none."""
    try:
        found = _decode(document)
    except (msgspec.MsgspecError, RecursionError, InvalidOperation, UnicodeDecodeError) as error:
        raise Malformed(f"a document is no segment: {str(error)[:100]}") from None
    trace = _TRACE.fullmatch(found.trace_id.lower())
    if trace is None:
        raise Malformed("a segment's trace_id is not of the form 1-8-24 hexadecimal digits")
    name = trace[1] + trace[2]
    independent = found.type == "subsegment"
    resource = {} if independent else {"service.name": found.name[: bounds.text]}
    version = (found.service or {}).get("version")
    if isinstance(version, str):
        resource["service.version"] = version[: bounds.text]
    scope = Scope(resource, SCOPE)
    parent = (found.parent_id or "").lower()
    todo = [(found, parent, not independent, scope)]
    while todo:
        part, above, segment, within = todo.pop()
        if len(out.spans) >= bounds.spans:
            out.reject(f"there are more than {bounds.spans} spans")
            continue
        id = part.id.lower()
        if not _ID.fullmatch(id) or (above and not _ID.fullmatch(above)):
            out.reject("a segment's id has not 16 hexadecimal digits")
            continue
        span = _span(part, name, id, above, within, segment, bounds)
        out.spans.append(span)
        todo += [(below, id, False, span.scope) for below in reversed(part.subsegments or ())]


def _span(
    part: _Segment, trace: str, id: str, parent: str, scope: Scope, segment: bool, bounds: Bounds
) -> Span:
    start, end = (
        _nanoseconds(part.start_time),
        _nanoseconds(part.end_time) if part.end_time is not None else 0,
    )
    if part.in_progress:
        end = 0
    ours = (part.metadata or {}).get(OURS)
    if isinstance(ours, dict) and ours.get("kind") in KINDS:
        return _back(part, ours, (trace, id, parent, start, end), scope, bounds)
    attributes = dict(list(_attributes(part, bounds))[: bounds.attributes])
    failed = part.fault or part.error or part.throttle
    served = segment and part.http is not None and "request" in part.http
    asked = part.namespace in ("remote", "aws")
    return Span(
        trace, id, part.name[: bounds.text], start, end, parent,
        "server" if served else "client" if asked else "internal",
        "error" if failed else "unset", "", attributes, tuple(_exceptions(part, end or start, bounds)), scope=scope,
    )  # fmt: skip


def _nanoseconds(seconds: Decimal) -> int:
    if not seconds.is_finite() or seconds.adjusted() > 12:
        return 0
    return min(max(int(seconds.scaleb(9).to_integral_value()), 0), _HIGHEST)


def _attributes(part: _Segment, bounds: Bounds) -> Iterator[tuple[str, Any]]:
    request, response = (_object((part.http or {}).get(n)) for n in ("request", "response"))
    for held, names in ((request, REQUEST), (response, RESPONSE)):
        for attribute, key in names.items():
            if isinstance(found := held.get(key), (str, int)) and not isinstance(found, bool):
                yield attribute, _cut(found, bounds)
    for key in ("x_forwarded_for", "traced"):
        if request.get(key) is True:
            yield THEIRS + key, True
    for flag in _FLAGS:
        if getattr(part, flag):
            yield THEIRS + flag, True
    for attribute, key in SQL.items():
        if isinstance(found := (part.sql or {}).get(key), str):
            yield attribute, _cut(found, bounds)
    if part.user:
        yield "enduser.id", part.user[: bounds.text]
    for key in ("namespace", "origin"):
        if found := getattr(part, key):
            yield THEIRS + key, _cut(found, bounds)
    for key in ("aws", "sql", "service"):
        if found := getattr(part, key):
            yield THEIRS + key, _json(found, bounds)
    if isinstance(part.cause, str):
        yield THEIRS + "cause", part.cause[: bounds.text]
    if part.precursor_ids:
        yield THEIRS + "precursor_ids", tuple(_cut(p, bounds) for p in part.precursor_ids[: bounds.links])
    told = {k: v for k, v in (part.annotations or {}).items() if isinstance(v, (str, int, float, bool))}
    if told:
        yield THEIRS + "annotations", tuple(k[: bounds.text] for k in list(told)[: bounds.attributes])
    for key, value in told.items():
        yield key[: bounds.text], _cut(value, bounds)
    for key, value in (part.metadata or {}).items():
        yield f"{THEIRS}metadata.{key}"[: bounds.text], _json(value, bounds)


def _exceptions(part: _Segment, time: int, bounds: Bounds) -> Iterator[SpanEvent]:
    found = part.cause.get("exceptions") if isinstance(part.cause, dict) else None
    for one in found[: bounds.events] if isinstance(found, list) else ():
        if not isinstance(one, dict):
            continue
        told: dict[str, Any] = {
            f"exception.{k}": _cut(one[k], bounds) for k in ("type", "message") if isinstance(one.get(k), str)
        }
        if isinstance(one.get("stack"), list):
            told["exception.stacktrace"] = "\n".join(
                f"{f.get('path')}:{f.get('line')} {f.get('label')}"
                for f in one["stack"][:50]
                if isinstance(f, dict)
            )[: bounds.text]
        yield SpanEvent(time, "exception", told)


def _back(
    part: _Segment, ours: Mapping[str, Any], at: tuple[str, str, str, int, int], within: Scope, bounds: Bounds
) -> Span:
    """Return a span that was written as a segment before, as it was."""
    trace, id, parent, start, end = at
    about = _object(ours.get("scope"))
    scope = within  # where it says nothing of its own
    if within.name == SCOPE or "resource" in ours or "scope" in ours:
        scope = Scope(
            _values(ours.get("resource"), bounds), _word(about.get("name")), _word(about.get("version"))
        )
    events = [e for e in _list(ours.get("events")) if isinstance(e.get("time"), int)][: bounds.events]
    links = [
        li for li in _list(ours.get("links"))
        if re.fullmatch("[0-9a-f]{32}", _word(li.get("trace"))) and _ID.fullmatch(_word(li.get("span")))
    ]  # fmt: skip
    dropped = ours.get("dropped")
    three = isinstance(dropped, list) and len(dropped) == 3 and all(isinstance(d, int) for d in dropped)
    failed = part.fault or part.error or part.throttle
    status = ours.get("status") if ours.get("status") in STATUSES else "error" if failed else "unset"
    flags = ours.get("flags")
    return Span(
        trace, id, (_word(ours.get("name")) or part.name)[: bounds.text], start, end, parent, str(ours["kind"]),
        str(status), _word(ours.get("message"))[: bounds.text], _values(ours.get("attributes"), bounds),
        tuple(
            SpanEvent(min(max(e["time"], 0), _HIGHEST), _word(e.get("name"))[: bounds.text], _values(e.get("attributes"), bounds))
            for e in events
        ),
        tuple(
            Link(li["trace"], li["span"], _word(li.get("state"))[:512], _values(li.get("attributes"), bounds))
            for li in links[: bounds.links]
        ),
        _word(ours.get("state"))[:512], flags if isinstance(flags, int) and 0 <= flags < 1 << 32 else 0,
        tuple(dropped) if three else (0, 0, 0), scope,  # type: ignore[arg-type]
    )  # fmt: skip


def _values(given: Any, bounds: Bounds) -> dict[str, Any]:
    held = list(_object(given).items())[: bounds.attributes]
    return {k[: bounds.text]: _value(v, bounds, bounds.depth) for k, v in held}


def _value(given: Any, bounds: Bounds, depth: int) -> Any:
    if not depth:
        return None
    if isinstance(given, str):
        return given[: bounds.text]
    if isinstance(given, list):
        return tuple(_value(v, bounds, depth - 1) for v in given[: bounds.text])
    if isinstance(given, dict):
        return {
            str(k)[: bounds.text]: _value(v, bounds, depth - 1)
            for k, v in list(given.items())[: bounds.attributes]
        }
    return given


def _object(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {}


def _list(given: Any) -> list[dict[str, Any]]:
    return [g for g in given if isinstance(g, dict)] if isinstance(given, list) else []


def _word(given: Any) -> str:
    return given if isinstance(given, str) else ""


def _cut(given: Any, bounds: Bounds) -> Any:
    return given[: bounds.text] if isinstance(given, str) else given


def _json(given: Any, bounds: Bounds) -> str:
    """Return what has no name of its own as JSON; what is longer than a text may be is left out."""
    try:
        said = json.dumps(given, ensure_ascii=False)
    except RecursionError:
        return ""
    return said if len(said) <= 16 * bounds.text else ""
