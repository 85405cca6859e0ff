"""Receivers of alerts: an HTTP server and a mail server, each a real one on a port of this machine."""

from __future__ import annotations

import datetime as dt
import http.server
import ipaddress
import socketserver
import ssl
import threading
from dataclasses import dataclass, field

import pytest

from assay.engines.alerting.alert import Alert

ALERT = Alert(
    key="hourly/2026-11-28T14:00:00.000Z/bad",
    title="bookings: 2 violations in lead_time <now>",
    severity="high",
    source="assay monitor/hourly",
    at="2026-11-28T14:00:01.000Z",
    lines=("lead_time is below 0 in 31 % of the rows & more",),
    facts={"endpoint": "bookings", "check": "traffic.quality"},
    detail={"monitor": "hourly", "violations": [{"rule": "traffic.quality.range"}]},
)


@pytest.fixture
def alert():
    return ALERT


@dataclass
class Receiver:
    """answers: status and Retry-After that are given in turn, the last one for good; got: path, headers and body of each request."""

    url: str
    answers: list[tuple[int, str]] = field(default_factory=lambda: [(200, "")])
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


def _serve(handler, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    return server, thread


def _receiver(context=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.got.append((self.path, dict(self.headers), body))
            status, after = known.answers.pop(0) if len(known.answers) > 1 else known.answers[0]
            self.send_response(status)
            if after:
                self.send_header("Location" if status in (301, 302, 307) else "Retry-After", after)
            said = b"ok" if status == 200 else b"no"
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server, thread = _serve(Handler, context)
    scheme = "https" if context else "http"
    known = Receiver(f"{scheme}://127.0.0.1:{server.server_address[1]}")
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def receiver():
    yield from _receiver()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 and localhost that signed itself, with its key: a file of each."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def context(certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*certificate)
    return made


@pytest.fixture
def secure(context):
    yield from _receiver(context)


@dataclass
class Post:
    """A mail server. said: what it answers to a recipient, in turn; got: sender, recipients and message of each mail."""

    port: int
    said: list[str] = field(default_factory=lambda: ["250 fine"])
    got: list[tuple[str, list[str], str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    starttls: bool = True


@pytest.fixture
def post(context):
    class Handler(socketserver.StreamRequestHandler):
        def tell(self, line):
            self.wfile.write(line.encode() + b"\r\n")
            self.wfile.flush()

        def handle(self):
            self.tell("220 here")
            sender, people, secured = "", [], False
            while line := self.rfile.readline().decode().strip():
                known.commands.append(line)
                word = line.split(" ")[0].upper()
                if word in ("EHLO", "HELO"):
                    offered = (
                        ["STARTTLS"] if known.starttls and not secured else ["AUTH PLAIN"] if secured else []
                    )
                    names = ["localhost", *offered]
                    for place, name in enumerate(names):
                        self.tell(f"250{' ' if place == len(names) - 1 else '-'}{name}")
                elif word == "STARTTLS":
                    self.tell("220 go on")
                    secured = True
                    try:
                        self.connection = context.wrap_socket(self.connection, server_side=True)
                    except ssl.SSLError:  # a client that does not trust us goes away
                        return
                    self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
                elif word == "AUTH":
                    self.tell("235 known")
                elif line.upper().startswith("MAIL FROM:"):
                    sender, people = line[10:].split()[0].strip("<>"), []
                    self.tell("250 fine")
                elif line.upper().startswith("RCPT TO:"):
                    answer = known.said.pop(0) if len(known.said) > 1 else known.said[0]
                    people.append(line[8:].strip("<>"))
                    self.tell(answer)
                elif word == "DATA":
                    self.tell("354 go on")
                    text = ""
                    while (part := self.rfile.readline().decode()) != ".\r\n":
                        text += part
                    known.got.append((sender, people, text))
                    self.tell("250 taken")
                elif word == "QUIT":
                    self.tell("221 bye")
                    return
                else:
                    self.tell("250 fine")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known = Post(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield known
    server.shutdown()
    server.server_close()
    thread.join()
