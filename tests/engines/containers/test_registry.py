"""A registry of our own on the loopback: a token is asked for, a blob lies behind a redirect, and what is wrong is told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.images import DEBIAN, layer, mirror, oci_layout, record, stanza

import assay
from assay.engines.containers import registry
from assay.kernel.errors import AssayError

FILES = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": stanza("libssl3", "3.0.11-1~deb12u1", "openssl")}


class Registry(BaseHTTPRequestHandler):
    folder = None
    asked = []
    broken = ""

    def log_message(self, *args):
        pass

    def _send(self, body, code=200, **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        here = f"http://127.0.0.1:{self.server.server_port}"
        self.asked.append((self.path, self.headers.get("Authorization")))
        if self.path.startswith("/token?"):
            return self._send(b'{"token": "t1"}')
        if self.path.startswith("/cdn/"):
            raw = (self.folder / "blobs" / "sha256" / self.path[5:]).read_bytes()
            return self._send(raw + b"x" if self.broken == "blob" else raw)
        if self.headers.get("Authorization") != "Bearer t1":
            realm = "file:///etc/passwd" if self.broken == "realm" else f"{here}/token"
            told = f'Bearer realm="{realm}",service="reg",scope="repository:team/app:pull"'
            return self._send(b"{}", 401, WWW_Authenticate=told)
        kind, _, name = self.path.removeprefix("/v2/team/app/").partition("/")
        if kind == "blobs" and self.broken == "metadata":
            return self._send(b"", 307, Location="http://169.254.169.254/latest/meta-data/")
        if kind == "blobs":
            return self._send(b"", 307, Location=f"{here}/cdn/{name[7:]}")
        index = json.loads((self.folder / "index.json").read_text())
        if name == "1":
            body = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", **index}
            return self._send(json.dumps(body).encode())
        file = self.folder / "blobs" / "sha256" / name[7:]
        return self._send(file.read_bytes()) if file.exists() else self._send(b"{}", 404)


@pytest.fixture
def served(tmp_path):
    folder = oci_layout(
        tmp_path / "layout", [layer(FILES)], platforms=(("linux", "amd64"), ("linux", "s390x"))
    )
    handler = type("Handler", (Registry,), {"folder": folder, "asked": [], "broken": ""})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"registry+http://127.0.0.1:{server.server_port}/team/app:1", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_image_is_read_from_a_registry_and_only_what_was_named_is_asked_for(served, tmp_path):
    url, handler = served
    advisories = mirror(
        tmp_path / "osv", record("CVE-1", "Debian:12", "openssl", ("introduced", "0"), ("fixed", "3.1"))
    )
    result = assay.check("image.vulnerabilities", f"{url}#linux/s390x", advisories=str(advisories))
    assert [f.rule for f in result.findings] == ["image.vulnerabilities.CVE-1"]
    assert result.report.data["platform"] == "linux/s390x"
    assert result.report.subject.digest.startswith("sha256:")
    blobs = [(path, token) for path, token in handler.asked if path.startswith("/cdn/")]
    assert blobs and not any(token for _, token in blobs)  # the token stays with the registry
    assert (
        sum(1 for path, _ in handler.asked if path.startswith("/cdn/")) == 3
    )  # the configuration twice, one layer


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("metadata", "169.254.169.254, which is not asked"),
        ("realm", "'file:///etc/passwd', which is not asked"),
    ],
)
def test_a_registry_may_not_lead_elsewhere(served, broken, said):
    url, handler = served
    handler.broken = broken
    with pytest.raises(AssayError, match=said):
        assay.check("image.sbom", f"{url}#linux/s390x")


def test_a_blob_that_is_another_is_refused(served):
    url, handler = served
    handler.broken = "blob"
    with pytest.raises(AssayError, match="not what its digest says"):
        assay.check("image.sbom", f"{url}#linux/amd64")


@pytest.mark.parametrize(
    "name", ["oci://", "oci://host", "oci://host/UPPER", "oci://user:pw@host/a:1", "oci://h/a b"]
)
def test_what_names_no_image_is_refused_before_anyone_is_asked(name):
    with pytest.raises(AssayError, match="names no image"):
        registry.pin(name)
