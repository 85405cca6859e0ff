"""Connections: what comes on them in pieces, too large, too slow or malformed, and what is then still answered."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import time

import pytest

from assay.doors.gateway.connections import Bounds
from assay.doors.gateway.messages import Response


class Echo:
    """Answers with what it was asked."""

    def __init__(self, most=1000, pause=0.0):
        self.most, self.pause, self.dropped, self.broken, self.open = most, pause, [], [], 0

    def begin(self, request):
        if request.path == "/no":
            return Response(403, b"denied")
        self.open += 1
        return self.most

    async def finish(self, request):
        await asyncio.sleep(self.pause if request.path == "/slow" else 0)
        self.open -= 1
        if request.path == "/fault":
            raise RuntimeError("oops")
        return Response(200, f"{request.method} {request.path} ".encode() + request.body, "text/plain")

    def drop(self, request, rule):
        self.open -= 1
        self.dropped.append(rule)
        return Response(413, b"too large")

    def broke(self, rule):
        self.broken.append(rule)


@pytest.fixture
def echo(listening):
    def make(most=1000, pause=0.0, **bounds):
        app = Echo(most, pause)
        return app, listening(app, **bounds)

    return make


def talk(server, *parts, pause=0.0, until=None, seconds=5.0):
    """Send bytes, and return what is answered until the other side closes, or ``until`` so many answers came."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as s:
        try:
            for part in parts:
                s.sendall(part)
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            pass
        out = b""
        try:
            while until is None or out.count(b"HTTP/1.1 ") < until or not out.endswith(until_end(out)):
                data = s.recv(65536)
                if not data:
                    break
                out += data
        except ConnectionResetError:
            pass
        return out


def until_end(out):
    """The last answer's body, whole, by its length."""
    head, _, body = out.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    lengths = [int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.startswith(b"content-length")]
    return body if lengths and len(body) >= lengths[0] else b"\0never"


def statuses(out):
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", out)]


POST = b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello"


def test_a_request_is_answered_and_the_connection_stays(echo):
    app, server = echo()
    out = talk(server, POST, POST, pause=0.02, until=2)
    assert statuses(out) == [200, 200] and out.count(b"POST /a hello") == 2 and app.open == 0


def test_a_request_that_comes_byte_by_byte_is_answered(echo):
    app, server = echo()
    out = talk(server, *(POST[i : i + 1] for i in range(len(POST))), until=1)
    assert statuses(out) == [200] and out.endswith(b"POST /a hello")


def test_requests_sent_at_once_are_answered_in_their_order(echo):
    app, server = echo(pause=0.1)
    slow = POST.replace(b"/a", b"/slow")
    out = talk(server, slow + POST + POST.replace(b"/a", b"/no") + POST.replace(b"hello", b"world"), until=4)
    assert statuses(out) == [200, 200, 403, 200]
    assert out.index(b"/slow hello") < out.index(b"/a hello") < out.index(b"denied") < out.index(b"/a world")


def test_a_body_in_chunks_is_one_body(echo):
    app, server = echo()
    out = talk(
        server,
        b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
        until=1,
    )
    assert out.endswith(b"POST /a hello")


def test_a_client_that_asks_first_is_told_to_go_on(echo):
    app, server = echo()
    head = b"POST /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
    out = talk(server, head, b"hello", pause=0.05, until=2)
    assert statuses(out) == [100, 200]


