"""A small HTTP server that takes spans: ``POST /v1/traces`` as OTLP says it, in protobuf or JSON, gzip or plain.

What comes is hostile: connections, headers, bodies, times and what a body unpacks to are bounded before they are read, and
one body is taken apart at a time. An answer of 200 says that the spans are kept.
"""

from __future__ import annotations

import hmac
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from assay.engines.listening import Bounded, Listener, Refused
from assay.engines.otlp.sending import PATH, TYPES
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.span import Span
from assay.methods.loopback import is_loopback
from assay.methods.traces import otlp, protobuf
from assay.methods.traces.bounds import BOUNDS, Bounds
from assay.methods.traces.gzipped import unpacked
from assay.methods.traces.protobuf import Malformed

HOST, PORT = "127.0.0.1", 4318
_INVALID, _EXHAUSTED, _UNAVAILABLE = 3, 8, 14  # of google.rpc.Code


class Busy(Exception):
    """Whoever keeps the spans cannot do so now. seconds: when to come again."""

    def __init__(self, why: str, seconds: int = 1) -> None:
        super().__init__(why)
        self.seconds = seconds


class Full(Exception):
    """No more may be kept at all."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One request that was read: its spans, what was left out of it, and the bytes that came."""

    spans: list[Span]
    rejected: int
    why: str
    bytes: int


class Receiver(Listener):
    """The server. keep: called with each request that was read, in the thread that read it; it returns when that is kept.

    keep raises Busy where it cannot now, Full where it may not. token: that each request must bear, where there is one.
    tls: where spans come over TLS.
    """

    def __init__(
        self,
        host: str,
        port: int,
        keep: Callable[[Taken], None],
        token: str = "",
        bounds: Bounds = BOUNDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.keep, self.token, self.bounds = keep, token, bounds
        self.reading = threading.Lock()
        if not token and not is_loopback(host):
            raise UsageError(
                f"whoever reaches {host} could send spans without a token",
                remedy="set ASSAY_TRACES_TOKEN, or listen on 127.0.0.1",
            )
        super().__init__(host, port, _Handler, tls)

    @property
    def url(self) -> str:
        """Return where it takes spans."""
        return self.base + PATH


class _Handler(Bounded):
    server: Receiver
    invalid = _INVALID

    @override
    def do_POST(self) -> None:
        """Take spans."""
        kind = "protobuf"
        try:
            kind = self._kind()
            self._allowed()
            body = self.body(self.server.bounds.document, _EXHAUSTED)
            self.server.due(self.connection, 0)
            with self.server.reading:
                found = self._read(body, kind)
            self.server.keep(Taken(found.spans, found.rejected, found.why, len(body)))
        except Refused as error:
            return self._failed(error.status, kind, error.code or _INVALID, str(error), error.after)
        except Malformed as error:
            return self._failed(400, kind, _INVALID, str(error))
        except Busy as error:
            return self._failed(503, kind, _UNAVAILABLE, str(error), error.seconds)
        except Full as error:
            return self._failed(507, kind, _EXHAUSTED, str(error))
        except AssayError as error:
            return self._failed(503, kind, _UNAVAILABLE, str(error), 5)
        partial: dict[str, Any] = {}
        if found.rejected:
            partial = {"rejectedSpans": found.rejected, "errorMessage": found.why}
        elif found.why:
            partial = {"errorMessage": found.why}
        return self._answer(200, kind, {"partialSuccess": partial} if partial else {}, "Response")

    def _kind(self) -> str:
        said = self.headers.get_content_type()
        for name, type in TYPES.items():
            if said == type:
                return name
        raise Refused(415, "send application/x-protobuf or application/json")

    def _allowed(self) -> None:
        if self.path.partition("?")[0] != PATH:
            raise Refused(404, f"there is only {PATH}")
        self.named()
        if self.server.token:
            given = (self.headers.get("Authorization") or "").encode()
            if not hmac.compare_digest(given, f"Bearer {self.server.token}".encode()):
                raise Refused(401, "a token is needed")

    def _read(self, body: bytes, kind: str) -> otlp.Read:
        encoding = (self.headers.get("Content-Encoding") or "identity").strip().lower()
        if encoding == "gzip":
            body = unpacked(body, self.server.bounds.document)
        elif encoding != "identity":
            raise Refused(415, "send gzip, or plain")
        return (otlp.read_protobuf if kind == "protobuf" else otlp.read_json)(body, self.server.bounds)

    def _failed(self, status: int, kind: str, code: int, why: str, after: int = 0) -> None:
        self._answer(status, kind, {"code": code, "message": why}, "RpcStatus", after)

    def _answer(self, status: int, kind: str, said: dict[str, Any], message: str, after: int = 0) -> None:
        if kind == "json":
            if partial := said.get("partialSuccess"):
                many = {"rejectedSpans": str(partial["rejectedSpans"])} if "rejectedSpans" in partial else {}
                said = {"partialSuccess": partial | many}
            body = json.dumps(said).encode()
        else:
            body = protobuf.encode(said, message)
        self.send_response(status)
        self.send_header("Content-Type", TYPES[kind])
        self.send_header("Content-Length", str(len(body)))
        if after:
            self.send_header("Retry-After", str(after))
        if status >= 400 and status not in (400, 503, 507):
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if self.close_connection and status in (411, 413):
            self.drain()
