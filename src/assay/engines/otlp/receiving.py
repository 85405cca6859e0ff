"""A small HTTP server that takes spans: ``POST /v1/traces`` as OTLP says it, in protobuf or JSON, gzip or plain.

What comes is hostile: connections, headers, bodies, times and what a body unpacks to are bounded before they are read, and
one body is taken apart at a time. An answer of 200 says that the spans are kept.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from assay.engines.otlp.sending import PATH, TYPES
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.span import Span
from assay.methods.loopback import is_loopback
from assay.methods.traces import otlp, protobuf
from assay.methods.traces.bounds import BOUNDS, Bounds
from assay.methods.traces.gzipped import unpacked
from assay.methods.traces.protobuf import Malformed

HOST, PORT = "127.0.0.1", 4318
CONNECTIONS = 64
_QUIET = 10.0  # seconds that a connection may say nothing
_REQUEST = 30.0  # seconds that a request may take to come
_LINGER = 0.1  # seconds that one who is told to come again may take to hear it
_DRAIN, _DRAINED = 3.0, 64 << 20  # seconds and bytes of a body that was refused and is passed over
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


class _Refused(Exception):
    def __init__(self, status: int, why: str, code: int = _INVALID, after: int = 0) -> None:
        super().__init__(why)
        self.status, self.code, self.after = status, code, after


class Receiver(ThreadingHTTPServer):
    """The server. keep: called with each request that was read, in the thread that read it; it returns when that is kept.

    keep raises Busy where it cannot now, Full where it may not. token: that each request must bear, where there is one.
    tls: where spans come over TLS.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        host: str,
        port: int,
        keep: Callable[[Taken], None],
        token: str = "",
        bounds: Bounds = BOUNDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.keep, self.token, self.bounds, self.tls = keep, token, bounds, tls
        self.reading = threading.Lock()
        self._room = threading.BoundedSemaphore(CONNECTIONS)
        self._due: dict[
            socket.socket, float
        ] = {}  # connections whose request has not come whole, and by when it must
        self.local = is_loopback(host)
        if not self.local and not token:
            raise UsageError(
                f"whoever reaches {host} could send spans without a token",
                remedy="set ASSAY_TRACES_TOKEN, or listen on 127.0.0.1",
            )
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise UsageError(
                f"{host}:{port} cannot be listened on: {error.strerror or error}",
                remedy="name another --port",
            ) from None

    @property
    def url(self) -> str:
        """Return where it takes spans."""
        host, port = self.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http{'s' if self.tls else ''}://{shown}:{port}{PATH}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own; where too many are under way, say so and close."""
        if not self._room.acquire(blocking=False):
            try:
                request.settimeout(1)
                request.sendall(
                    b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                request.shutdown(socket.SHUT_WR)
                until = (
                    time.monotonic() + _LINGER
                )  # closed with bytes unread, it would be reset and the answer lost
                while (left := until - time.monotonic()) > 0:
                    request.settimeout(left)
                    if not request.recv(1 << 16):
                        break
            except OSError:
                pass
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room again."""
        try:
            shaken = request if self.tls is None else self._shaken(request, self.tls)
            if shaken is not None:
                super().process_request_thread(shaken, client_address)
        finally:
            self._room.release()

    def _shaken(self, request: socket.socket, tls: ssl.SSLContext) -> ssl.SSLSocket | None:
        """Return a connection over TLS, here and not where others wait to be let in; None of one that speaks none in time."""
        self.due(request, _QUIET)
        request.settimeout(_QUIET)
        try:
            return tls.wrap_socket(request, server_side=True)
        except (OSError, ValueError):
            self.shutdown_request(request)
            return None
        finally:
            self.due(request, 0)

    def due(self, connection: socket.socket, seconds: float) -> None:
        """Say by when a connection's request must have come, or (0) that it has."""
        if seconds:
            self._due[connection] = time.monotonic() + seconds
        else:
            self._due.pop(connection, None)

    def service_actions(self) -> None:
        """End the connections whose request comes a byte at a time."""
        now = time.monotonic()
        for connection, end in list(self._due.items()):
            if now > end:
                self._due.pop(connection, None)
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is no concern of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "assay", ""
    timeout = _QUIET
    server: Receiver

    def handle_one_request(self) -> None:
        """Answer one request, if it comes in time."""
        self.server.due(self.connection, _REQUEST)
        try:
            super().handle_one_request()
        finally:
            self.server.due(self.connection, 0)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request that is served here: another method, or none at all."""
        self.close_connection = True
        method = code == 501
        body = json.dumps({"code": _INVALID, "message": "only POST is served" if method else f"{message}"})
        self.send_response(405 if method else code)
        if method:
            self.send_header("Allow", "POST")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def do_POST(self) -> None:
        """Take spans."""
        kind = "protobuf"
        try:
            kind = self._kind()
            self._allowed()
            body = self._body()
            self.server.due(self.connection, 0)
            with self.server.reading:
                found = self._read(body, kind)
            self.server.keep(Taken(found.spans, found.rejected, found.why, len(body)))
        except _Refused as error:
            return self._failed(error.status, kind, error.code, str(error), error.after)
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
        raise _Refused(415, "send application/x-protobuf or application/json")

    def _allowed(self) -> None:
        if self.path.partition("?")[0] != PATH:
            raise _Refused(404, f"there is only {PATH}")
        host = (self.headers.get("Host") or "").rpartition(":")[0] or (self.headers.get("Host") or "")
        if self.server.local and not is_loopback(host.strip("[]")):
            raise _Refused(421, "this server is asked by its own name only")  # a page that was rebound to it
        if self.server.token:
            given = (self.headers.get("Authorization") or "").encode()
            if not hmac.compare_digest(given, f"Bearer {self.server.token}".encode()):
                raise _Refused(401, "a token is needed")

    def _body(self) -> bytes:
        lengths = set(self.headers.get_all("Content-Length") or ("",))
        if len(lengths) > 1:  # a proxy before us may have read the other
            self.close_connection = True
            raise _Refused(400, "the body has two lengths")
        (length,) = lengths
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise _Refused(411, "send the body's length")
        if not length.isascii() or not length.isdecimal() or len(length) > 12:
            self.close_connection = True
            raise _Refused(411, "send the body's length")
        most = self.server.bounds.document
        if int(length) > most:
            self.close_connection = True
            raise _Refused(413, f"a body has at most {most >> 20} MB", _EXHAUSTED)
        left = int(length)
        out = bytearray()
        while left:
            part = self.rfile.read1(min(left, 1 << 16))
            if not part:
                self.close_connection = True
                raise _Refused(408, "the body did not come")
            out += part
            left -= len(part)
        return bytes(out)

    def _read(self, body: bytes, kind: str) -> otlp.Read:
        encoding = (self.headers.get("Content-Encoding") or "identity").strip().lower()
        if encoding == "gzip":
            body = unpacked(body, self.server.bounds.document)
        elif encoding != "identity":
            raise _Refused(415, "send gzip, or plain")
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
            self._drain()

    def _drain(self) -> None:
        """Pass over some of a body that was not read: a sender that is cut off while it sends never sees the answer."""
        self.server.due(self.connection, _DRAIN)
        left = _DRAINED
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and (part := self.rfile.read1(min(left, 1 << 16))):
                left -= len(part)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what comes from outside is counted, and kept in the office."""
