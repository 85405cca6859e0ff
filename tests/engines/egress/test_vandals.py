"""A proxy asked as a vandal asks it: nothing is reached, nothing is held on to, and whatever was tried is told."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time

import pytest

from assay.engines.egress import policy, wire
from assay.engines.egress.policy import Egress, Store, read_network
from assay.engines.egress.proxy import Proxy
from assay.kernel.errors import Broken


class Shop:
    """A store that keeps what it was sent, and answers with a redirect to this machine."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.got = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.settimeout(2)
            got = b""
            try:
                while b"\r\n\r\n" not in got and (part := client.recv(1 << 16)):
                    got += part
                time.sleep(0.05)
                client.setblocking(False)
                got += client.recv(1 << 16)
            except OSError:
                pass
            self.got.append(got)
            client.setblocking(True)
            with contextlib.suppress(OSError):
                client.sendall(
                    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/secret\r\nContent-Length: 0\r\n\r\n"
                )
            client.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def shop():
    made = Shop()
    yield made
    made.close()


@pytest.fixture
def proxy(shop):
    """A proxy on this machine, as it listens in a job, with one store: its /public/."""
    stores, ranges = read_network(
        {"allow": [f"http://store.example:{shop.port}/public/"], "addresses": ["127.0.0.0/8"]}
    )
    egress = Egress(stores, ranges, resolve=lambda host, port: ["127.0.0.1"])
    listener = socket.create_server(("127.0.0.1", 0))
    made = Proxy(egress, (listener.detach(),))
    made.start()
    yield made
    made.close()


def mark(proxy):
    said = base64.b64encode(f"job:{proxy.egress.token}".encode()).decode()
    return f"Proxy-Authorization: Basic {said}\r\n".encode()


def reach(proxy):
    made = socket.create_connection(proxy._listeners[0].getsockname(), 5)
    made.settimeout(5)
    return made


def asked(proxy, raw, *, known=True):
    """Send one request; return all that came back."""
    with reach(proxy) as link:
        head, _, rest = raw.partition(b"\r\n")
        link.sendall(head + b"\r\n" + (mark(proxy) if known else b"") + rest)
        out = b""
        try:
            while part := link.recv(1 << 16):
                out += part
        except OSError:
            pass
        return out


def settled(proxy):
    """Wait until no connection is served any more."""
    until = time.monotonic() + 5
    while proxy.egress._open and time.monotonic() < until:
        time.sleep(0.01)
    return proxy.egress._open, len(proxy._open)


@pytest.mark.parametrize(
    "target",
    [
        "http://store.example@127.0.0.1/public/", "http://127.0.0.1@store.example:{port}/public/", "http://127.0.0.1:{port}/public/",
        "http://2130706433:{port}/public/", "http://0x7f.1:{port}/public/", "http://0177.0.0.1:{port}/public/", "http://127.1:{port}/public/",
        "http://[::1]:{port}/public/", "http://[::ffff:127.0.0.1]:{port}/public/", "http://[::ffff:169.254.169.254]/public/",
        "http://store.example:{port}/private", "http://store.example:{port}/public/../private", "http://store.example:{port}/public/..;a/private",
        "http://store.example:{port}/public/%2e%2e/private", "http://store.example:{port}/public/%252e%252e/private",
        "http://store.example:{port}/public/..%3ba/private", "http://store.example:{port}//public/x", "http://store.example:{port}/public/..\\private",
        "http://store.example:0/public/", "http://store.example:99999/public/", "http://store.example.evil:{port}/public/",
        "http://st\u00f6re.example:{port}/public/", "HTTP://store.example:{port}/public/", "ftp://store.example:{port}/public/", "/public/", "*", "",
    ],
)  # fmt: skip
def test_no_spelling_of_a_target_leads_elsewhere(proxy, shop, target):
    raw = f"GET {target.format(port=shop.port)} HTTP/1.1\r\nHost: store.example\r\n\r\n".encode("latin-1")
    assert b" 302 " not in asked(proxy, raw)
    assert settled(proxy) == (0, 0) and shop.got == []
    assert [d.allowed for d in proxy.egress.decisions] == [False], "what was tried is told"


