"""A registry asked over HTTP as one that may be hostile: where it leads is judged, and how long and how much it answers is bounded.

The address that is connected to is judged as well, since a name may resolve to another a moment after it was looked up. An answer
that trickles, or whose head goes on without end, is given up.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods.remedies import addresses

_SECONDS = 30  # without a byte
_GRACE, _LEAST = 60, 2_048  # seconds, after which fewer bytes a second on average are given up
_LONGEST = 6 * 3600  # seconds that one answer is waited for
_HEAD = 256 << 10  # bytes of an answer before its body, with those that only announce it


class TooSlow(OSError):
    """An answer that trickles."""


class _Watched(io.RawIOBase):
    """What comes from a socket, while it comes fast enough. head: whether the head of the answer is still being read."""

    def __init__(self, raw: Any) -> None:
        self._raw, self._waited, self._came = raw, 0.0, 0
        self.head = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        came = self._raw.readinto(buffer) or 0
        self._waited += (
            time.monotonic() - began
        )  # what is done in between with what came is not the registry's
        self._came += came
        if self._waited > _LONGEST or (self._waited > _GRACE and self._came < _LEAST * self._waited):
            raise TooSlow("it answers too slowly")
        if self.head and self._came > _HEAD:
            raise OSError("the head of its answer has no end")
        return came

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._watched = _Watched(sock.makefile("rb", buffering=0))
        self.fp = io.BufferedReader(self._watched, 64 << 10)

    def begin(self) -> None:
        super().begin()
        self._watched.head = False


class _Plain(http.client.HTTPConnection):
    response_class = _Answer

    def connect(self) -> None:
        super().connect()
        _met(self)


class _Secure(http.client.HTTPSConnection):
    response_class = _Answer

    def connect(self) -> None:
        super().connect()
        _met(self)


def _met(connection: Any) -> None:
    """Refuse an address that was connected to and may not be asked; a proxy's own is the administrator's."""
    if connection.host in _proxies() or getattr(connection, "_tunnel_host", None):
        return
    address = str(connection.sock.getpeername()[0]).partition("%")[0]
    if not _may(addresses.kind(address), connection.host, connection.base):
        connection.close()
        raise BadInput(
            f"the registry leads to the address {address}, which is not asked", where=connection.base
        )


def _proxies() -> set[str]:
    return {urllib.parse.urlsplit(url).hostname or "" for url in urllib.request.getproxies().values()}


class _Opening(urllib.request.HTTPHandler):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def http_open(self, req: Any) -> Any:
        return self.do_open(_made(_Plain, self.base), req)


class _OpeningSecure(urllib.request.HTTPSHandler):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def https_open(self, req: Any) -> Any:
        return self.do_open(_made(_Secure, self.base), req)


def _made(kind: Any, base: str) -> Any:
    def made(host: str, **kwargs: Any) -> Any:
        connection = kind(host, **kwargs)
        connection.base = base
        return connection

    return made


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Where a registry keeps its blobs elsewhere: followed a few times, to addresses that may be asked."""

    max_redirections = 5

    def __init__(self, base: str) -> None:
        self.base = base

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Judge the address before it is asked; the token stays behind."""
        judged(newurl, self.base)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def ask(
    url: str, base: str, headers: Mapping[str, str], *, secret: str = "", body: bytes | None = None
) -> Any:
    """Return an answer. secret: what identifies us, which no redirect takes along. BadInput where it may not be asked."""
    judged(url, base)
    request = urllib.request.Request(url, data=body, headers={"User-Agent": "assay", **headers})  # noqa: S310  see judged
    if secret:
        request.add_unredirected_header("Authorization", secret)
    opener = urllib.request.build_opener(_Redirects(base), _Opening(base), _OpeningSecure(base))
    return opener.open(request, timeout=_SECONDS)


def judged(url: str, base: str) -> None:
    """Refuse an address that a registry must not lead to: another scheme, less than TLS, or a machine's own metadata."""
    try:
        found = urllib.parse.urlsplit(url)
        host, port = found.hostname or "", found.port
    except ValueError:
        host, port, found = "", None, urllib.parse.urlsplit("")
    if (
        found.scheme not in ("http", "https")
        or not host
        or port == 0
        or (base.startswith("https:") and found.scheme != "https")
    ):
        shown = url.partition("?")[0][:100]
        raise BadInput(f"the registry leads to {shown!r}, which is not asked", where=base)
    for address in _resolved(host):
        if not _may(addresses.kind(address), host, base):
            raise BadInput(f"the registry leads to the address {address}, which is not asked", where=base)


