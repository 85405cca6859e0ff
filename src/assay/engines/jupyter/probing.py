"""What a Jupyter server answers to whoever asks: open or not, CORS, XSRF, names, headers, and with a token the rest.

Nothing is changed on it: pages are asked for, and one log-in is tried without the mark that keeps forged ones out.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from assay.engines.jupyter import certificates
from assay.kernel.errors import UsageError

_MOST = 1 << 20
_ELSEWHERE = "https://elsewhere.example"
_NO_KERNEL = "00000000-0000-0000-0000-000000000000"
_HEADERS = (
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "server",
    "strict-transport-security",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server answers. token: what it is asked with, empty for none. ca: a file of authorities to trust besides."""

    host: str
    port: int
    tls: bool
    base: str
    token: str = ""
    ca: str = ""

    @property
    def url(self) -> str:
        """Return it as it may be shown, without a token."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' * self.tls}://{host}:{self.port}{self.base}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def context(where: Place) -> ssl.SSLContext:
    """Return how TLS is spoken with a server: one that will be told a token must show a certificate, each time anew."""
    return (
        certificates.verifying(where.ca)
        if where.token and not _local(where.host)
        else certificates.unchecked()
    )


def place(url: str, token: str = "", ca: str = "") -> Place:
    """Read an address; UsageError where it is none. A token in it counts where none is given."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{url[:200]!r} is no address", remedy="such as http://127.0.0.1:8888/") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url[:200]!r} is no address", remedy="such as http://127.0.0.1:8888/")
    tls = parts.scheme == "https"
    base = parts.path
    for page in ("/lab", "/tree", "/login"):
        base = base.partition(page)[0] if base.endswith(page) or f"{page}/" in base else base
    given = parse_qs(parts.query).get("token", [""])[0]
    return Place(
        parts.hostname, port or (443 if tls else 80), tls, base.rstrip("/") + "/", token or given, ca
    )


def ask(
    where: Place,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    known: bool = False,
) -> Answer:
    """Ask once, redirects not followed. known: with the token. UsageError where nobody answers."""
    sent = dict(headers or {})
    if known and where.token:
        sent["Authorization"] = f"token {where.token}"
    link = http.client.HTTPConnection(where.host, where.port)
    try:
        with certificates.connected(
            where.host, where.port, context(where) if where.tls else None
        ) as link.sock:
            link.request(method, where.base + path, body=body, headers=sent)
            back = link.getresponse()
            return Answer(back.status, {k.lower(): v for k, v in back.getheaders()}, back.read(_MOST))
    except ssl.SSLError as error:
        raise UsageError(
            f"{where.url} does not speak TLS as this machine does: {error.reason}",
            remedy="say http:// where it has none",
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UsageError(
            f"nobody answers at {where.url} ({type(error).__name__})",
            remedy="is it running, and is this its address?",
        ) from None
    finally:
        link.close()


def observed(where: Place) -> dict[str, Any]:
    """Return what is seen of a server; UsageError where what answers is no Jupyter."""
    first = ask(where, "api")
    told = first.json()
    if not isinstance(told, dict) or not isinstance(told.get("version"), str):
        raise UsageError(
            f"what answers at {where.url} is no Jupyter server (it gave {first.status} for {where.base}api)",
            remedy="give the address with its base path, such as http://127.0.0.1:8888/user/ana/",
        )
    inside = ask(where, "api/contents?content=0")
    found: dict[str, Any] = {
        "version": told["version"][:50], "tls": where.tls, "open": inside.status == 200,
        "headers": {h: inside.headers[h][:500] for h in _HEADERS if h in inside.headers},
        "cors": _cors(where), "any_host": _any_host(where), "xsrf": _xsrf(where, inside.status == 200),
    }  # fmt: skip
    if _local(where.host) is False:
        found["addresses"] = [where.host]
    if where.tls:
        found |= certificates.seen(where.host, where.port, where.ca)
    if where.token or found["open"]:
        found |= _within(where)
    return found


def _cors(where: Place) -> dict[str, bool]:
    """Whether the page of a site that nobody ever named may read answers."""
    back = ask(where, "api/contents?content=0", headers={"Origin": _ELSEWHERE})
    allowed = back.headers.get("access-control-allow-origin", "")
    return {
        "any": allowed in ("*", _ELSEWHERE),
        "credentials": back.headers.get("access-control-allow-credentials", "").lower() == "true",
    }


def _any_host(where: Place) -> bool:
    return ask(where, "api", headers={"Host": "elsewhere.example"}).status == 200


def _xsrf(where: Place, opened: bool) -> bool | None:
    """Whether a request without the mark of its own pages is turned away; None where there is no log-in.

    A log-in is tried, or where none is asked for a kernel interrupted that does not exist: neither changes anything.
    """
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": _ELSEWHERE}
    path = f"api/kernels/{_NO_KERNEL}/interrupt" if opened else "login"
    status = ask(where, path, method="POST", headers=form, body=b"password=").status
    if opened:
        return status == 403
    return None if status in (404, 405) else status == 403


def _within(where: Place) -> dict[str, Any]:
    """Return what only who gets in sees; UsageError where the token does not open it, or would be told to anybody."""
    may_be_told(where)
    if ask(where, "api/contents?content=0", known=True).status != 200:
        raise UsageError(
            f"{where.url} does not take this token",
            remedy="give the one that the server printed when it started",
        )
    found: dict[str, Any] = {"terminals": ask(where, "api/terminals", known=True).status == 200}
    listed = ask(where, "lab/api/extensions", known=True).json()
    if isinstance(listed, list):
        found["extensions"] = sorted(
            {str(x["name"])[:100] for x in listed[:500] if isinstance(x, dict) and "name" in x}
        )
    return found


def may_be_told(where: Place) -> None:
    """UsageError where the token would go to a server, or over a way, that nobody vouches for."""
    if not where.token or _local(where.host):
        return
    if not where.tls:
        raise UsageError(
            f"the token would travel to {where.url} in clear text",
            remedy="check it on its own machine, or through a tunnel",
        )
    if not certificates.trusted(where.host, where.port, where.ca, named=True):
        raise UsageError(
            f"nobody this machine trusts vouches for {where.url}, so its token is not told to it",
            remedy="give the authority's certificate by --ca FILE",
        )


def _local(host: str) -> bool | None:
    """Whether an address is this machine alone; None where its name is not known."""
    try:
        found = {str(i[4][0]) for i in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return None
    return all(ipaddress.ip_address(a.partition("%")[0]).is_loopback for a in found)