@pytest.mark.parametrize("host", ["store.example.", "STORE.example"])
def test_a_dot_at_the_end_and_capitals_are_the_same_store(proxy, shop, host):
    said = asked(proxy, f"GET http://{host}:{shop.port}/public/a HTTP/1.1\r\n\r\n".encode())
    assert (
        said.startswith(b"HTTP/1.1 302") and b"Location: http://127.0.0.1/secret" in said
    )  # handed on, and not followed
    assert len(shop.got) == 1 and f"\r\nHost: store.example:{shop.port}\r\n".encode() in shop.got[0]


@pytest.mark.parametrize(
    "more",
    [
        b"X: a\nInjected: b", b"X: a\rInjected: b", b"X : a", b" folded: a", b"X\x00: a", b"no colon", b"Transfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: +5", b"Content-Length: 5, 5", b"Content-Length: 0x5",
        b"Content-Length: 99999999999999999999",
    ],
)  # fmt: skip
def test_a_head_that_two_could_read_differently_goes_nowhere(proxy, shop, more):
    line = f"POST http://store.example:{shop.port}/public/a HTTP/1.1\r\n".encode()
    assert b" 302 " not in asked(proxy, line + more + b"\r\n\r\nhello")
    assert settled(proxy) == (0, 0) and shop.got == []
    assert [d.allowed for d in proxy.egress.decisions] == [False]


def test_a_second_request_in_the_same_connection_is_never_passed_on(proxy, shop):
    first = f"POST http://store.example:{shop.port}/public/a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi".encode()
    asked(proxy, first + f"GET http://store.example:{shop.port}/private HTTP/1.1\r\n\r\n".encode())
    assert len(shop.got) == 1 and b"private" not in shop.got[0] and shop.got[0].endswith(b"\r\n\r\nhi")


def test_what_follows_a_tunnel_that_was_refused_is_not_read_as_a_request(proxy, shop):
    more = b"GET http://store.example:%d/public/a HTTP/1.1\r\n\r\n" % shop.port
    said = asked(proxy, b"CONNECT elsewhere.example:443 HTTP/1.1\r\n\r\n" + more)
    assert said.startswith(b"HTTP/1.1 403") and said.count(b"HTTP/1.1") == 1 and shop.got == []