def test_a_client_that_asks_first_and_may_not_is_told_so_before_it_sends(echo):
    app, server = echo()
    out = talk(server, b"POST /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5000\r\n\r\n")
    assert statuses(out) == [413] and b"connection: close" in out


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(echo, declared):
    app, server = echo(most=1000)
    if declared:
        parts = [b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 50000000\r\n\r\n", *[b"x" * 65536] * 200]
    else:
        parts = [
            b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
            *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 200,
        ]
    out = talk(server, *parts)
    assert statuses(out) == [413] and app.dropped == ["body"] and app.open == 0


def test_a_refused_request_leaves_the_connection_open(echo):
    app, server = echo()
    no = b"POST /no HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello"
    assert statuses(talk(server, no, POST, pause=0.02, until=2)) == [403, 200]


@pytest.mark.parametrize(
    ("raw", "status", "rule"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: " + b"x" * 40_000 + b"\r\n\r\n", 431, "head"),
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 414, "head"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"h%d: x\r\n" % i for i in range(150)) + b"\r\n", 431, "head"),
        (b"GET / HTTP/1.1\r\nauthorization: a\r\nauthorization: b\r\n\r\n", 400, "head"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400, "malformed"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello", 400, "malformed"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\nhello", 400, "malformed"),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\nhost: x\r\na: b\x00c\r\n\r\n", 400, "malformed"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed"),
        (b"\x80\x04\x95 no request", 400, "malformed"),
        (b"GET /\r\n\r\n", 505, "version"),  # as HTTP/0.9 asked
        (b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", 200, "upgrade"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_and_the_connection_ends(echo, raw, status, rule):
    app, server = echo()
    out = talk(server, raw)
    assert statuses(out) == [status] and app.broken == [rule] and app.open == 0
    assert statuses(talk(server, POST, until=1)) == [200]


def test_a_head_that_comes_slowly_is_ended(echo):
    app, server = echo(head_seconds=0.3)
    began = time.monotonic()
    out = talk(server, b"GET / HTTP/1.1\r\n", *[b"a: b\r\n"] * 20, pause=0.1)
    assert statuses(out) == [408] and app.broken == ["slow"] and time.monotonic() - began < 4


def test_a_body_that_comes_slowly_is_ended(echo):
    app, server = echo(body_seconds=0.3)
    out = talk(server, POST[:-4], *[b"x"] * 3, pause=0.25)
    assert statuses(out) == [408] and app.dropped == [""] and app.open == 0


def test_a_large_body_over_a_slow_link_was_ended_after_thirty_seconds(echo):
    """What comes at a pace has time for all of it; up to an end, whatever its pace."""
    app, server = echo(body_seconds=0.4, pace=100, most=10_000)
    head = b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
    began = time.monotonic()
    assert statuses(talk(server, head % 300, *[b"x" * 30] * 10, pause=0.12, until=1)) == [200]
    assert time.monotonic() - began > 1 and app.dropped == []
    app, server = echo(body_seconds=0.4, body_longest=0.6, pace=100, most=10_000)
    out = talk(server, head % 300, *[b"x" * 30] * 10, pause=0.12)
    assert statuses(out) == [408] and app.dropped == [""] and app.open == 0


def test_the_time_of_a_body_grows_with_what_came_of_it():
    bounds = Bounds()
    assert [bounds.body(n) for n in (0, 16 << 10, 6 << 20, 128 << 20)] == [30, 31, 414, 900]


def test_a_connection_that_says_nothing_is_ended(echo):
    app, server = echo(head_seconds=0.2, idle_seconds=0.2)
    assert talk(server) == b""
    assert statuses(talk(server, POST)) == [200]


def test_many_slow_connections_hold_no_other_up(echo):
    app, server = echo(head_seconds=0.6)
    held = []
    for _ in range(100):
        s = socket.create_connection(("127.0.0.1", server.port))
        s.sendall(b"GET / HTTP/1.1\r\na:")
        held.append(s)
    began = time.monotonic()
    assert statuses(talk(server, POST, until=1)) == [200] and time.monotonic() - began < 0.5
    time.sleep(1.0)
    assert not server.server.connections
    for s in held:
        s.close()


def test_too_many_connections_are_told_to_come_again(echo):
    app, server = echo(connections=2, pause=0.6)
    held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
    for s in held:
        s.sendall(POST.replace(b"/a", b"/slow"))
    time.sleep(0.1)
    assert statuses(talk(server, POST)) == [503] and app.broken == ["connections"]
    for s in held:
        s.settimeout(5)
        assert b" 200 " in s.recv(65536)  # whoever is being answered keeps its place
        s.close()
    time.sleep(0.05)
    assert statuses(talk(server, POST, until=1)) == [200]


def test_idle_connections_make_room_for_one_that_asks(echo):
    """Where every place was taken by one that said nothing, whoever had something to ask was refused."""
    app, server = echo(connections=3, idle_seconds=60, head_seconds=60)
    held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
    held[0].sendall(b"GET / HTTP/1.1\r\nslow")
    time.sleep(0.05)
    for _ in range(3):
        assert statuses(talk(server, POST, until=1)) == [200]
    assert set(app.broken) == {"room"} and len(server.server.connections) <= 3
    for s in held:
        s.close()


def test_a_caller_who_takes_no_answers_is_ended(echo):
    app, server = echo(taken_seconds=0.3, most=1 << 20)
    big = b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(1)
        try:
            for _ in range(20):
                s.sendall(big)
        except OSError:
            pass
        end = time.monotonic() + 5
        while server.server.connections and time.monotonic() < end:
            time.sleep(0.05)
        assert not server.server.connections


def test_a_caller_who_goes_away_leaves_nothing_open(echo):
    app, server = echo(pause=0.2)
    for raw in (POST[:-2], POST.replace(b"/a", b"/slow"), b"GET /"):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(raw)
    time.sleep(0.4)
    assert app.open == 0 and not server.server.connections


def test_a_fault_of_ours_is_told_as_one_and_leaves_the_others(echo):
    app, server = echo()
    out = talk(server, POST.replace(b"/a", b"/fault"))
    assert statuses(out) == [500] and b"oops" not in out
    assert statuses(talk(server, POST, until=1)) == [200]


def test_what_is_under_way_is_answered_before_the_server_ends(echo):
    app, server = echo(pause=0.5)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as s,
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as idle,
    ):
        s.sendall(POST.replace(b"/a", b"/slow"))
        time.sleep(0.1)
        server.loop.run(server.server.drain(5))
        assert statuses(s.recv(65536)) == [200] and idle.recv(10) == b""


