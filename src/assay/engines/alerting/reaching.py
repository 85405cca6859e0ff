"""Reaching a host: its addresses are judged, and it is one of those that were judged that is connected to."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from assay.engines.alerting.alert import Undelivered
from assay.methods.remedies import addresses

SECONDS = 10.0
_ANSWER = 1 << 16
_LONGEST = 4096  # characters of a URL


@dataclass(frozen=True, slots=True)
class Route:
    """Where a connection goes. address: judged, and connected to; inside: whether it lies in a private network."""

    host: str
    port: int
    address: str
    inside: bool


def route(host: str, port: int, hosts: Sequence[str]) -> Route:
    """Return how a host is reached; Undelivered, not to be tried again, where that is not allowed.

    hosts: those that are allowed. One that resolves to several addresses must be allowed at each of them.
    """
    if not addresses.allowed(host, hosts):
        raise Undelivered(
            f"alerts may not be sent to {host[:100]}",
            remedy="name it under `hosts` in channels.yaml",
            again=False,
        )
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:  # of a name that may be found a moment later
        raise OSError(f"{host[:100]} cannot be found: {error.strerror or error}") from None
    except UnicodeError:
        raise Undelivered(f"{host[:100]!r} is no host", again=False) from None
    kinds = [(str(info[4][0]), addresses.kind(str(info[4][0]))) for info in found]
    if not kinds or any(kind == "forbidden" for _, kind in kinds):
        raise Undelivered(
            f"{host[:100]} is an address to which nothing is ever sent",
            remedy="name another host",
            again=False,
        )
    address, kind = kinds[0]
    return Route(host, port, address, kind == "inside")


def connected(way: Route, seconds: float) -> socket.socket:
    """Return a connection to the very address that was judged."""
    return socket.create_connection((way.address, way.port), seconds)


def trusting(ca: str = "") -> ssl.SSLContext:
    """Return what certificates are held against: those of the machine, or of a file; Undelivered where there is none."""
    if ca and not Path(ca).is_file():
        raise Undelivered(f"there is no file {ca!r} of certificates", again=False)
    context = ssl.create_default_context(cafile=ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Plain(http.client.HTTPConnection):
    def __init__(self, way: Route, seconds: float) -> None:
        super().__init__(way.host, way.port, timeout=seconds)
        self._way = way

    def connect(self) -> None:
        self.sock = connected(self._way, float(self.timeout or SECONDS))


class _Secure(http.client.HTTPSConnection):
    def __init__(self, way: Route, seconds: float, context: ssl.SSLContext) -> None:
        super().__init__(way.host, way.port, timeout=seconds, context=context)
        self._way, self._trust = way, context

    def connect(self) -> None:
        plain = connected(self._way, float(self.timeout or SECONDS))
        self.sock = self._trust.wrap_socket(plain, server_hostname=self._way.host)


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    hosts: Sequence[str],
    ca: str = "",
    seconds: float = SECONDS,
) -> tuple[int, str, str]:
    """Send a body; return the status, the beginning of the answer, and its Retry-After. Redirects are not followed.

    In plain HTTP nothing leaves a private network. Undelivered where the host may not be reached; OSError where it is not.
    """
    parts = _parts(url)
    secure = parts.scheme == "https"
    way = route(str(parts.hostname), parts.port or (443 if secure else 80), hosts)
    if not secure and not way.inside:
        raise Undelivered(
            f"{way.host} would be told in the clear", remedy="write https:// in front of it", again=False
        )
    connection = _Secure(way, seconds, trusting(ca)) if secure else _Plain(way, seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, {"User-Agent": "assay", **headers})
        answer = connection.getresponse()
        said = answer.read(_ANSWER).decode("utf-8", "replace")
        return answer.status, said, answer.headers.get("Retry-After") or ""
    finally:
        connection.close()


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or len(url) > _LONGEST or any(ord(c) <= 32 or ord(c) > 126 for c in url):
        raise Undelivered("a channel's URL is none", remedy="write https://HOST/PATH", again=False)
    return parts
