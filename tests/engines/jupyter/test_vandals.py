"""Servers that answer as a vandal would: each is bounded in time and size, and whatever it is, it is told in a sentence."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
import time

import pytest
from tests.conftest import ASSAY

from assay.engines.authority import for_server
from assay.engines.jupyter import certificates, probing
from assay.kernel.errors import UsageError


@pytest.fixture
def server():
    """Answer each connection by a function, until the test is over."""
    held = []

    def serve(answer):
        listener = socket.create_server(("127.0.0.1", 0))
        stop = threading.Event()

        def one(link):
            try:
                answer(link, stop)
            except OSError:
                pass
            finally:
                link.close()

        def run():
            while not stop.is_set():
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(link,), daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        held.append((listener, stop))
        return listener.getsockname()[1]

    yield serve
    for listener, stop in held:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def said(head, body=b""):
    return lambda link, stop: (link.recv(1 << 16), link.sendall(head + b"\r\n\r\n" + body))


def where(port, tls=False, **more):
    return probing.Place("127.0.0.1", port, tls, "/", **more)


def dripping(first):
    def answer(link, stop):
        link.recv(1 << 16)
        link.sendall(first)
        while not stop.is_set():
            link.sendall(b"a")
            time.sleep(0.02)

    return answer


@pytest.mark.parametrize(
    "first",
    [
        b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)  # fmt: skip
def test_an_answer_that_drips_ends(server, monkeypatch, first):
    """A byte now and then kept each wait from being too long, for days."""
    monkeypatch.setattr(certificates, "WHOLE", 0.4)
    begun = time.monotonic()
    try:
        probing.ask(where(server(dripping(first))), "api")
    except UsageError as error:
        assert "nobody answers" in error.what
    assert time.monotonic() - begun < 4


def test_telling_to_wait_for_ever_ends(server, monkeypatch):
    monkeypatch.setattr(certificates, "WHOLE", 0.4)

    def answer(link, stop):
        link.recv(1 << 16)
        while not stop.is_set():
            link.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
            time.sleep(0.02)

    with pytest.raises(UsageError, match="nobody answers"):
        probing.ask(where(server(answer)), "api")


def test_tls_that_drips_ends(server, monkeypatch):
    monkeypatch.setattr(certificates, "WHOLE", 0.4)

    def answer(link, stop):
        link.recv(1 << 16)
        link.sendall(b"\x16\x03\x03\x3f\xff")
        dripping(b"")(link, stop)

    port = server(answer)
    begun = time.monotonic()
    with pytest.raises(UsageError):
        probing.ask(where(port, tls=True), "api")
    seen = certificates.seen("127.0.0.1", port)
    assert not any(seen["versions"].values()) and "certificate" not in seen
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"version": ' + b'{"a":' * 100_000, b'{"version": 1' + b"0" * 100_000 + b"}", b'{"version": null}', b'"x"', b"NaN", b"",
     b'{"version": "\\ud800"', b"\xff\xfe{}", b'{"version": ["2"]}'],
)  # fmt: skip
def test_a_body_that_is_no_jupyters_is_told(server, body):
    port = server(said(b"HTTP/1.1 200 OK\r\nContent-Length: %d" % len(body), body))
    with pytest.raises(UsageError, match="no Jupyter server"):
        probing.observed(where(port))


def test_a_body_without_end_is_read_to_a_bound(server):
    def answer(link, stop):
        link.recv(1 << 16)
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stop.is_set():
            link.sendall(b" " * 65_536)

    assert len(probing.ask(where(server(answer)), "api").body) == 1 << 20


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000, b"HTTP/1.1 abc OK", b"SSH-2.0-x", b"\x00" * 100,
     b"HTTP/1.1 200 OK\r\nContent-Length: -5", b"HTTP/1.1 99999 OK"],
)  # fmt: skip
def test_a_head_that_is_none_is_told(server, head):
    with pytest.raises(UsageError):
        probing.observed(where(server(said(head))))


def test_a_redirect_is_not_followed(server):
    asked = []

    def answer(link, stop):
        asked.append(link.recv(1 << 16))
        link.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n"
        )

    with pytest.raises(UsageError, match="gave 302"):
        probing.observed(where(server(answer)))
    assert len(asked) == 1


def test_what_is_shown_of_a_server_moves_no_cursor(server, tmp_path):
    body = json.dumps({"version": "2.0\x1b[2J", "name": "x"}).encode()
    port = server(
        said(b"HTTP/1.1 200 OK\r\nServer: \x1b]0;owned\x07\r\nContent-Length: %d" % len(body), body)
    )
    done = subprocess.run(
        [*ASSAY, "notebook", "check", f"http://127.0.0.1:{port}/"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "notebook.server" in done.stdout, done.stdout + done.stderr
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout


def test_a_kernel_that_answers_without_end_is_left(server):
    """A frame says its own length, and was held in memory for as long as more of it came."""
    pytest.importorskip("websocket")
    import base64
    import hashlib

    from assay.engines.jupyter import inside

    def answer(link, stop):
        head = link.recv(1 << 16)
        if b"Upgrade: websocket" not in head:
            made = b'{"id": "0-1"}'
            link.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(made) + made)
            return
        key = next(x for x in head.split(b"\r\n") if x.lower().startswith(b"sec-websocket-key")).split(b": ")[
            1
        ]
        told = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        link.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + told
            + b"\r\n\r\n"
        )
        link.sendall(b"\x81\x7f" + (1 << 40).to_bytes(8, "big"))  # a text of a terabyte
        sent = 0
        while not stop.is_set() and sent < 64 << 20:
            link.sendall(b"a" * 65_536)
            sent += 65_536
        assert sent < 64 << 20

    with pytest.raises(UsageError, match="did not answer"):
        inside.reached(where(server(answer)))


def test_the_token_goes_over_no_connection_that_shows_another_certificate_than_the_one_that_was_judged(
    server, tmp_path, monkeypatch
):
    """The certificate was judged on one connection, and the token sent on the next, whatever that one showed."""
    good, other = for_server(["127.0.0.1"]), for_server(["127.0.0.1"])
    (tmp_path / "ca.pem").write_text(good.authority)
    contexts = []
    for papers in (good, other):
        (tmp_path / "pair.pem").write_text(papers.certificate + papers.key)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(tmp_path / "pair.pem")
        contexts.append(made)
    heard, connections = [], []

    def answer(link, stop):
        connections.append(link)
        with contexts[0 if len(connections) == 1 else 1].wrap_socket(link, server_side=True) as secret:
            heard.append(secret.recv(1 << 16))
            secret.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    port = server(answer)
    monkeypatch.setattr(probing, "_local", lambda host: False)
    place = where(port, tls=True, token="the secret token", ca=str(tmp_path / "ca.pem"))
    probing.may_be_told(place)  # it shows what may be told to it
    with pytest.raises(UsageError):
        probing.ask(place, "api/contents", known=True)
    assert not any(b"secret token" in h for h in heard)


def test_a_certificate_with_an_extension_twice_is_no_fault_of_ours():
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    der = x509.load_pem_x509_certificate(for_server(["a.example"]).certificate.encode()).public_bytes(
        Encoding.DER
    )
    twice = der.replace(b"\x55\x1d\x13", b"\x55\x1d\x11")  # basic constraints become a second list of names
    assert twice != der and certificates.told(twice) == {}
    for at in range(0, len(der), 7):  # and so is one that is bent anywhere
        bent = bytearray(der)
        bent[at] ^= 0x55
        certificates.told(bytes(bent), "a.example")
