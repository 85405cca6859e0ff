"""Jobs that reach the stores they were given, over HTTP and TLS, and nothing besides; every decision is told."""

from __future__ import annotations

import datetime
import http.server
import socket
import ssl
import sys
import textwrap
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from assay.engines.egress.policy import Egress, read_network
from assay.engines.isolation import Grant, Limits, run


class Store(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        self.answer(b"rows of " + self.path.encode())

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, body))
        self.answer(b"kept")

    def answer(self, said):
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args):
        pass


@pytest.fixture
def store(request):
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    made.daemon_threads = True
    made.seen = []
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def certificate(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    held = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(held)
    return folder / "cert.pem", folder / "key.pem"


def named(store, *more, names=(), addresses=("127.0.0.0/8",), scheme="http", path=""):
    """Return an egress to the store under the name store.example, which our own names lead to."""
    port = store.server_address[1]
    stores, ranges = read_network(
        {"allow": [f"{scheme}://store.example:{port}{path}", *more], "addresses": list(addresses)}
    )
    known = {"store.example": ["127.0.0.1"], **dict(names)}

    def resolve(host, port):
        if host not in known:
            raise socket.gaierror("unknown")
        return known[host]

    return Egress(stores, ranges, resolve=resolve)


def job(code, egress, tmp_path, **grant):
    log = tmp_path / "log"
    made = Grant(egress=egress, limits=Limits(seconds=60), **grant)
    ended = run([sys.executable, "-c", textwrap.dedent(code)], made, log=log)
    return ended, log.read_text()


def said(egress):
    return [(d.allowed, d.method, d.why) for d in egress.decisions]


GET = """
    import urllib.request, urllib.error
    for url in {urls!r}:
        try:
            print(urllib.request.urlopen(url, timeout=10).read().decode())
        except urllib.error.HTTPError as error:
            print("refused", error.code)
        except OSError as error:
            print("refused", type(error).__name__, str(error)[:200])
"""


def test_a_job_reaches_its_store_and_no_other(store, tmp_path):
    port = store.server_address[1]
    egress = named(store, names={"other.example": ["127.0.0.1"]})
    urls = [f"http://store.example:{port}/a", f"http://other.example:{port}/b", f"http://127.0.0.1:{port}/c"]
    urls[2:] = [f"http://localhost.:{port}/c"]
    ended, log = job(GET.format(urls=urls), egress, tmp_path)
    assert ended.level == "full" and ended.code == 0
    assert log.splitlines() == ["rows of /a", "refused 403", "refused 403"]
    assert [path for path, _ in store.seen] == ["/a"]
    assert not {n.lower() for n in store.seen[0][1]} & {"proxy-authorization", "proxy-connection"}
    assert said(egress) == [
        (True, "GET", ""), (False, "GET", "no store of this job"), (False, "GET", "no store of this job"),
    ]  # fmt: skip
    assert egress.decisions[0].address == "127.0.0.1" and not egress.knows(egress.token)


def test_what_goes_around_the_proxy_reaches_nothing(store, tmp_path):
    code = f"""
        import socket
        for family, address in ((2, ("127.0.0.1", {store.server_address[1]})), (2, ("169.254.169.254", 80)), (2, ("169.254.170.2", 80)),
                                (2, ("8.8.8.8", 53)), (10, ("2001:4860:4860::8888", 53)), (10, ("::1", {store.server_address[1]}))):
            try:
                socket.create_connection(address, 2)
                print("REACHED", address)
            except OSError as error:
                print(error.errno)
        try:
            socket.socket(2, 2).sendto(b"x", ("8.8.8.8", 53))
            print("REACHED by UDP")
        except OSError:
            pass
        for family, kind, number in ((2, 3, 1), (17, 3, 0), (40, 1, 0), (16, 3, 16), (16, 3, 9)):
            try:
                socket.socket(family, kind, number)
                print("REACHED", family, number)
            except OSError:
                pass
        try:
            print("REACHED", socket.getaddrinfo("store.example", 80))
        except OSError:
            pass
    """
    ended, log = job(code, named(store), tmp_path)
    assert ended.code == 0 and "REACHED" not in log, log
    assert set(log.split()) <= {"111", "101", "99"}


@pytest.mark.slow
def test_without_the_credential_nothing_is_given(store, tmp_path):
    port = store.server_address[1]
    code = f"""
        import os, socket
        for door in (("127.0.0.1", 3128), os.environ["ASSAY_EGRESS"]):
            made = socket.socket(2 if isinstance(door, tuple) else 1)
            made.connect(door)
            made.sendall(b"GET http://store.example:{port}/x HTTP/1.1\\r\\nProxy-Authorization: Basic eDp5\\r\\n\\r\\n")
            print(made.recv(100).split()[1].decode())
    """
    egress = named(store)
    _, log = job(code, egress, tmp_path)
    assert log.split() == ["407", "407"] and store.seen == []
    assert all(not d.allowed for d in egress.decisions) and len(egress.decisions) == 2


@pytest.mark.slow
def test_the_unix_socket_serves_too(store, tmp_path):
    port = store.server_address[1]
    code = f"""
        import base64, os, socket
        made = socket.socket(1)
        made.connect(os.environ["ASSAY_EGRESS"])
        token = base64.b64encode(b"x:" + os.environ["ASSAY_EGRESS_TOKEN"].encode()).decode()
        made.sendall(f"PUT http://store.example:{port}/kept HTTP/1.1\\r\\nProxy-Authorization: Basic {{token}}\\r\\n"
                     "Content-Length: 4\\r\\n\\r\\nrowsGET http://store.example:{port}/second HTTP/1.1\\r\\n\\r\\n".encode())
        said = b""
        while part := made.recv(1000): said += part
        print(said.decode().split("\\r\\n\\r\\n")[1])
    """
    _, log = job(code, named(store), tmp_path)
    assert log.split() == ["kept"]
    assert store.seen == [("/kept", b"rows")]  # what came behind it was passed on to nobody


@pytest.mark.slow
def test_a_path_that_is_not_named_and_a_body_of_unknown_length_are_refused(store, tmp_path):
    port = store.server_address[1]
    code = f"""
        import urllib.request, urllib.error
        def body(): yield b"x"
        for url, data in (("public/a", None), ("private/a", None), ("public/../private", None), ("public/b", body())):
            try:
                print(urllib.request.urlopen(urllib.request.Request(f"http://store.example:{port}/{{url}}", data=data), timeout=10).read().decode())
            except urllib.error.HTTPError as error:
                print(error.code)
    """
    _, log = job(code, named(store, path="/public/"), tmp_path)
    assert log.splitlines() == ["rows of /public/a", "403", "403", "411"]


@pytest.fixture
def sealed(store, tmp_path):
    folder = tmp_path / "tls"
    folder.mkdir()
    cert, key = certificate(folder, "store.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    store.socket = context.wrap_socket(store.socket, server_side=True, do_handshake_on_connect=False)
    key.unlink()
    return store, folder


TLS = """
    import socket, ssl, sys, urllib.request
    context = ssl.create_default_context(cafile="{folder}/cert.pem")
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler())
    print(opener.open("https://store.example:{port}/sealed", timeout=10).read().decode())
"""


@pytest.mark.slow
def test_over_tls_the_job_speaks_to_the_store_itself(sealed, tmp_path):
    store, folder = sealed
    egress = named(store, scheme="https")
    code = TLS.format(folder=folder, port=store.server_address[1])
    ended, log = job(code, egress, tmp_path, read=(folder,))
    assert ended.code == 0 and log.split("\n")[0] == "rows of /sealed", log
    assert said(egress) == [(True, "CONNECT", "")]


@pytest.mark.slow
def test_a_tunnel_carries_tls_for_the_name_it_was_asked_for_and_nothing_else(sealed, tmp_path):
    store, folder = sealed
    port = store.server_address[1]
    code = f"""
        import base64, os, socket, ssl
        token = base64.b64encode(b"x:" + os.environ["ASSAY_EGRESS_TOKEN"].encode()).decode()
        def tunnel(host, port):
            made = socket.create_connection(("127.0.0.1", 3128), 10)
            made.sendall(f"CONNECT {{host}}:{{port}} HTTP/1.1\\r\\nProxy-Authorization: Basic {{token}}\\r\\n\\r\\n".encode())
            return made, made.recv(200).split()[1].decode()
        made, code = tunnel("store.example", {port})
        made.sendall(b"GET / HTTP/1.1\\r\\nHost: internal\\r\\n\\r\\n")
        print(code, made.recv(10))
        made, code = tunnel("store.example", {port})
        context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = 0
        try:
            context.wrap_socket(made, server_hostname="internal.example")
            print("FRONTED")
        except OSError:
            print(code, "no front")
        for host, port in (("store.example", 22), ("169.254.169.254", 80), ("store.example.evil.example", {port}), ("2130706433", {port})):
            print(tunnel(host, port)[1])
    """
    egress = named(store, scheme="https")
    _, log = job(code, egress, tmp_path, read=(folder,))
    assert log.splitlines() == ["200 b''", "200 no front", "403", "403", "403", "403"]
    assert not any(d.allowed for d in egress.decisions) and len(egress.decisions) == 6
    assert store.seen == []


@pytest.mark.slow
def test_a_name_that_leads_to_this_machine_is_not_followed(store, tmp_path):
    egress = named(store, addresses=())
    _, log = job(GET.format(urls=[f"http://store.example:{store.server_address[1]}/"]), egress, tmp_path)
    assert log.split() == ["refused", "403"] and store.seen == []
    assert "private" in egress.decisions[0].why


def test_decisions_are_told_as_they_are_taken_and_bounded(store):
    told = []
    egress = named(store)
    egress.tell = told.append
    for n in range(10_010):
        egress.decided(False, "GET", f"http://x/{n}")
    assert len(told) == len(egress.decisions) == 10_000 and egress.more == 10


@pytest.mark.slow
def test_a_job_without_egress_has_no_way_to_ask(tmp_path):
    code = "import os, socket; print(os.path.exists('/run'), os.environ.get('HTTP_PROXY'), flush=True)\nsocket.socket(2)"
    log = tmp_path / "log"
    ended = run([sys.executable, "-c", code], Grant(), log=log)
    assert ended.code == 1 and log.read_text().startswith("False None")


def test_the_way_out_is_the_jobs_own_whatever_an_image_says_of_a_proxy(store, tmp_path):
    """An image that was built behind a proxy sets HTTP_PROXY, and its jobs reached nothing."""
    egress = named(store)
    url = f"http://store.example:{store.server_address[1]}/a"
    said = {
        "HTTP_PROXY": "http://build.example:3128",
        "http_proxy": "http://build.example:3128",
        "NO_PROXY": "*",
    }
    _, log = job(GET.format(urls=[url]), egress, tmp_path, env=said)
    assert log.strip() == "rows of /a"
