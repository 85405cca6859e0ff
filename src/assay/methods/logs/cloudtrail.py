"""CloudTrail: files of ``{"Records": […]}``, or one record a line as CloudTrail Lake and EventBridge give them.

Fields are those of the CloudTrail record, event version 1.11.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from assay.methods.logs.source import Context, Source, Values, columns, moment, refused


class _Attributes(msgspec.Struct, gc=False):
    mfaAuthenticated: str | bool | None = None  # noqa: N815


class _Issuer(msgspec.Struct, gc=False):
    arn: str | None = None


class _Session(msgspec.Struct, gc=False):
    sessionIssuer: _Issuer | None = None  # noqa: N815
    attributes: _Attributes | None = None


class _Identity(msgspec.Struct, gc=False):
    type: str | None = None
    principalId: str | None = None  # noqa: N815
    arn: str | None = None
    accountId: str | None = None  # noqa: N815
    accessKeyId: str | None = None  # noqa: N815
    userName: str | None = None  # noqa: N815
    sessionContext: _Session | None = None  # noqa: N815
    invokedBy: str | None = None  # noqa: N815


class _Record(msgspec.Struct, gc=False, kw_only=True):
    """Fields in the order in which CloudTrail writes them: each is looked for behind the one before."""

    userIdentity: _Identity | None = None  # noqa: N815
    eventTime: datetime  # noqa: N815
    eventSource: str | None = None  # noqa: N815
    eventName: str | None = None  # noqa: N815
    awsRegion: str | None = None  # noqa: N815
    sourceIPAddress: str | None = None  # noqa: N815
    userAgent: str | None = None  # noqa: N815
    errorCode: str | None = None  # noqa: N815
    errorMessage: str | None = None  # noqa: N815
    requestID: str | None = None  # noqa: N815
    eventID: str  # noqa: N815
    readOnly: bool | str | None = None  # noqa: N815
    eventType: str | None = None  # noqa: N815
    managementEvent: bool | None = None  # noqa: N815
    recipientAccountId: str | None = None  # noqa: N815
    eventCategory: str | None = None  # noqa: N815


class _File(msgspec.Struct):
    Records: list[msgspec.Raw] | None = None
    detail: msgspec.Raw = msgspec.Raw()  # no `| None`: msgspec would then take nothing but null
    digestStartTime: Any = None  # noqa: N815
    logFiles: Any = None  # noqa: N815


_decode = msgspec.json.Decoder(_Record).decode
_open = msgspec.json.Decoder(_File).decode
_NOBODY, _NO_SESSION, _NO_ISSUER, _NO_ATTRIBUTES = _Identity(), _Session(), _Issuer(), _Attributes()
_NOTHING: Context = {}


def _opened(document: bytes) -> Iterable[tuple[bytes, Context]]:
    try:
        found = _open(document)
    except (msgspec.MsgspecError, RecursionError):
        return [(document, _NOTHING)]
    if found.Records is not None:
        return [(bytes(r), _NOTHING) for r in found.Records]
    if found.digestStartTime is not None and found.logFiles is not None:
        return []  # a digest, which CloudTrail lays beside its logs
    inner = bytes(found.detail)
    if inner.startswith(b"{") and b'"detail-type"' in document:  # an EventBridge event around the record
        return [(inner, _NOTHING)]
    return [(document, _NOTHING)]


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) or value is None else value == "true"


def _read(raw: bytes, _context: Context) -> Values:
    try:
        r = _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refused(error) from None
    who = r.userIdentity or _NOBODY
    session = who.sessionContext or _NO_SESSION
    return (
        moment(r.eventTime),
        r.eventID,
        r.eventSource,
        r.eventName,
        r.eventType,
        r.eventCategory,
        r.awsRegion,
        r.recipientAccountId,
        r.sourceIPAddress,
        r.userAgent,
        r.errorCode,
        r.errorMessage,
        _flag(r.readOnly),
        r.managementEvent,
        r.requestID,
        who.type,
        who.arn,
        who.accountId,
        who.principalId,
        who.accessKeyId,
        who.userName,
        who.invokedBy,
        (session.sessionIssuer or _NO_ISSUER).arn,
        _flag((session.attributes or _NO_ATTRIBUTES).mfaAuthenticated),
    )


SOURCE = Source(
    "cloudtrail",
    "AWS CloudTrail",
    columns(
        ("event_source*", "VARCHAR", "the service that was asked: `s3.amazonaws.com`"),
        ("event_name*", "VARCHAR", "the action: `GetObject`"),
        ("event_type*", "VARCHAR", "`AwsApiCall`, `AwsConsoleSignIn`, `AwsServiceEvent`, …"),
        ("event_category*", "VARCHAR", "`Management`, `Data`, `Insight`, …"),
        ("aws_region*", "VARCHAR", "the region that was asked"),
        ("account*", "VARCHAR", "the account that received the event"),
        ("source_ip*", "VARCHAR", "the address the request came from, or the service that made it"),
        ("user_agent*", "VARCHAR", "the program that asked"),
        ("error_code*", "VARCHAR", "null where it was granted and done"),
        ("error_message*", "VARCHAR", "what the service said of the error"),
        ("read_only*", "BOOLEAN", "whether the action changes nothing"),
        ("management_event*", "BOOLEAN", "whether it is an event of management"),
        ("request_id", "VARCHAR", "the service's own name of the request"),
        ("identity_type*", "VARCHAR", "`Root`, `IAMUser`, `AssumedRole`, `AWSService`, …"),
        ("identity_arn*", "VARCHAR", "who asked"),
        ("identity_account*", "VARCHAR", "the account of who asked"),
        ("principal_id*", "VARCHAR", "the principal's unique identifier"),
        ("access_key_id*", "VARCHAR", "the access key that signed the request"),
        ("user_name*", "VARCHAR", "the friendly name of who asked, where there is one"),
        ("invoked_by*", "VARCHAR", "the service that asked for somebody"),
        ("role_arn*", "VARCHAR", "the role behind an assumed session"),
        ("mfa*", "BOOLEAN", "whether the session was begun with a second factor"),
    ),
    _read,
    _opened,
    unique=True,
    computed=(
        ("request", "(raw->'$.requestParameters')", "JSON", "the parameters of the request"),
        ("response", "(raw->'$.responseElements')", "JSON", "what the service answered"),
        ("resources", "(raw->'$.resources')", "JSON", "the resources that were touched"),
        ("additional", "(raw->'$.additionalEventData')", "JSON", "what else the service tells"),
    ),
)
