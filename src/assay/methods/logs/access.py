"""Access logs of web servers: the Common Log Format and the Combined one (Apache's mod_log_config, nginx)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from assay.methods.logs.source import EARLIEST, LATEST, Context, Source, Values, columns

_TEXT = r'"((?:[^"\\]|\\.)*)"'
LINE = re.compile(
    rf"(\S+) (\S+) (.+?) \[([^\]]{{20,32}})\] {_TEXT} (\d{{3}}|-) (\d+|-)(?: {_TEXT} {_TEXT})?(?: (.*))?",
    re.S,
)
_WHEN = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS = {
    m: i
    for i, m in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
MAX_LINE = 1 << 16  # servers refuse request lines far shorter than this


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime:
    found = _WHEN.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        raise ValueError(f"{text!r} is no time of an access log")
    zone = timezone((1 if found[7] == "+" else -1) * timedelta(hours=int(found[8]), minutes=int(found[9])))
    parts = (int(found[3]), _MONTHS[found[2]], *(int(found[i]) for i in (1, 4, 5, 6)))
    when = datetime(*parts, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type,misc]
    if not EARLIEST <= when < LATEST:
        raise ValueError(f"its time is {when.year}, and no log was written then")
    return when


def _opened(line: bytes) -> Iterable[tuple[bytes, Context]]:
    return [(line, {})]


def _said(value: str | None) -> str | None:
    return None if value in ("-", None) else value


def _read(raw: bytes, _context: Context) -> Values:
    if len(raw) > MAX_LINE:
        raise ValueError(f"the line has {len(raw)} bytes, and {MAX_LINE} are the most")
    found = LINE.fullmatch(raw.decode("utf-8"))
    if found is None:
        raise ValueError("the line is not of the common log format")
    client, ident, user, when, request, status, size, referer, agent, rest = found.groups()
    parts = request.split(" ")
    method, target, protocol = parts if len(parts) == 3 else (None, request, None)
    path, _, query = target.partition("?")
    return (
        _moment(when), None, client, _said(ident), _said(user), method, _said(path), query or None, protocol,
        int(status) if status != "-" else None, int(size) if size != "-" and len(size) < 19 else None,
        _said(referer), _said(agent), rest,
    )  # fmt: skip


SOURCE = Source(
    "access",
    "Common and Combined Log Format",
    columns(
        ("client*", "VARCHAR", "the address or name that asked"),
        ("ident*", "VARCHAR", "the identity that the client's machine claims; mostly null"),
        ("user_name*", "VARCHAR", "the user that was authenticated"),
        ("method*", "VARCHAR", "`GET`, `POST`, …; null where the request line is no HTTP"),
        ("path*", "VARCHAR", "the target up to its question mark; the whole line where it is no HTTP"),
        ("query", "VARCHAR", "what follows the question mark"),
        ("protocol*", "VARCHAR", "`HTTP/1.1`"),
        ("status*", "SMALLINT", "the status that was answered"),
        ("bytes", "BIGINT", "bytes of the answer without its head"),
        ("referer*", "VARCHAR", "the page that led there, in the combined format"),
        ("user_agent*", "VARCHAR", "the program that asked, in the combined format"),
        ("rest", "VARCHAR", "what a server writes behind these"),
    ),
    _read,
    _opened,
    text=True,
)
