"""An address that registries call: ``POST /hooks/NAME``, known by a token or a signature, answered as soon as what it says is noted.

Nothing is fetched here, and nothing of a body but the names of images is looked at. Who cannot be told apart from a stranger learns
neither whether there is such a hook nor what is wrong with a token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from typing_extensions import override

from assay.engines.listening import Bounded, Listener, Refused
from assay.kernel.errors import AssayError, UsageError
from assay.methods.loopback import is_loopback
from assay.methods.watching.pushes import LARGEST, NoPush, Pushed, read

_PATH = re.compile(r"/hooks/([A-Za-z0-9][A-Za-z0-9_.-]{0,62})/?")
_SIGNED = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_OLD = 300  # seconds that a signed moment may lie back or ahead
_LEAST = 16  # characters of a secret


class Busy(Exception):
    """More waits than may."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who may call a hook. kind: token or hmac. header: that a token stands in. in_url: whether it may stand in the address."""

    name: str
    kind: str
    secret: bytes = field(repr=False)
    header: str = "authorization"
    in_url: bool = False

    def __post_init__(self) -> None:
        """UsageError where the secret is so short that it could be guessed."""
        if len(self.secret) < _LEAST:
            raise UsageError(
                f"the secret of the hook {self.name} has fewer than {_LEAST} characters",
                remedy="make a longer one, such as: openssl rand -hex 32",
            )

    def knows(self, headers: Any, query: str, body: bytes, now: float) -> bool:
        """Whether a request is of whoever has the secret; compared in constant time."""
        if self.kind == "hmac":
            return self._signed(headers, body, now)
        said = (headers.get(self.header) or "").encode()
        scheme, _, bare = said.partition(b" ")
        given = bare if scheme.lower() in (b"bearer", b"token") and bare else said
        asked = _asked(query) if self.in_url else b""
        found = hmac.compare_digest(given, self.secret)
        return hmac.compare_digest(asked, self.secret) or found

    def _signed(self, headers: Any, body: bytes, now: float) -> bool:
        """``X-Hub-Signature-256: sha256=HEX`` over the body, or ``Assay-Signature`` over a moment, a dot and the body."""
        ours = _SIGNED.fullmatch(headers.get("assay-signature") or "")
        if ours:
            made = hmac.new(self.secret, ours[1].encode() + b"." + body, hashlib.sha256).hexdigest()
            return hmac.compare_digest(made, ours[2]) and abs(now - int(ours[1])) <= _OLD
        said = headers.get(self.header or "x-hub-signature-256") or ""
        made = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(said.lower().removeprefix("sha256=").encode(), made.encode())


def _asked(query: str) -> bytes:
    """Return the token that an address bears; nothing where it bears more than any does."""
    try:
        return parse_qs(query, max_num_fields=20).get("token", [""])[0].encode()
    except ValueError:
        return b""


class Hooks(Listener):
    """The server. note: called with the hook and the images that it says were pushed; it returns how many are noted, or raises Busy."""

    def __init__(
        self,
        host: str,
        port: int,
        callers: Mapping[str, Caller],
        note: Callable[[str, list[Pushed]], int],
        tls: ssl.SSLContext | None = None,
        *,
        plain: bool = False,
    ) -> None:
        self.callers, self.note = dict(callers), note
        if not callers:
            raise UsageError(
                "nobody may call: there is no hook", remedy="name one under `hooks` in watch.yaml"
            )
        if tls is None and not plain and not is_loopback(host):
            raise UsageError(
                f"whoever listens on the way to {host} could read the hooks' tokens",
                remedy="give --tls-cert and --tls-key, or say --plain behind what ends TLS",
            )
        super().__init__(host, port, _Handler, tls)


class _Handler(Bounded):
    server: Hooks

    @override
    def do_POST(self) -> None:
        """Note what a registry says was pushed."""
        try:
            path, _, query = self.path.partition("?")
            found = _PATH.fullmatch(path)
            if found is None:
                raise Refused(404, "there is nothing at this address")
            self.named()
            if (self.headers.get("Content-Encoding") or "identity").lower() != "identity":
                raise Refused(415, "send the body plain")
            body = self.body(LARGEST)
            self.server.due(self.connection, 0)
            caller = self.server.callers.get(found[1])
            known = (caller or _NOBODY).knows(self.headers, query, body, time.time())
            if caller is None or not known:
                raise Refused(401, "the hook is not known, or its token or signature is wrong")
            pushed, passed = read(body)
            noted = self.server.note(caller.name, pushed) if pushed else 0
        except Refused as error:
            return self._say(error.status, {"message": str(error)})
        except NoPush as error:
            return self._say(400, {"message": str(error)})
        except Busy as error:
            return self._say(503, {"message": str(error)}, after=60)
        except AssayError:  # what is wrong here is no affair of who calls
            return self._say(503, {"message": "it could not be noted"}, after=60)
        return self._say(202, {"noted": noted, "refused": len(pushed) - noted, "passed_over": passed})

    def _say(self, status: int, said: Mapping[str, Any], after: int = 0) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Bearer realm="assay"')
        if after:
            self.send_header("Retry-After", str(after))
        unread = status in (404, 411, 413, 415, 421)  # the body would be taken for the next request
        self.close_connection = self.close_connection or unread or status == 401
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if unread:
            self.drain()


_NOBODY = Caller("", "token", b"\0" * 32)  # no header can say it
