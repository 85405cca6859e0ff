"""A request as it came, and a response as it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in HTTPStatus}


@dataclass(slots=True)
class Request:
    """A request. path: as it came, nothing unescaped. headers: lower case; of several of one name, joined. raw: as they came. admitted: what the application keeps."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    raw: tuple[tuple[str, str], ...]
    address: str = ""
    certificate: str = ""  # the common name of a client's, where it was verified
    body: bytes = b""
    admitted: Any = None


@dataclass(slots=True)
class Response:
    """A response. headers: besides content type and length. close: whether the connection ends after it."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    close: bool = False

    def encoded(self, *, head: bool, keep: bool) -> bytes:
        """Return it as it goes over the wire. head: without its body. keep: whether the connection stays open."""
        first = _LINES.get(self.status) or f"HTTP/1.1 {self.status} Unknown\r\n".encode()
        rest = "".join([f"{k}: {v}\r\n" for k, v in self.headers.items()])
        kind = f"content-type: {self.content_type}\r\n" if self.content_type else ""
        end = "" if keep else "connection: close\r\n"
        text = f"{kind}content-length: {len(self.body)}\r\nx-content-type-options: nosniff\r\n{rest}{end}\r\n"
        data = first + text.encode("latin-1", "replace")
        return data if head else data + self.body
