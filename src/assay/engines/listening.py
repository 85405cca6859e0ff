"""A small HTTP server for what programs send: connections, headers, bodies and times are bounded before anything is read.

Each connection has a thread of its own, of so many. Listening on this machine alone it answers to its own name only, so that a page in a
browser that was rebound to it gets nothing.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from assay.engines.terminal import say_fault
from assay.kernel.errors import UsageError
from assay.methods.loopback import is_loopback

CONNECTIONS = 64
_QUIET = 10.0  # seconds that a connection may say nothing
_REQUEST = 30.0  # seconds that a request may take to come
_LINGER = 0.1  # seconds that one who is told to come again may take to hear it
_SAY_AGAIN = 10.0  # seconds between faults that are said
_DRAIN, _DRAINED = 3.0, 64 << 20  # seconds and bytes of a body that was refused and is passed over


class Refused(Exception):
    """A request that is not served. status: of HTTP; code: what the protocol above calls it; after: seconds to wait."""

    def __init__(self, status: int, why: str, code: int = 0, after: int = 0) -> None:
        super().__init__(why)
        self.status, self.code, self.after = status, code, after


class Listener(ThreadingHTTPServer):
    """The server. handler: what answers; tls: where it speaks TLS. UsageError where the address cannot be listened on."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, host: str, port: int, handler: type[Bounded], tls: ssl.SSLContext | None = None
    ) -> None:
        self.tls, self.local = tls, is_loopback(host)
        self._told = (-_SAY_AGAIN, 0)  # when a fault was said last, and how many were not since
        self._room = threading.BoundedSemaphore(CONNECTIONS)
        self._due: dict[
            socket.socket, float
        ] = {}  # connections whose request has not come whole, and by when it must
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), handler)
        except OSError as error:
            raise UsageError(
                f"{host}:{port} cannot be listened on: {error.strerror or error}",
                remedy="name another port",
            ) from None

    @property
    def base(self) -> str:
        """Return where it listens, as a URL without a path."""
        host, port = self.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http{'s' if self.tls else ''}://{shown}:{port}"

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
        """Say a fault of ours in one line, without what was sent; a connection that broke is no concern of ours."""
        error = sys.exc_info()[1]
        if error is None or isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)):
            return
        now, (last, passed) = time.monotonic(), self._told
        if now - last < _SAY_AGAIN:  # whoever can cause one can cause thousands
            self._told = (last, passed + 1)
            return
        self._told = (now, 0)
        say_fault(error, f", and {passed:,} before it" if passed else "")


class Bounded(BaseHTTPRequestHandler):
    """One connection: requests that come in time, with bodies of a length that is said and bounded."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "assay", ""
    timeout = _QUIET
    server: Listener
    invalid = 0  # what the protocol calls a request that is none

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
        body = json.dumps(
            {"code": self.invalid, "message": "only POST is served" if method else f"{message}"}
        )
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
        """Answer one request; each kind of server has its own."""
        raise NotImplementedError

    def named(self) -> None:
        """Refuse a request to another name than this machine's own, where nobody else can reach it."""
        host = (self.headers.get("Host") or "").rpartition(":")[0] or (self.headers.get("Host") or "")
        if self.server.local and not is_loopback(host.strip("[]")):
            raise Refused(421, "this server is asked by its own name only")  # a page that was rebound to it

    def body(self, most: int, code: int = 0) -> bytes:
        """Return a request's body; Refused where its length is not said, or is more than ``most``."""
        lengths = set(self.headers.get_all("Content-Length") or ("",))
        if len(lengths) > 1:  # a proxy before us may have read the other
            self.close_connection = True
            raise Refused(400, "the body has two lengths")
        (length,) = lengths
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise Refused(411, "send the body's length")
        if not length.isascii() or not length.isdecimal() or len(length) > 12:
            self.close_connection = True
            raise Refused(411, "send the body's length")
        if int(length) > most:
            self.close_connection = True
            raise Refused(413, f"a body has at most {most >> 20} MB", code)
        left = int(length)
        out = bytearray()
        while left:
            part = self.rfile.read1(min(left, 1 << 16))
            if not part:
                self.close_connection = True
                raise Refused(408, "the body did not come")
            out += part
            left -= len(part)
        return bytes(out)

    def drain(self) -> None:
        """Pass over some of a body that was not read: a sender that is cut off while it sends never sees the answer."""
        self.server.due(self.connection, _DRAIN)
        left = _DRAINED
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and (part := self.rfile.read1(min(left, 1 << 16))):
                left -= len(part)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what comes from outside is counted, and kept in the office."""
