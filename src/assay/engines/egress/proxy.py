"""The proxy of one job: HTTP proxy semantics at listeners inside the job's walls, connections of this machine outside.

It is asked with CONNECT for TLS, where the name in the first message must be the one asked for, and with an absolute
address for plain HTTP, one request a connection; for buckets of S3 without a proxy's words (see door). Everything else is
refused, and every decision is told. RFC 9110 9.3.6.
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

from assay.engines.egress import door, tls, wire
from assay.engines.egress.addresses import Address
from assay.engines.egress.policy import Egress
from assay.kernel.errors import AssayError, Broken

_BREATH = 0.02  # seconds
_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH")
_OWN = ("expect", "proxy-authorization", "proxy-connection", "connection", "keep-alive", "te", "upgrade")


class Proxy:
    """Listens for one job until it is closed. listeners: descriptors of sockets in the job's own network."""

    def __init__(self, egress: Egress, listeners: tuple[int, ...]) -> None:
        self.egress = egress
        self._listeners = [socket.socket(fileno=handle) for handle in listeners]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._broken: Exception | None = None
        self._wake, self._waker = socket.socketpair()
        self._threads: list[threading.Thread] = []
        self._mine = threading.local()  # the connection to a store that a thread has opened

    def start(self) -> None:
        """Begin to listen."""
        self.egress.begin()
        thread = threading.Thread(target=self._listen, name="assay-egress", daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """End every connection, and the credential; where its end cannot be told, the connections end all the same.

        Broken where a decision could not be recorded.
        """
        try:
            self.egress.end()
        finally:
            self._end_all()

    def _end_all(self) -> None:
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
        if isinstance(self._broken, AssayError):
            raise self._broken
        if self._broken is not None:
            raise Broken(
                f"what was decided about the job's network could not be recorded: {self._broken}",
                remedy="see `assay doctor`, and run the job again",
            )

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
                    try:
                        client, _ = key.fileobj.accept()  # type: ignore[union-attr]
                    except OSError:  # it went away again, or this process has no descriptor left
                        time.sleep(_BREATH)
                        continue
                    self._take(client)

    def _take(self, client: socket.socket) -> None:
        client.setblocking(True)
        with self._lock:
            if self._closed or not self.egress.enter():
                client.close()
                return
            self._open.add(client)
        self._threads = [t for t in self._threads if t.is_alive()]
        thread = threading.Thread(target=self._serve, args=(client,), name="assay-egress-one", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # this machine gives no more of them
            self.egress.leave()
            self._forget(client)
            return
        self._threads.append(thread)

    def _serve(self, client: socket.socket) -> None:
        try:
            client.settimeout(wire.PATIENCE)
            self._answered(client)
        except ValueError as error:
            self.egress.decided(False, "", "", why=f"no request that can be read: {error}")
            wire.refuse(client, 400)
        except OSError:
            pass  # one of the two has gone
        except Exception as error:  # noqa: BLE001 - whoever is told a decision may fail in any way; it was not acted on
            self._broken = self._broken or error
        finally:
            self.egress.leave()
            for one in (client, getattr(self._mine, "server", None)):
                if one is not None:
                    self._forget(one)

    def _forget(self, one: socket.socket) -> None:
        with self._lock:
            self._open.discard(one)
        one.close()

    def _answered(self, client: socket.socket) -> None:
        head, rest = wire.head(client)
        method, target, headers = wire.parsed(head)
        if target.startswith("/") and self.egress.credential is not None:
            door.answered(self, client, method, target, headers, rest)
            return
        if not self._known(headers):
            self.egress.decided(False, method, target, why="without the job's credential, or after its end")
            wire.refuse(client, 407, "Proxy-Authenticate: Basic realm=assay\r\n")
            return
        if method == "CONNECT":
            self._tunnel(client, target, rest)
        else:
            self._forward(client, method, target, headers, rest)

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

    def _tunnel(self, client: socket.socket, target: str, rest: bytes) -> None:
        host, port = wire.authority(target, None)
        addresses, why = self.egress.addresses("https", host, port)
        if why:
            self.egress.decided(False, "CONNECT", target, why=why)
            wire.refuse(client, 403)
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        hello = _hello(client, rest)
        asked = tls.server_name(hello) if hello is not None else None
        if hello is None or asked is None or (asked or host) != host:
            why = (
                "what it speaks there is no TLS" if asked is None else f"its TLS asks for {asked[:253]} there"
            )
            self.egress.decided(False, "CONNECT", target, why=why)
            return
        server = self.connected("CONNECT", target, addresses, port)
        if server is not None:
            server.sendall(hello)
            self._relay(client, server)

    def _forward(
        self, client: socket.socket, method: str, target: str, headers: list[tuple[str, str]], rest: bytes
    ) -> None:
        parts = urlsplit(target)
        if method not in _METHODS or parts.scheme != "http" or not target.startswith("http://"):
            self.egress.decided(False, method, target, why="no request that a proxy takes")
            wire.refuse(client, 400)
            return
        host, port = wire.authority(parts.netloc, 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        addresses, why = self.egress.addresses("http", host, port, path)
        if why:
            self.egress.decided(False, method, target, why=why)
            wire.refuse(client, 403)
            return
        length = wire.length(headers)
        if length is None:
            self.egress.decided(False, method, target, why="a body whose length is not said")
            wire.refuse(client, 411)
            return
        server = self.connected(method, target, addresses, port)
        if server is None:
            wire.refuse(client, 502)
            return
        client.settimeout(wire.IDLE)
        kept = "".join(f"{n}: {v}\r\n" for n, v in headers if n.lower() not in (*_OWN, "host"))
        shown = f"[{host}]" if ":" in host else host
        lines = f"{method} {path} HTTP/1.1\r\nHost: {shown}:{port}\r\n{kept}Connection: close\r\n\r\n"
        server.sendall(lines.encode("latin-1"))
        wire.go_on(client, headers, rest)
        wire.pass_on(client, server, rest, length)
        while part := server.recv(wire.CHUNK):
            client.sendall(part)

    def connected(
        self, method: str, target: str, addresses: tuple[Address, ...], port: int
    ) -> socket.socket | None:
        """Connect to one of the addresses that were judged, and to no other."""
        for address in addresses:
            try:
                server = socket.create_connection((str(address), port), wire.PATIENCE)
            except OSError:
                continue
            server.settimeout(wire.IDLE)
            with self._lock:
                if self._closed:  # the job ended meanwhile, and what it asked for is not done any more
                    server.close()
                    return None
                self._open.add(server)
            self._mine.server = server
            self.egress.decided(True, method, target, str(address))
            return server
        self.egress.decided(True, method, target, str(addresses[0]), "allowed, and nobody answered there")
        return None

    def exchanged(self, before: socket.socket, after: socket.socket) -> socket.socket:
        """Have a connection that now speaks TLS ended in place of the one below it."""
        with self._lock:
            self._open.discard(before)
            self._open.add(after)
        self._mine.server = after
        return after

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        client.settimeout(wire.IDLE)
        back = threading.Thread(target=_copy, args=(server, client), name="assay-egress-back", daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(wire.CHUNK):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


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