def _may(kind: str, host: str, base: str) -> bool:
    """Whether an address may be asked: inside a network only the registry itself, or where it lies inside too."""
    own = urllib.parse.urlsplit(base).hostname or ""
    if kind != "inside" or host == own:
        return kind != "forbidden"
    return {addresses.kind(a) for a in _resolved(own)} == {"inside"}


def _resolved(host: str) -> list[str]:
    """Return the addresses of a host; none where it has none, which then cannot be asked either."""
    try:
        return [
            str(found[4][0]).partition("%")[0]
            for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        ]
    except (OSError, UnicodeError):
        return []


class Bounded:
    """The bytes of an answer, no more than were announced."""

    def __init__(self, answer: Any, size: int) -> None:
        self._answer, self._left = answer, size

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; BadInput where there are more than were announced, OSError where it breaks off."""
        try:
            part = self._answer.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        except http.client.HTTPException as error:
            raise OSError(0, f"it breaks off: {str(error)[:100]}") from None
        self._left -= len(part)
        if self._left < 0:
            raise BadInput("a layer is longer than its manifest says")
        return bytes(part)

    def close(self) -> None:
        """Close the answer."""
        self._answer.close()


@contextlib.contextmanager
def told(shown: str, path: str) -> Iterator[None]:
    """Say what goes wrong with an answer as one sentence."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise failed(shown, path, error) from None


def failed(shown: str, path: str, error: Exception, lacking: str = "", user: str = "") -> UsageError:
    """Return what an answer, or its absence, means for whoever asked.

    lacking: why there is no login where one seems to be named. user: whose login it was shown.
    """
    code = getattr(error, "code", None)
    if code in (401, 403) and user:
        return UsageError(
            f"the registry does not take the login of {user!r}, or does not let it pull this",
            where=shown,
            remedy="check the password and what this login may pull, or log in anew",
        )
    if code in (401, 403):
        return UsageError(
            "the registry asks for a login",
            where=shown,
            remedy=f"{lacking}name one: --registry-user NAME@HOST, or registry_config: in the settings",
        )
    kind, _, reference = path.partition("/")
    if code == 404:
        if kind == "blobs":
            return Missing(
                f"the registry lost {reference[:19]}, which the image's manifest names",
                where=shown,
                remedy="push the image again",
            )
        return Missing(
            f"the registry has no {reference[:80]!r} of this name",
            where=shown,
            remedy="check the name and the tag",
        )
    why, remedy = _why(error, code)
    return UsageError(f"the registry cannot be asked for {path[:40]}: {why}", where=shown, remedy=remedy)


def _why(error: Exception, code: int | None) -> tuple[str, str]:
    """Return in words why nothing came, and what to do."""
    found = getattr(error, "reason", error)
    if isinstance(found, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted here ({found.verify_message})",
            "if it is your own, name its authority: SSL_CERT_FILE=FILE.pem",
        )
    if isinstance(found, ssl.SSLError):
        return "it does not speak TLS as it should", "write registry+http:// where one of your own has none"
    if code == 400:
        return "it answers 400", "write oci:// where it speaks TLS"
    if code:
        return f"it answers {code}", "try again when it answers"
    return str(getattr(found, "strerror", "") or found)[:200], "try again when it answers"
