from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from assay.engines.otlp import sending
from assay.engines.otlp.sending import Endpoint, send
from assay.kernel.errors import Broken, UsageError
from assay.kernel.span import Span
from assay.methods.traces import otlp

SPANS = [Span("ab" * 16, f"{n + 1:016x}", "n" * 50, 10, 20) for n in range(1_100)]


class Collector(HTTPServer):
    """Answers with what it is told to, in turn; the last answer stands. Keeps what it was sent."""

    def __init__(self, *answers):
        self.answers, self.got = list(answers), []
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request, client_address): ...


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers, gzip.decompress(body)))
        answers = self.server.answers
        status, body, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in ({"Content-Type": "application/x-protobuf"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args): ...


@contextmanager
def collector(*answers, wrap=None):
    with Collector(*answers) as server:
        if wrap:
            server.socket = wrap(server.socket)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server, f"{'https' if wrap else 'http'}://localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


OK = (200, b"", {})


def test_spans_are_sent_in_batches_with_the_headers_given():
    for encoding, read in (("protobuf", otlp.read_protobuf), ("json", otlp.read_json)):
        with collector(OK) as (server, url):
            done = send(Endpoint.of(url, {"x-token": "t"}), SPANS, encoding)
        assert (done.spans, done.requests, done.tries, done.rejected) == (1_100, 2, 2, 0)
        assert [s for _, _, body in server.got for s in read(body).spans] == SPANS
        path, headers, _ = server.got[0]
        assert (path, headers["x-token"], headers["Content-Encoding"]) == ("/v1/traces", "t", "gzip")
        assert headers["Content-Type"] == sending.TYPES[encoding]


def test_a_path_that_is_said_stays():
    assert Endpoint.of("https://h/otlp/v1/traces?x=1").url == "https://h/otlp/v1/traces?x=1"
    assert Endpoint.of("http://h:4318/").url == Endpoint.of("http://h:4318").url == "http://h:4318/v1/traces"


@pytest.mark.parametrize(
    "url", ["", "file:///x", "http://", "ftp://h", "http://h:0", "http://h:99999", "http://[x", "h:4318"]
)
def test_what_is_no_url_is_named(url):
    with pytest.raises(UsageError, match="no URL"):
        Endpoint.of(url)


def test_a_password_in_the_url_and_a_lost_certificate_are_refused(tmp_path):
    with pytest.raises(UsageError, match="password"):
        Endpoint.of("https://me:secret@h")
    with pytest.raises(UsageError, match="no file"):
        Endpoint.of("https://h", ca=tmp_path / "none.pem")


def test_what_is_busy_is_asked_again_when_it_says():
    waits: list[float] = []
    later = email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20))
    answers = [
        (503, b"", {"Retry-After": "3"}),
        (429, b"", {"Retry-After": later}),
        (502, b"", {"Retry-After": "-x"}),
        OK,
    ]
    with collector(*answers) as (_, url):
        done = send(Endpoint.of(url), SPANS[:1], pause=waits.append)
    assert done.tries == 4 and waits[0] >= 3 and 15 < waits[1] <= 20 and 2 <= waits[2] <= 4


def test_it_gives_up_after_a_few_tries_and_a_bounded_time(monkeypatch):
    waits: list[float] = []
    with collector((503, b"", {"Retry-After": "99999"})) as (server, url):
        with pytest.raises(Broken, match="503"):
            send(Endpoint.of(url), SPANS[:1], pause=waits.append)
        assert len(server.got) == 6 and max(waits) <= 30
        monkeypatch.setattr(sending, "_ALTOGETHER", 10.0)
        server.got.clear()
        with pytest.raises(Broken):
            send(Endpoint.of(url), SPANS[:1], pause=waits.append)
        assert len(server.got) == 1  # the pause it asks for would be too long


@pytest.mark.parametrize("status", [301, 400, 401, 404, 500, 501])
def test_what_will_not_change_is_not_asked_again(status):
    said = b"\x12\x06no way"  # google.rpc.Status
    with collector((status, said, {"Location": "http://localhost:1/"})) as (server, url):
        with pytest.raises(Broken, match=rf"{status} \(no way\)"):
            send(Endpoint.of(url), SPANS[:1], pause=lambda s: pytest.fail("it waited"))
        assert len(server.got) == 1


@pytest.mark.parametrize(
    ("body", "kind", "rejected", "said"),
    [
        (b"\x0a\x08\x08\x02\x12\x04full", "application/x-protobuf", 2, "full"),
        (
            b'{"partialSuccess": {"rejectedSpans": "2", "errorMessage": "full\\u001b[2J"}}',
            "application/json",
            2,
            "full·[2J",
        ),
        (b'{"partialSuccess": {"rejectedSpans": -5}}', "application/json", 0, ""),
        (b'{"partialSuccess": [1]}', "application/json", 0, ""),
        (b"[" * 9000, "application/json", 0, ""),
        (b"\xff\xff", "application/x-protobuf", 0, ""),
        (b"<html>", "text/html", 0, ""),
    ],
)
def test_what_was_rejected_is_told(body, kind, rejected, said):
    with collector((200, body, {"Content-Type": kind})) as (_, url):
        done = send(Endpoint.of(url), SPANS[:1])
    assert (done.rejected, done.said) == (rejected, said)


def test_nobody_there_is_told_in_a_sentence():
    waits: list[float] = []
    with pytest.raises(Broken, match="cannot be reached"):
        send(Endpoint.of("http://127.0.0.1:9", seconds=1), SPANS[:1], pause=waits.append)
    assert len(waits) == 5


def test_a_certificate_is_verified(tmp_path):
    pem = _certificate(tmp_path)

    def wrap(plain):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context.wrap_socket(plain, server_side=True)

    with collector(OK, wrap=wrap) as (server, url):
        with pytest.raises(Broken, match="certificate is not trusted.*--ca"):
            send(Endpoint.of(url), SPANS[:1], pause=lambda s: pytest.fail("it waited"))
        assert send(Endpoint.of(url, ca=pem), SPANS[:1]).tries == 1
        assert len(server.got) == 1


def _certificate(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
