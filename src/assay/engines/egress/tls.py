"""The first message of TLS, as far as the name of the server that a client asks for (RFC 8446 4.1.2, RFC 6066 3)."""

from __future__ import annotations

LONGEST = 5 + 16_384
_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME = 22, 1, 0


def record_length(head: bytes) -> int | None:
    """Return how long the first record is, its five bytes of head included; None where it is no handshake of TLS."""
    if len(head) < 5 or head[0] != _HANDSHAKE or head[1] != 3:
        return None
    length = 5 + int.from_bytes(head[3:5], "big")
    return length if 5 < length <= LONGEST else None


def server_name(record: bytes) -> str | None:
    """Return the name that a whole record asks for, empty where it asks for none; None where it cannot be read."""
    try:
        return _server_name(record)
    except (IndexError, ValueError):
        return None


def _server_name(record: bytes) -> str:
    body = record[5:]
    if body[0] != _CLIENT_HELLO or int.from_bytes(body[1:4], "big") != len(body) - 4:
        raise ValueError("no whole client hello")
    at = 4 + 2 + 32
    for width in (1, 2, 1):  # session, cipher suites, compressions
        at += width + int.from_bytes(_part(body, at, width), "big")
    if at == len(body):
        return ""
    end = at + 2 + int.from_bytes(_part(body, at, 2), "big")
    at += 2
    while at < end:
        kind, length = (
            int.from_bytes(_part(body, at, 2), "big"),
            int.from_bytes(_part(body, at + 2, 2), "big"),
        )
        data = _part(body, at + 4, length)
        at += 4 + length
        if kind == _SERVER_NAME:
            if data[2] != 0 or int.from_bytes(data[3:5], "big") != len(data) - 5:
                raise ValueError("no name")
            return data[5:].decode("ascii").lower().rstrip(".")
    return ""


def _part(body: bytes, at: int, length: int) -> bytes:
    if at + length > len(body):
        raise ValueError("it ends early")
    return body[at : at + length]
