"""Spans sent to an OTLP/HTTP endpoint, in batches; what may be tried again is, a few times and not for long."""

from __future__ import annotations

import email.utils
import gzip
import http.client
import json
import random
import ssl
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assay.kernel.errors import Broken, UsageError
from assay.kernel.printable import printable
from assay.kernel.span import Span
from assay.methods.traces import otlp, protobuf
from assay.methods.traces.protobuf import Malformed

PATH = "/v1/traces"
AGAIN = (429, 502, 503, 504)  # of the specification, "retryable response codes"
_BATCH, _BYTES = 1_000, 4 << 20
_TRIES, _LONGEST, _ALTOGETHER = 6, 30.0, 120.0  # tries of a batch, seconds of one pause, and of all
_ANSWER = 1 << 20
Encoding = Literal["protobuf", "json"]
TYPES = {"protobuf": "application/x-protobuf", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where spans are sent. headers: what is sent besides, such as a token. ca: a file of certificates that are trusted."""

    url: str
    headers: Mapping[str, str]
    ca: Path | None = None
    seconds: float = 10.0

    @classmethod
    def of(
        cls, url: str, headers: Mapping[str, str] | None = None, ca: Path | None = None, seconds: float = 10.0
    ) -> Endpoint:
        """Return it, ``/v1/traces`` where the URL has no path; UsageError where it is no URL, or holds a password."""
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urllib.parse.urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise UsageError(
                f"{printable(url[:80])!r} is no URL of a collector", remedy="write http://localhost:4318"
            )
        if parts.username or parts.password:
            raise UsageError(
                "a URL with a password would be written into the log",
                remedy="set OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20… instead",
            )
        if ca is not None and not ca.is_file():
            raise UsageError(f"there is no file {str(ca)!r}", remedy="name a PEM file of certificates")
        path = parts.path if parts.path not in ("", "/") else PATH
        return cls(
            urllib.parse.urlunsplit(parts._replace(path=path, fragment="")), headers or {}, ca, seconds
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent. rejected: how many spans the endpoint did not take, and what it says of that."""

    spans: int
    requests: int
    tries: int
    rejected: int
    said: str


def send(
    endpoint: Endpoint,
    spans: Sequence[Span],
    encoding: Encoding = "protobuf",
    pause: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send spans; Broken where the endpoint cannot be reached, or does not take them."""
    requests = tries = rejected = 0
    said = ""
    end = time.monotonic() + _ALTOGETHER
    todo = [list(spans[at : at + _BATCH]) for at in range(0, len(spans), _BATCH)][::-1]
    while todo:
        batch = todo.pop()
        body = otlp.write_protobuf(batch) if encoding == "protobuf" else otlp.write_json(batch)
        if len(body) > _BYTES and len(batch) > 1:
            half = len(batch) // 2
            todo += [batch[half:], batch[:half]]
            continue
        answer, kind, took = _delivered(endpoint, body, encoding, pause, end)
        lost, why = _partial(answer, kind)
        requests, tries, rejected, said = requests + 1, tries + took, rejected + lost, said or why
    return Sent(len(spans), requests, tries, rejected, said)


def _delivered(
    endpoint: Endpoint, body: bytes, encoding: Encoding, pause: Callable[[float], None], end: float
) -> tuple[bytes, str, int]:
    packed = gzip.compress(body, compresslevel=3)
    for attempt in range(1, _TRIES + 1):
        wait = min(2.0 ** (attempt - 1), _LONGEST) * (0.5 + random.random() / 2)  # noqa: S311 - no secret
        try:
            status, answer, headers = _once(endpoint, packed, TYPES[encoding])
        except ssl.SSLCertVerificationError as error:
            raise Broken(
                f"its certificate is not trusted: {error.verify_message}",
                where=endpoint.url,
                remedy="name whoever signed it: --ca FILE",
            ) from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            problem = f"it cannot be reached: {error or type(error).__name__}"
        else:
            if status == 200:
                return answer, headers.get_content_type(), attempt
            problem = f"it answers with status {status}{_why(answer, headers.get_content_type())}"
            if status not in AGAIN:
                break
            wait = max(wait, min(_asked(headers.get("Retry-After")), _LONGEST))
        if attempt == _TRIES or time.monotonic() + wait > end:
            break
        pause(wait)
    raise Broken(
        f"the spans were not taken: {problem}",
        where=endpoint.url,
        remedy="see to the collector, and send them again",
    )


def _once(endpoint: Endpoint, body: bytes, kind: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Send once; redirects are not followed, as they would carry the spans elsewhere."""
    url = urllib.parse.urlsplit(endpoint.url)
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        context = ssl.create_default_context(cafile=str(endpoint.ca) if endpoint.ca else None)
        connection = http.client.HTTPSConnection(
            str(url.hostname), url.port, timeout=endpoint.seconds, context=context
        )
    else:
        connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=endpoint.seconds)
    path = urllib.parse.urlunsplit(("", "", url.path, url.query, ""))
    headers = {**endpoint.headers, "Content-Type": kind, "Content-Encoding": "gzip", "User-Agent": "assay"}
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read(_ANSWER), response.headers
    finally:
        connection.close()


def _asked(header: str | None) -> float:
    """Return how long a ``Retry-After`` asks to wait: seconds, or a time; 0 where it says neither."""
    if not header:
        return 0.0
    if header.strip().isdecimal() and len(header) < 9:
        return float(header)
    try:
        return max(email.utils.parsedate_to_datetime(header).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _partial(answer: bytes, kind: str) -> tuple[int, str]:
    """Return how many spans were rejected, and why, as an ExportTraceServiceResponse says it."""
    found = _read(answer, kind, "Response").get("partialSuccess")
    if not isinstance(found, dict):
        return 0, ""
    count = found.get("rejectedSpans", 0)
    if isinstance(count, str) and count.isdecimal() and len(count) < 19:
        count = int(count)
    said = found.get("errorMessage")
    return count if isinstance(count, int) and count > 0 else 0, printable(said[:300]) if isinstance(
        said, str
    ) else ""


def _why(answer: bytes, kind: str) -> str:
    said = _read(answer, kind, "RpcStatus").get("message")
    return f" ({printable(said[:200])})" if isinstance(said, str) and said else ""


def _read(answer: bytes, kind: str, message: str) -> dict[str, object]:
    try:
        if kind == TYPES["json"]:
            found = json.loads(answer or b"{}")
            return found if isinstance(found, dict) else {}
        return protobuf.decode(answer, message, 100) if kind == TYPES["protobuf"] else {}
    except (Malformed, ValueError, RecursionError):
        return {}
