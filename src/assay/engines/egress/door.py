"""The proxy's door to S3: a request signed with the job's own keys is judged, signed with what opens the store, and passed on.

The job speaks plain HTTP to its own loopback; from here on it is TLS where the store speaks it. One request a connection.
"""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from assay.engines.egress import sigv4, wire
from assay.engines.egress.objects import Asked
from assay.kernel.errors import AssayError

if TYPE_CHECKING:
    from assay.engines.egress.credential import Credential
    from assay.engines.egress.proxy import Proxy

Headers = list[tuple[str, str]]
_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
_KEPT = (
    "accept", "cache-control", "content-disposition", "content-encoding", "content-language", "content-length", "content-md5",
    "content-type", "expires", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range",
    "user-agent",
)  # fmt: skip
_REPLACED = ("x-amz-date", "x-amz-security-token", "x-amz-user-agent")


def answered(
    proxy: Proxy, client: socket.socket, method: str, target: str, headers: Headers, rest: bytes
) -> None:
    """Answer one request."""
    egress, path, query = proxy.egress, *target.partition("?")[::2]
    credential = egress.credential
    assert credential is not None
    shown, why = target, _unsigned(proxy, method, path, query, headers)
    if not why:
        try:
            asked = Asked.read(method, path, query)
            shown = str(asked)
            why = asked.refused(egress.prefixes, headers, writes=credential.wanted.writes)
        except ValueError as error:
            why = f"no request for an object: {error}"
    length = wire.length(headers)
    addresses, known = egress.judged(credential.host, credential.port) if not why else ((), "")
    why = why or ("a body whose length is not said" if length is None else known)
    if why:
        egress.decided(False, method, shown, why=why)
        _refuse(client, 403, "AccessDenied", why)
        return
    server = proxy.connected(method, shown, addresses, credential.port)
    if server is None:
        _refuse(client, 502, "ServiceUnavailable", "nobody answered there")
        return
    client.settimeout(wire.IDLE)
    try:
        server = _sealed(proxy, server, credential)
        server.sendall(_head(credential, method, path, query, headers))
    except (OSError, AssayError) as error:
        said = error.what if isinstance(error, AssayError) else f"the store cannot be spoken to ({error})"
        egress.decided(False, method, shown, why=said)
        _refuse(client, 502, "ServiceUnavailable", said)
        return
    wire.go_on(client, headers, rest)
    wire.pass_on(client, server, rest, length or 0)
    while part := server.recv(wire.CHUNK):
        client.sendall(part)


def _unsigned(proxy: Proxy, method: str, path: str, query: str, headers: Headers) -> str:
    """Return why a request is not the job's own; nothing where it is."""
    if not proxy.egress.alive:
        return "after the end of the job's credential"
    names = [n.lower() for n, _ in headers]
    if method not in _METHODS or len(set(names)) != len(names):
        return "no request that a store takes"
    why = sigv4.verified(method, path, query, headers, proxy.egress.keys, datetime.now(UTC))
    body = {n.lower(): v for n, v in headers}.get("x-amz-content-sha256", "")
    if not why and body.startswith("STREAMING-AWS4"):
        why = "its body is signed in parts, with the job's own keys"
    return why


def _head(credential: Credential, method: str, path: str, query: str, headers: Headers) -> bytes:
    """Return the head that the store is sent: what the job said of the object, under another signature."""
    plain = 443 if credential.scheme == "https" else 80
    host = f"[{credential.host}]" if ":" in credential.host else credential.host
    said = {n.lower(): v for n, v in headers}
    own = {n: v for n, v in said.items() if n.startswith("x-amz-") and n not in _REPLACED}
    own["host"] = host if credential.port == plain else f"{host}:{credential.port}"
    signed = sigv4.signed(method, path, query, own, credential.keys(), credential.region, datetime.now(UTC))
    lines = [f"{method} {path}{'?' if query else ''}{query} HTTP/1.1"]
    lines += [f"{n}: {v}" for n, v in (signed | {n: v for n, v in said.items() if n in _KEPT}).items()]
    return ("\r\n".join([*lines, "connection: close"]) + "\r\n\r\n").encode("latin-1")


def _sealed(proxy: Proxy, server: socket.socket, credential: Credential) -> socket.socket:
    if credential.scheme != "https":
        return server
    return proxy.exchanged(
        server, ssl.create_default_context().wrap_socket(server, server_hostname=credential.host)
    )


def _refuse(client: socket.socket, code: int, name: str, why: str) -> None:
    body = f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>{escape(why)}</Message></Error>"
    wire.refuse(client, code, "Content-Type: application/xml\r\n", body.encode("utf-8", "replace"))