@pytest.mark.parametrize(
    "target",
    [
        "store.example:443",
        "store.example",
        "a@store.example:443",
        "store.example:443/x",
        "[::1]:443",
        ":443",
        "store.example:x",
    ],
)
def test_no_tunnel_leads_to_what_was_named_for_plain_http(proxy, shop, target):
    said = asked(proxy, f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
    assert b" 200 " not in said and [d.allowed for d in proxy.egress.decisions] == [False]


def test_headers_without_end_are_let_go(proxy, monkeypatch):
    monkeypatch.setattr(wire, "PATIENCE", 0.3)
    with reach(proxy) as link:
        link.sendall(b"GET http://store.example/public/ HTTP/1.1\r\n")
        begun = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - begun < 10:
                link.sendall(b"X: " + b"a" * 20_000 + b"\r\n")
        assert time.monotonic() - begun < 5
    with reach(proxy) as link:  # and so are those that come a byte at a time
        begun = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - begun < 10:
                link.sendall(b"X")
                time.sleep(0.05)
        assert time.monotonic() - begun < 5
    assert settled(proxy) == (0, 0)


def test_bodies_broken_off_hold_no_connection_of_this_machine(proxy, shop):
    """Each left one behind in this process until the job had ended, and with them all of its descriptors."""
    head = f"PUT http://store.example:{shop.port}/public/a HTTP/1.1\r\nContent-Length: 1000\r\n".encode()
    for _ in range(8):
        with reach(proxy) as link:
            link.sendall(head + mark(proxy) + b"\r\nhalf")
    assert settled(proxy) == (0, 0)


def test_connections_are_bounded_for_all_workers_together_and_the_proxy_goes_on(proxy, shop, monkeypatch):
    monkeypatch.setattr(policy, "MOST_OPEN", 4)
    held = [reach(proxy) for _ in range(4)]
    until = time.monotonic() + 5
    while proxy.egress._open < 4 and time.monotonic() < until:
        time.sleep(0.01)
    with reach(proxy) as one:
        assert one.recv(1) == b""
    for link in held:
        link.close()
    assert settled(proxy) == (0, 0)
    assert b" 302 " in asked(
        proxy, f"GET http://store.example:{shop.port}/public/a HTTP/1.1\r\n\r\n".encode()
    )


def test_what_is_told_moves_no_cursor(proxy):
    asked(proxy, b"G\x1b[2JT http://store.example/\x1b]0;x\x07 HTTP/1.1\r\n\r\n")
    asked(proxy, b"GET http://\x1b[31m.example/ HTTP/1.1\r\n\r\n")
    proxy.egress.decided(False, "CONNECT", "a", why="its TLS asks for \x1b[2J\u202e there")
    for made in proxy.egress.decisions:
        assert all(text.isprintable() for text in (made.method, made.target, made.why)), made


def test_a_name_that_is_written_as_a_number_is_judged_by_where_it_leads():
    for host in ("2130706433", "0x7f000001", "0177.0.0.1", "127.1"):
        egress = Egress((Store.read(f"http://{host}/"),))
        assert egress.addresses("http", host, 80)[1], host


def test_a_header_whose_name_is_no_ascii_goes_nowhere(proxy, shop):
    raw = f"GET http://store.example:{shop.port}/public/a HTTP/1.1\r\n".encode() + b"X-\xe9\xb2: y\r\n\r\n"
    assert b" 400 " in asked(proxy, raw) and not shop.got


def test_a_job_that_computes_between_two_parts_loses_neither(proxy, shop, monkeypatch):
    """The time that a head may take was also the longest pause of whoever read an answer, or wrote a body."""
    monkeypatch.setattr(wire, "PATIENCE", 0.3)
    head = f"PUT http://store.example:{shop.port}/public/a HTTP/1.1\r\nContent-Length: 8\r\n".encode()
    with reach(proxy) as link:
        link.sendall(head + mark(proxy) + b"\r\nhalf")
        time.sleep(0.7)
        link.sendall(b"half")
        assert b" 302 " in link.recv(1 << 16)


def test_what_was_asked_for_is_not_done_after_the_jobs_end(shop):
    asked_for, go = threading.Event(), threading.Event()

    def resolve(host, port):
        asked_for.set()
        assert go.wait(20)
        return ["127.0.0.1"]

    stores, ranges = read_network(
        {"allow": [f"http://store.example:{shop.port}/"], "addresses": ["127.0.0.0/8"]}
    )
    listener = socket.create_server(("127.0.0.1", 0))
    made = Proxy(Egress(stores, ranges, resolve=resolve), (listener.detach(),))
    made.start()
    with reach(made) as link:
        head = f"DELETE http://store.example:{shop.port}/kept HTTP/1.1\r\n".encode()
        link.sendall(head + mark(made) + b"\r\n")
        assert asked_for.wait(5)
        threading.Timer(0.2, go.set).start()  # while the job is being ended
        made.close()
    time.sleep(0.3)
    assert b"DELETE" not in b"".join(shop.got)


def test_a_decision_that_cannot_be_recorded_is_not_acted_on_and_is_told_at_the_end(shop, capfd):
    def full(decision):
        raise RuntimeError("database or disk is full")

    stores, ranges = read_network(
        {"allow": [f"http://store.example:{shop.port}/"], "addresses": ["127.0.0.0/8"]}
    )
    listener = socket.create_server(("127.0.0.1", 0))
    made = Proxy(
        Egress(stores, ranges, tell=full, resolve=lambda host, port: ["127.0.0.1"]), (listener.detach(),)
    )
    made.start()
    assert asked(made, f"GET http://store.example:{shop.port}/a HTTP/1.1\r\n\r\n".encode()) == b""
    with pytest.raises(Broken, match="could not be recorded: database or disk is full"):
        made.close()
    time.sleep(0.3)
    assert not b"".join(shop.got)
    assert "Traceback" not in capfd.readouterr().err
