"""The proxy of one job: HTTP proxy semantics at listeners inside the job's walls, connections of this machine outside.

It is asked with CONNECT for TLS, where the name in the first message must be the one asked for, and with an absolute
address for plain HTTP, one request a connection. Everything else is refused, and every decision is told. RFC 9110 9.3.6.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import selectors
import socket
import threading
import time
from urllib.parse import urlsplit

from assay.engines.egress import tls
from assay.engines.egress.addresses import Address
from assay.engines.egress.policy import Egress

_HEAD = 32 << 10  # bytes of a request's head
_PATIENCE = 15.0  # seconds for a head, or for a connection to stand
_IDLE = 300.0
_MOST = 128  # connections at once
_CHUNK = 1 << 17
_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH")
_OWN = ("proxy-authorization", "proxy-connection", "connection", "keep-alive", "te", "upgrade")
_SAID = {
    400: "Bad Request", 403: "Forbidden", 407: "Proxy Authentication Required", 411: "Length Required", 502: "Bad Gateway",
}  # fmt: skip


class Proxy:
    """Listens for one job until it is closed. listeners: descriptors of sockets in the job's own network."""

    def __init__(self, egress: Egress, listeners: tuple[int, ...]) -> None:
        self.egress = egress
        self._listeners = [socket.socket(fileno=handle) for handle in listeners]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._wake, self._waker = socket.socketpair()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to listen."""
        self.egress.begin()
        thread = threading.Thread(target=self._listen, name="assay-egress", daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """End every connection, and the credential."""
        self.egress.end()
        with self._lock:
            self._closed = True
            held = list(self._open)
        with contextlib.suppress(OSError):
            self._waker.send(b"x")
        for one in held:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        until = time.monotonic() + 5
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for one in (*self._listeners, self._wake, self._waker):
            one.close()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._wake, selectors.EVENT_READ)
            for listener in self._listeners:
                listener.setblocking(False)
                waiting.register(listener, selectors.EVENT_READ)
            while not self._closed:
                for key, _ in waiting.select():
                    if key.fileobj is self._wake:
                        return
                    with contextlib.suppress(OSError):
                        client, _ = key.fileobj.accept()  # type: ignore[union-attr]
                        self._take(client)

    def _take(self, client: socket.socket) -> None:
        client.setblocking(True)
        with self._lock:
            if self._closed or len(self._open) >= 2 * _MOST:
                client.close()
                return
            self._open.add(client)
        self._threads = [t for t in self._threads if t.is_alive()]
        thread = threading.Thread(target=self._serve, args=(client,), name="assay-egress-one", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        try:
            client.settimeout(_PATIENCE)
            server = self._answered(client)
        except (OSError, ValueError):
            pass  # whoever asks so gets nothing
        finally:
            for one in (client, server):
                if one is not None:
                    self._forget(one)

    def _forget(self, one: socket.socket) -> None:
        with self._lock:
            self._open.discard(one)
        one.close()

    def _answered(self, client: socket.socket) -> socket.socket | None:
        head, rest = _head(client)
        method, target, headers = _parsed(head)
        if not self._known(headers):
            self.egress.decided(False, method, target, why="without the job's credential, or after its end")
            _refuse(client, 407, "Proxy-Authenticate: Basic realm=assay\r\n")
            return None
        if method == "CONNECT":
            return self._tunnel(client, target, rest)
        return self._forward(client, method, target, headers, rest)

    def _known(self, headers: list[tuple[str, str]]) -> bool:
        for name, value in headers:
            if name.lower() == "proxy-authorization":
                kind, _, given = value.partition(" ")
                try:
                    said = base64.b64decode(given.strip(), validate=True).decode()
                except (binascii.Error, UnicodeDecodeError):
                    return False
                return kind.lower() == "basic" and self.egress.knows(said.rpartition(":")[2])
        return False

    def _tunnel(self, client: socket.socket, target: str, rest: bytes) -> socket.socket | None:
        host, port = _authority(target, None)
        addresses, why = self.egress.addresses("https", host, port)
        if why:
            self.egress.decided(False, "CONNECT", target, why=why)
            _refuse(client, 403)
            return None
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        hello = _hello(client, rest)
        asked = tls.server_name(hello) if hello is not None else None
        if hello is None or asked is None or (asked or host) != host:
            why = (
                "what it speaks there is no TLS" if asked is None else f"its TLS asks for {asked[:253]} there"
            )
            self.egress.decided(False, "CONNECT", target, why=why)
            return None
        server = self._connected("CONNECT", target, addresses, port)
        if server is not None:
            server.sendall(hello)
            self._relay(client, server)
        return server

    def _forward(
        self, client: socket.socket, method: str, target: str, headers: list[tuple[str, str]], rest: bytes
    ) -> socket.socket | None:
        parts = urlsplit(target)
        if method not in _METHODS or parts.scheme != "http" or not target.startswith("http://"):
            self.egress.decided(False, method, target, why="no request that a proxy takes")
            _refuse(client, 400)
            return None
        host, port = _authority(parts.netloc, 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        addresses, why = self.egress.addresses("http", host, port, path)
        if why:
            self.egress.decided(False, method, target, why=why)
            _refuse(client, 403)
            return None
        length = _length(headers)
        if length is None:
            self.egress.decided(False, method, target, why="a body whose length is not said")
            _refuse(client, 411)
            return None
        server = self._connected(method, target, addresses, port)
        if server is None:
            _refuse(client, 502)
            return None
        kept = "".join(f"{n}: {v}\r\n" for n, v in headers if n.lower() not in (*_OWN, "host"))
        shown = f"[{host}]" if ":" in host else host
        lines = f"{method} {path} HTTP/1.1\r\nHost: {shown}:{port}\r\n{kept}Connection: close\r\n\r\n"
        server.sendall(lines.encode("latin-1"))
        _pass_on(client, server, rest, length)
        while part := server.recv(_CHUNK):
            client.sendall(part)
        return server

    def _connected(
        self, method: str, target: str, addresses: tuple[Address, ...], port: int
    ) -> socket.socket | None:
        """Connect to one of the addresses that were judged, and to no other."""
        for address in addresses:
            try:
                server = socket.create_connection((str(address), port), _PATIENCE)
            except OSError:
                continue
            server.settimeout(_IDLE)
            with self._lock:
                self._open.add(server)
            self.egress.decided(True, method, target, str(address))
            return server
        self.egress.decided(True, method, target, str(addresses[0]), "allowed, and nobody answered there")
        return None

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        client.settimeout(_IDLE)
        back = threading.Thread(target=_copy, args=(server, client), name="assay-egress-back", daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(_CHUNK):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    held, until = b"", time.monotonic() + _PATIENCE
    while b"\r\n\r\n" not in held:
        part = client.recv(1 << 14)
        if not part or len(held) > _HEAD or time.monotonic() > until:
            raise ValueError("no whole head")
        held += part
    head, _, rest = held.partition(b"\r\n\r\n")
    return head, rest


def _parsed(head: bytes) -> tuple[str, str, list[tuple[str, str]]]:
    lines = head.decode("latin-1").split("\r\n")
    method, target, version = lines[0].split(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or any(
        "\n" in line or "\r" in line or "\0" in line for line in lines
    ):
        raise ValueError("no head of HTTP/1.1")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or not all(c.isalnum() or c in "!#$%&'*+-.^_`|~" for c in name):
            raise ValueError("no header")
        headers.append((name, value.strip()))
    return method, target, headers


def _authority(text: str, port: int | None) -> tuple[str, int]:
    """Return host and port of what stands in a request, the host in small letters and without a dot at its end."""
    parts = urlsplit(f"//{text}")
    found = parts.port if parts.port is not None else port
    if found is None or not parts.hostname or parts.username is not None or parts.path:
        raise ValueError("no authority")
    return parts.hostname.lower().rstrip("."), found


def _length(headers: list[tuple[str, str]]) -> int | None:
    """Return how long a body is; None where it does not say it in one plain number."""
    if any(n.lower() in ("transfer-encoding", "expect") for n, _ in headers):
        return None
    said = {v for n, v in headers if n.lower() == "content-length"}
    if not said:
        return 0
    one = said.pop()
    return int(one) if not said and one.isascii() and one.isdigit() and len(one) < 16 else None


def _pass_on(client: socket.socket, server: socket.socket, rest: bytes, length: int) -> None:
    """Pass on the body, and no byte more: what came after it would be a second request that nobody judged."""
    sent = rest[:length]
    server.sendall(sent)
    left = length - len(sent)
    while left:
        part = client.recv(min(left, _CHUNK))
        if not part:
            raise ValueError("the body ends early")
        server.sendall(part)
        left -= len(part)


def _hello(client: socket.socket, rest: bytes) -> bytes | None:
    held, length = rest, None
    while length is None or len(held) < length:
        if len(held) >= 5 and length is None:
            length = tls.record_length(held)
            if length is None:
                return None
            continue
        part = client.recv(tls.LONGEST)
        if not part:
            return None
        held += part
    return held if len(held) == length else None


def _refuse(client: socket.socket, code: int, more: str = "") -> None:
    said = f"HTTP/1.1 {code} {_SAID[code]}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(OSError):
        client.sendall(said.encode())
        client.shutdown(
            socket.SHUT_WR
        )  # what is still on its way is read, or the answer would be lost with it
        until = time.monotonic() + 1
        client.settimeout(0.2)
        while time.monotonic() < until and client.recv(_CHUNK):
            pass
