"""CloudWatch Logs: an export's lines of text, the answers of GetLogEvents and FilterLogEvents, and subscriptions' messages."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from assay.methods.logs.source import Context, Source, Values, columns, moment, refused

_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ")


class _Event(msgspec.Struct):
    timestamp: int
    message: str
    id: str | None = None
    eventId: str | None = None  # noqa: N815
    logStreamName: str | None = None  # noqa: N815
    ingestionTime: int | None = None  # noqa: N815


class _Document(msgspec.Struct):
    messageType: str | None = None  # noqa: N815
    owner: str | None = None
    logGroup: str | None = None  # noqa: N815
    logStream: str | None = None  # noqa: N815
    logEvents: list[msgspec.Raw] | None = None  # noqa: N815
    events: list[msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Event).decode
_open = msgspec.json.Decoder(_Document).decode


def _opened(document: bytes) -> Iterable[tuple[bytes, Context]]:
    if not document.lstrip().startswith(b"{"):
        return [(document, {})]
    try:
        found = _open(document)
    except (msgspec.MsgspecError, RecursionError):
        return [(document, {})]
    if found.messageType == "CONTROL_MESSAGE":  # sent to see whether the receiver is there
        return []
    events = found.logEvents if found.logEvents is not None else found.events
    if events is None:
        return [(document, {})]
    about = {"owner": found.owner, "group": found.logGroup, "stream": found.logStream}
    return [(bytes(e), about) for e in events]


def starts(line: bytes) -> bool:
    """Whether a line of an export begins an event: one that does not goes on with the event before it."""
    return _STAMP.match(line) is not None


def _read(raw: bytes, context: Context) -> Values:
    if not raw.startswith(b"{"):
        when, blank, message = raw.partition(b" ")
        if not blank or not starts(raw):
            raise ValueError("the line does not begin with a time")
        stream = context.get("stream") or context.get("folder")
        return (
            moment(when.decode("ascii")), None, context.get("group"), stream, None, None, message.decode("utf-8"),
        )  # fmt: skip
    try:
        e = _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refused(error) from None
    taken = None if e.ingestionTime is None else moment(e.ingestionTime)
    stream = e.logStreamName or context.get("stream")
    return (
        moment(e.timestamp),
        e.id or e.eventId,
        context.get("group"),
        stream,
        context.get("owner"),
        taken,
        e.message,
    )


SOURCE = Source(
    "cloudwatch",
    "CloudWatch Logs",
    columns(
        ("log_group*", "VARCHAR", "the log group, where the file tells"),
        ("log_stream*", "VARCHAR", "the log stream; of an export, the folder that the file lies in"),
        ("owner*", "VARCHAR", "the account, of a subscription's messages"),
        ("ingested", "TIMESTAMP WITH TIME ZONE", "when CloudWatch took it in"),
        ("message", "VARCHAR", "the message; of several lines where it had them"),
    ),
    _read,
    _opened,
    unique=True,
    continues=lambda line: not starts(line),
)
