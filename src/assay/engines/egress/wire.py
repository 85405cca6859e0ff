"""HTTP/1.1 as a proxy reads it from a job: one request, its head whole and bounded, its body of a length that is said."""

from __future__ import annotations

import contextlib
import socket
import time
from urllib.parse import urlsplit

HEAD = 32 << 10  # bytes of a request's head
PATIENCE = 15.0  # seconds for a head, or for a connection to stand
IDLE = (
    300.0  # seconds in which neither side may say anything: a job computes between two parts of what it reads
)
CHUNK = 1 << 17
_SAID = {
    400: "Bad Request", 403: "Forbidden", 407: "Proxy Authentication Required", 411: "Length Required", 502: "Bad Gateway",
}  # fmt: skip


def head(client: socket.socket) -> tuple[bytes, bytes]:
    """Return a request's head, and what came with it; ValueError where none comes whole in time, OSError where none comes."""
    held, until = b"", time.monotonic() + PATIENCE
    while b"\r\n\r\n" not in held:
        part = client.recv(1 << 14)
        if not part and not held:
            raise ConnectionResetError("it asked for nothing")
        if not part or len(held) > HEAD or time.monotonic() > until:
            raise ValueError("no whole head")
        held += part
    head, _, rest = held.partition(b"\r\n\r\n")
    return head, rest


def parsed(head: bytes) -> tuple[str, str, list[tuple[str, str]]]:
    """Return method, target and headers; ValueError for what another reader could take for something else."""
    lines = head.decode("latin-1").split("\r\n")
    method, target, version = lines[0].split(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or any(
        "\n" in line or "\r" in line or "\0" in line for line in lines
    ):
        raise ValueError("no head of HTTP/1.1")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if (
            not colon
            or not name
            or not all((c.isascii() and c.isalnum()) or c in "!#$%&'*+-.^_`|~" for c in name)
        ):
            raise ValueError("no header")
        headers.append((name, value.strip()))
    return method, target, headers


def authority(text: str, port: int | None) -> tuple[str, int]:
    """Return host and port of what stands in a request, the host in small letters and without a dot at its end."""
    parts = urlsplit(f"//{text}")
    found = parts.port if parts.port is not None else port
    if found is None or not parts.hostname or parts.username is not None or parts.path:
        raise ValueError("no authority")
    return parts.hostname.lower().rstrip("."), found


def length(headers: list[tuple[str, str]]) -> int | None:
    """Return how long a body is; None where it does not say it in one plain number."""
    if any(n.lower() == "transfer-encoding" for n, _ in headers):
        return None
    said = {v for n, v in headers if n.lower() == "content-length"}
    if not said:
        return 0
    one = said.pop()
    return int(one) if not said and one.isascii() and one.isdigit() and len(one) < 16 else None


def go_on(client: socket.socket, headers: list[tuple[str, str]], rest: bytes) -> None:
    """Tell a client that waits for it to send its body (RFC 9110 10.1.1)."""
    if not rest and any(n.lower() == "expect" and v.lower() == "100-continue" for n, v in headers):
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def pass_on(client: socket.socket, server: socket.socket, rest: bytes, length: int) -> None:
    """Pass on the body, and no byte more: what came after it would be a second request that nobody judged."""
    sent = rest[:length]
    server.sendall(sent)
    left = length - len(sent)
    while left:
        part = client.recv(min(left, CHUNK))
        if not part:
            raise ValueError("the body ends early")
        server.sendall(part)
        left -= len(part)


def refuse(client: socket.socket, code: int, more: str = "", body: bytes = b"") -> None:
    """Answer with an error, and see to it that it arrives: what is still on its way is read, or it would be lost with it."""
    said = f"HTTP/1.1 {code} {_SAID[code]}\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(OSError):
        client.sendall(said.encode() + body)
        client.shutdown(socket.SHUT_WR)
        until = time.monotonic() + 1
        client.settimeout(0.2)
        while time.monotonic() < until and client.recv(CHUNK):
            pass
