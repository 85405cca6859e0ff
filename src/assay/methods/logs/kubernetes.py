"""Kubernetes audit logs (audit.k8s.io/v1): an event a line, or an EventList as a webhook gets it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from assay.methods.logs.source import Context, Source, Values, columns, moment, refused


class _User(msgspec.Struct):
    username: str | None = None
    groups: list[str] | None = None


class _Object(msgspec.Struct):
    resource: str | None = None
    namespace: str | None = None
    name: str | None = None
    apiGroup: str | None = None  # noqa: N815
    subresource: str | None = None


class _Status(msgspec.Struct):
    code: int | None = None
    reason: str | None = None
    message: str | None = None


class _Event(msgspec.Struct):
    auditID: str  # noqa: N815
    stage: str
    level: str | None = None
    verb: str | None = None
    requestURI: str | None = None  # noqa: N815
    user: _User | None = None
    impersonatedUser: _User | None = None  # noqa: N815
    sourceIPs: list[str] | None = None  # noqa: N815
    userAgent: str | None = None  # noqa: N815
    objectRef: _Object | None = None  # noqa: N815
    responseStatus: _Status | None = None  # noqa: N815
    requestReceivedTimestamp: datetime | None = None  # noqa: N815
    stageTimestamp: datetime | None = None  # noqa: N815
    annotations: dict[str, str] | None = None


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Event).decode
_open = msgspec.json.Decoder(_List).decode
_NOBODY, _NOTHING, _NO_STATUS = _User(), _Object(), _Status()


def _opened(document: bytes) -> Iterable[tuple[bytes, Context]]:
    try:
        found = _open(document)
    except (msgspec.MsgspecError, RecursionError):
        return [(document, {})]
    return [(document, {})] if found.items is None else [(bytes(e), {}) for e in found.items]


def _read(raw: bytes, _context: Context) -> Values:
    try:
        e = _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refused(error) from None
    who, what, answer = e.user or _NOBODY, e.objectRef or _NOTHING, e.responseStatus or _NO_STATUS
    notes = e.annotations or {}
    return (
        moment(e.stageTimestamp or e.requestReceivedTimestamp),
        f"{e.auditID}/{e.stage}",
        e.auditID,
        e.stage,
        e.level,
        e.verb,
        who.username,
        ",".join(who.groups) if who.groups else None,
        (e.impersonatedUser or _NOBODY).username,
        e.sourceIPs[0] if e.sourceIPs else None,
        e.userAgent,
        what.apiGroup,
        what.resource,
        what.subresource,
        what.namespace,
        what.name,
        e.requestURI,
        answer.code,
        answer.reason,
        notes.get("authorization.k8s.io/decision"),
        notes.get("authorization.k8s.io/reason"),
    )


SOURCE = Source(
    "kubernetes",
    "Kubernetes audit log",
    columns(
        ("audit_id", "VARCHAR", "the request's own name, the same at each of its stages"),
        ("stage*", "VARCHAR", "`RequestReceived`, `ResponseStarted`, `ResponseComplete`, `Panic`"),
        ("level*", "VARCHAR", "`Metadata`, `Request`, `RequestResponse`"),
        ("verb*", "VARCHAR", "`get`, `list`, `create`, `delete`, …"),
        ("user_name*", "VARCHAR", "who asked"),
        ("groups*", "VARCHAR", "the groups of who asked, with commas between"),
        ("impersonated*", "VARCHAR", "whom they acted as, where they did"),
        ("source_ip*", "VARCHAR", "the first of the addresses the request came from"),
        ("user_agent*", "VARCHAR", "the program that asked"),
        ("api_group*", "VARCHAR", "the group of the resource; null for the core"),
        ("resource*", "VARCHAR", "`pods`, `secrets`, …"),
        ("subresource*", "VARCHAR", "`exec`, `log`, …"),
        ("namespace*", "VARCHAR", "the namespace, where the resource has one"),
        ("name*", "VARCHAR", "the object's name"),
        ("uri*", "VARCHAR", "the request's URI"),
        ("status*", "INTEGER", "the status that was answered"),
        ("reason*", "VARCHAR", "the reason of a failure: `Forbidden`, `NotFound`, …"),
        ("decision*", "VARCHAR", "`allow` or `forbid`, as the authoriser said"),
        ("decided_by*", "VARCHAR", "why the authoriser said so"),
    ),
    _read,
    _opened,
    unique=True,
    computed=(
        ("request", "(raw->'$.requestObject')", "JSON", "the object that was sent, at levels that keep it"),
        (
            "response",
            "(raw->'$.responseObject')",
            "JSON",
            "the object that was answered, at levels that keep it",
        ),
    ),
)
