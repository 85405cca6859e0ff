"""One connection: HTTP/1.1 taken apart by llhttp (httptools), each request held to bounds of bytes and of time.

Measured beside what hosts applications (a POST of 100 bytes, one core): 5 µs of processor a request, where uvicorn with
the same parser takes 24 and granian 38 to 56; and neither ends a connection whose head or body comes a byte at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import httptools

from assay.doors.gateway.messages import Request, Response
from assay.engines.terminal import say_fault

if TYPE_CHECKING:
    from assay.doors.gateway.connections import Server

_ONCE = frozenset(
    ("authorization", "content-length", "content-type", "host", "transfer-encoding", "content-encoding",
     "x-amz-security-token", "x-amzn-sagemaker-target-variant")
)  # fmt: skip
_VERSIONS = ("1.1", "1.0")
_PIPELINED = 64  # requests of one connection that wait for the one before
_LINGER, _PASSED = (
    3.0,
    64 << 20,
)  # seconds and bytes of a refused body that are passed over, so that the answer arrives


class Connection(asyncio.Protocol):
    """A connection under way."""

    def __init__(self, server: Server) -> None:
        self.server, self.bounds, self.app = server, server.bounds, server.application
        self.until = float("inf")
        self._transport: Any = None
        self._parser: Any = None
        self._waiting: deque[tuple[Request, Response | None, bool]] = deque()
        self._busy = self._ended = self._taking = False
        self._since = 0.0  # when the body began that is on its way
        self._deaf, self._passed = False, 0
        self._fresh()

    def _fresh(self) -> None:
        self._url, self._fields, self._raw = b"", dict[str, str](), list[tuple[str, str]]()
        self._head, self._in_head, self._most, self._size = 0, False, 0, 0
        self._body: list[bytes] = []
        self._request: Request | None = None
        self._refused: Response | None = None

    # -- of the loop

    def connection_made(self, transport: Any) -> None:
        """Begin, if there is room."""
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)
        if self.server.closing or not self.server.room():
            self.app.broke("connections")
            self._say(
                Response(503, b'{"message":"too many connections are open"}', headers={"retry-after": "1"}),
                False,
            )
            return
        self.server.connections[self] = None
        self.until = time.monotonic() + self.bounds.head_seconds
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if isinstance(peer, tuple) else ""
        self._certificate = _common_name(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it; a request whose body was on its way is over."""
        self.server.connections.pop(self, None)
        self._ended = True
        if self._request is not None and self._refused is None:
            self.app.drop(self._request, "")
            self._request = None
        for request, refused, _ in self._waiting:
            if refused is None:
                self.app.drop(request, "")
        self._waiting.clear()

    def pause_writing(self) -> None:
        """The other side does not take what it is told: for so long, and no longer."""
        self._taking = True
        self.until = time.monotonic() + self.bounds.taken_seconds
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It takes it again."""
        self._taking = False
        if not self._ended:
            self._transport.resume_reading()
            self._rest()
            if not self._busy:
                self._next()

    def data_received(self, data: bytes) -> None:
        """Take some bytes apart."""
        if self._ended or self._deaf:
            self._passed += len(data)
            if self._passed > _PASSED:
                self.abort()
            return
        if not self._in_head and self._request is None:  # the first bytes of another request
            self._in_head = True
            self._within(self.bounds.head_seconds)
        if self._in_head:
            self._head += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._bad("upgrade", 400, "this speaks HTTP/1.1 alone")
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, _Stop):
                say_fault(error.__context__ or error)
                self._bad("fault", 500, "this is a fault of ours")
        except httptools.HttpParserError:
            self._bad("malformed", 400, "this is no HTTP/1.1 request")
        else:
            if self._in_head and self._head > self.bounds.head:
                self._bad("head", 431, f"a request's head has at most {self.bounds.head} bytes")

    # -- of the parser

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._ended or self._deaf:
            raise _Stop
        head = self._head
        self._fresh()
        self._in_head, self._head = True, head

    def on_url(self, url: bytes) -> None:
        """The target, or a part of it."""
        self._url += url
        if len(self._url) > self.bounds.head:
            self._bad("head", 414, "this address is too long")
            raise _Stop

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; of a trailer nothing is kept."""
        if self._request is not None:
            return
        key, said = name.decode("latin-1").lower(), value.decode("latin-1")
        if key in self._fields:
            if key in _ONCE:
                self._bad("head", 400, f"{key} is said twice")
                raise _Stop
            said = f"{self._fields[key]}, {said}"
        self._fields[key] = said
        self._raw.append((key, value.decode("latin-1")))
        if len(self._raw) > self.bounds.headers:
            self._bad("head", 431, f"a request has at most {self.bounds.headers} headers")
            raise _Stop

    def on_headers_complete(self) -> None:
        """The head is whole: may the body come?"""
        self._in_head = False
        size = len(self._url) + sum(len(k) + len(v) + 4 for k, v in self._raw)
        if size > self.bounds.head:
            self._bad("head", 431, f"a request's head has at most {self.bounds.head} bytes")
            raise _Stop
        if self._parser.get_http_version() not in _VERSIONS:
            self._bad("version", 505, "this speaks HTTP/1.1 and 1.0 alone")
            raise _Stop
        path, _, query = self._url.decode("latin-1").partition("?")
        method = self._parser.get_method().decode("latin-1")
        request = Request(
            method, path, query, self._fields, tuple(self._raw), self._address, self._certificate
        )
        self._request = request
        found = self.app.begin(request)
        if isinstance(found, Response):
            self._refused = found
            self._most = 64 << 10  # so much of a body is passed over, for the connection to stay
        else:
            self._most = found
        declared = self._fields.get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._most:
            if self._refused is None:
                self._refused = self.app.drop(request, "body")
            self._give_up()
        if self._refused is None and self._fields.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._coming()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._size += len(body)
        if self._size > self._most:
            if self._refused is None and self._request is not None:
                self._refused = self.app.drop(self._request, "body")
            self._give_up()
        if self._refused is None:
            self._body.append(body)
        self._within(self.bounds.body(self._size), self._since)

    def on_message_complete(self) -> None:
        """The request is whole: it is its turn, or it waits for the one before."""
        request = self._request
        if request is None:
            return
        request.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        keep = bool(self._parser.should_keep_alive()) and not self.server.closing
        self._waiting.append((request, self._refused, keep))
        self._request = None
        self._head = 0
        if len(self._waiting) > _PIPELINED:
            self._bad("pipelined", 429, "too many requests were sent at once on one connection")
            raise _Stop
        if not self._busy:
            self._next()

    # -- answering

    def _next(self) -> None:
        while self._waiting and not self._ended and not self._taking:
            request, refused, keep = self._waiting.popleft()
            if refused is None:
                self._within(float("inf"))
                self._busy = True
                asyncio.get_running_loop().create_task(self._answer(request, keep))
                return
            self._say(refused, keep and not refused.close, head=request.method == "HEAD")
        if not self._ended:
            self._rest()

    async def _answer(self, request: Request, keep: bool) -> None:
        try:
            response = await self.app.finish(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told, and the connection ends
            self.app.broke("fault")
            say_fault(error)
            response = Response(500, b'{"message":"this is a fault of ours"}', close=True)
        self._busy = False
        keep = keep and not response.close and not self.server.closing and not self._deaf
        self._say(response, keep, head=request.method == "HEAD")
        self._next()

    def _say(self, response: Response, keep: bool, *, head: bool = False, linger: bool = True) -> None:
        if self._ended or self._transport.is_closing():
            return
        self._transport.write(response.encoded(head=head, keep=keep))
        if not keep:
            self._ended = True
            if not linger or (self._request is None and not self._deaf):
                self._transport.close()
                self.until = time.monotonic() + self.bounds.taken_seconds
                return
            # Whoever is cut off while they still send never sees the answer.
            self.until = time.monotonic() + _LINGER
            if self._transport.can_write_eof():
                self._transport.write_eof()

    def _give_up(self) -> None:
        """Answer at once, and read no further: what comes is more than may come."""
        self._deaf = True
        if self._refused is not None and not self._busy:
            self._say(self._refused, False)
            self._request = None
        raise _Stop

    def _bad(self, rule: str, status: int, message: str, *, linger: bool = True) -> None:
        self.app.broke(rule)
        if self._request is not None and self._refused is None:
            self.app.drop(self._request, "")
        self._request, self._deaf = None, True
        if not self._busy:
            told = Response(status, b'{"message":"%s"}' % message.encode(), close=True)
            self._say(told, False, linger=linger)

    def _rest(self) -> None:
        """Nothing is under way: so long may it say nothing."""
        if self._request is not None:
            self._coming()
        else:
            self._within(self.bounds.head_seconds if self._in_head else self.bounds.idle_seconds)

    def _coming(self) -> None:
        """A body is on its way, from now on at a pace that is not too slow."""
        self._since = time.monotonic()
        self._within(self.bounds.body(self._size), self._since)

    def _within(self, seconds: float, since: float | None = None) -> None:
        """Say how long the other side has, where it is its turn. since: from when on; None: now."""
        if not self._busy and not self._taking and not self._ended:
            self.until = (time.monotonic() if since is None else since) + seconds

    def late(self) -> None:
        """Its time is over."""
        if self._ended or self._taking:
            self.abort()
        elif self._request is not None:
            self._bad("slow", 408, "the body did not come in time", linger=False)
        elif self._in_head:
            self._bad("slow", 408, "the head of the request did not come in time", linger=False)
        else:
            self._ended = True
            self._transport.close()

    @property
    def idle(self) -> bool:
        """Whether no request of it is whole or on its way with a body that was admitted."""
        return not self._busy and self._request is None and not self._waiting

    def leave(self) -> None:
        """Make room for another."""
        self.app.broke("room")
        self._ended = True
        if self._transport.get_write_buffer_size():  # nobody would see to it that it is taken
            self._transport.abort()
        else:
            self._transport.close()

    def close_when_idle(self) -> None:
        """End it, or let it end when what is under way is answered."""
        if self.idle and not self._in_head:
            self._ended = True
            self._transport.close()

    def abort(self) -> None:
        """End it at once."""
        self._ended = True
        self._transport.abort()


class _Stop(Exception):
    """No more of these bytes is taken apart."""


def _common_name(transport: Any) -> str:
    found = transport.get_extra_info("peercert") or {}
    for part in found.get("subject", ()):
        for name, value in part:
            if name == "commonName":
                return str(value)
    return ""
