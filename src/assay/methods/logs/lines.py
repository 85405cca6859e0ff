"""JSON lines of any program: what most of them have is found under the names that most of them use."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from assay.methods.logs.source import Context, Source, Values, columns, moment, refused

TIMES = ("time", "timestamp", "@timestamp", "ts", "t", "datetime", "date", "eventTime", "asctime", "created")
_LEVELS = ("level", "severity", "levelname", "lvl", "log.level", "loglevel")
_MESSAGES = ("message", "msg", "event", "log", "text")
_LOGGERS = ("logger", "name", "service", "component", "logger_name", "source")
_ACTORS = ("user", "actor", "username", "user_id", "principal", "who")
_TRACES = ("trace_id", "traceId", "trace", "dd.trace_id")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


_OURS = b'{"schema": "assay.checkpoint/1"'  # the last line of another office's ledger, exported


def _opened(document: bytes) -> Iterable[tuple[bytes, Context]]:
    return [] if document.startswith(_OURS) else [(document, {})]


def _first(found: dict[str, Any], names: Iterable[str]) -> Any:
    return next((found[n] for n in names if found.get(n) is not None), None)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read(raw: bytes, context: Context) -> Values:
    try:
        found = _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refused(error) from None
    named = context.get("time")
    when = _first(found, (named,) if named else TIMES)
    if isinstance(when, str) and when.replace(".", "", 1).isdecimal() and len(when) < 25:
        when = float(when) if "." in when else int(when)
    if when is None:
        raise ValueError(f"it has no time under {named or 'any of the usual names'}")
    texts = (_text(_first(found, n)) for n in (_LEVELS, _MESSAGES, _LOGGERS, _ACTORS, _TRACES))
    return (moment(when), None, *texts)


SOURCE = Source(
    "jsonl",
    "JSON lines",
    columns(
        ("level*", "VARCHAR", "from `level`, `severity`, `levelname`, …"),
        ("message", "VARCHAR", "from `message`, `msg`, `event`, …"),
        ("logger*", "VARCHAR", "from `logger`, `name`, `service`, …"),
        ("actor*", "VARCHAR", "from `user`, `actor`, `principal`, …"),
        ("trace_id", "VARCHAR", "from `trace_id`, `traceId`, …"),
    ),
    _read,
    _opened,
)