def fuzz(server, count, seed):
    rng = random.Random(seed)
    pieces = [b"GET ", b"POST ", b"/", b"/endpoints/e/invocations", b" HTTP/1.1", b"\r\n", b"\n", b"host: x", b"content-length: ", b"5",
              b"99999999999999999999", b"transfer-encoding: chunked", b"\r\n\r\n", b"\x00", b"\xff\xfe", b"a" * 500, b": ", b"%00%ff", b"0\r\n\r\n",
              b"-1", b"expect: 100-continue", b"connection: close", b"{", b'"', b"authorization: Bearer ", b"content-encoding: gzip"]  # fmt: skip
    for _ in range(count):
        raw = b"".join(
            rng.choice(pieces) if rng.random() < 0.9 else rng.randbytes(rng.randrange(20))
            for _ in range(rng.randrange(1, 25))
        )
        if rng.random() < 0.3:
            cut = bytearray(POST)
            for _ in range(rng.randrange(1, 4)):
                cut[rng.randrange(len(cut))] = rng.randrange(256)
            raw = bytes(cut)
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as s:
            try:
                s.sendall(raw)
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
            except (ConnectionResetError, BrokenPipeError):
                pass


def test_malformed_requests_crash_nothing(echo):
    app, server = echo()
    fuzz(server, 250, 7)
    time.sleep(0.05)
    assert app.open == 0 and "fault" not in app.broken and statuses(talk(server, POST, until=1)) == [200]


@pytest.mark.slow
def test_a_hundred_thousand_malformed_requests_crash_nothing(echo):
    import resource

    app, server = echo(head_seconds=2.0, body_seconds=2.0)
    fuzz(server, 5_000, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fuzz(server, 95_000, 8)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert app.open == 0 and "fault" not in app.broken and grown < 50_000
    assert statuses(talk(server, POST, until=1)) == [200]


def test_a_header_that_was_said_twice_was_told_joined_as_if_it_had_come_so(echo):
    app, server = echo()
    raw = []
    app.begin = lambda request: raw.append(request) or Response(204)
    talk(server, b"GET / HTTP/1.1\r\nx-a: 1\r\nX-A: 2\r\n\r\n", until=1)
    assert raw[0].raw == (("x-a", "1"), ("x-a", "2")) and raw[0].headers == {"x-a": "1, 2"}


def test_a_fault_of_ours_was_counted_nowhere_and_told_to_nobody(echo, capfd):
    app, server = echo()
    talk(server, b"GET /fault HTTP/1.1\r\n\r\n")
    assert app.broken == ["fault"]
    said = capfd.readouterr().err
    assert "RuntimeError at test_connection.py" in said and "oops" not in said
