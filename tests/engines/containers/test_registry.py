"""A registry of our own on the loopback: a token is asked for, a blob lies behind a redirect, and what is wrong is told."""

import base64
import json
import threading
import time
from http.server import ThreadingHTTPServer

import pytest
from tests.answering import Quiet
from tests.engines.alerting.conftest import certificate  # noqa: F401  a fixture
from tests.images import DEBIAN, layer, mirror, oci_layout, record, stanza

import assay
from assay.doors.cli import main
from assay.engines.containers import asking, registry
from assay.engines.containers.logins import Login, Logins
from assay.kernel.errors import AssayError

FILES = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": stanza("libssl3", "3.0.11-1~deb12u1", "openssl")}


class Registry(Quiet):
    folder = None
    asked = []
    broken = ""
    login = ""

    def do_GET(self):
        here = f"http://127.0.0.1:{self.server.server_port}"
        self.asked.append((self.path, self.headers.get("Authorization")))
        if self.path.startswith("/token?"):
            if self.login and self.headers.get("Authorization") != self.login:
                return self.send(b"{}", 401)
            return self.send(b'{"token": "t1"}')
        if self.broken == "head":
            for _ in range(20_000):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        if self.broken == "trickle":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n")
            for _ in range(100):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.02)
            return None
        if self.broken == "endless":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            for _ in range(6_000):
                self.wfile.write(b" " * 1_000)
            return None
        bare = not self.path.startswith("/cdn/") and self.headers.get("Authorization") != self.login
        if self.broken == "basic" and bare:
            return self.send(b"{}", 401, WWW_Authenticate='Basic realm="x"')
        if self.path.startswith("/cdn/"):
            file = self.folder / "blobs" / "sha256" / self.path[5:]
            if not file.is_file():
                return self.send(b"{}", 404)
            raw = file.read_bytes()
            return self.send(raw + b"x" if self.broken == "blob" else raw)
        if self.headers.get("Authorization") != "Bearer t1" and self.broken != "basic":
            realm = {"realm": "file:///etc/passwd", "elsewhere": "https://tokens.example.com/t"}.get(
                self.broken, f"{here}/token"
            )
            told = f'Bearer realm="{realm}",service="reg",scope="repository:team/app:pull"'
            return self.send(b"{}", 401, WWW_Authenticate=told)
        kind, _, name = self.path.removeprefix("/v2/team/app/").partition("/")
        if kind == "blobs" and self.broken == "metadata":
            return self.send(b"", 307, Location="http://169.254.169.254/latest/meta-data/")
        if kind == "blobs":
            return self.send(b"", 307, Location=f"{here}/cdn/{name[7:]}")
        index = json.loads((self.folder / "index.json").read_text())
        if name == "1":
            body = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", **index}
            return self.send(json.dumps(body).encode())
        file = self.folder / "blobs" / "sha256" / name[7:]
        return self.send(file.read_bytes()) if file.is_file() else self.send(b"{}", 404)


@pytest.fixture
def served(tmp_path):
    folder = oci_layout(
        tmp_path / "layout", [layer(FILES)], platforms=(("linux", "amd64"), ("linux", "s390x"))
    )
    handler = type("Handler", (Registry,), {"folder": folder, "asked": [], "broken": "", "login": ""})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
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


def test_a_token_that_ran_out_is_asked_for_anew(served, tmp_path):
    """Of a registry whose tokens last five minutes the later layers of a large image were a gap."""
    url, handler = served
    asked, answered = [], []

    class Short(handler):
        def do_GET(self):
            token = f"Bearer t{len(asked)}"
            if self.path.startswith("/token?"):
                asked.append(self.path)
                return self.send(json.dumps({"token": f"t{len(asked)}"}).encode())
            if self.path.startswith("/v2/") and self.headers.get("Authorization") == token:
                answered.append(token)
                if answered.count(token) > 2:  # and it has run out
                    self.headers.replace_header("Authorization", "Bearer old")
                else:
                    self.headers.replace_header("Authorization", "Bearer t1")
            elif "Authorization" in self.headers:
                self.headers.replace_header("Authorization", "Bearer old")
            return super().do_GET()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Short)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        found = assay.check(
            "image.sbom", f"registry+http://127.0.0.1:{server.server_port}/team/app:1#linux/s390x"
        )
    finally:
        server.shutdown()
        server.server_close()
    assert not found.report.data.get("gaps") and found.verdict.outcome == "pass" and len(asked) > 1


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
    with pytest.raises(AssayError, match="names no image") as failed:
        registry.pin(name)
    assert "pw" not in str(failed.value)


@pytest.mark.parametrize(
    ("broken", "said"),
    [("head", "head of its answer has no end"), ("trickle", "too slowly"), ("endless", "larger than any is")],
)
def test_an_answer_without_end_is_given_up(served, broken, said, monkeypatch):
    url, handler = served
    handler.broken = broken
    monkeypatch.setattr(asking, "_GRACE", 0.5)
    with pytest.raises(AssayError, match=said):
        registry.pin(url)


def test_an_address_is_judged_when_it_is_connected_to_as_well(served, monkeypatch):
    """A name that resolved to a public address when it was looked up, and to this machine when it was asked."""
    url, handler = served
    port = url.split(":")[2].partition("/")[0]
    monkeypatch.setattr(asking, "_resolved", lambda host: ["93.184.215.14"])
    with pytest.raises(AssayError, match="the address 127.0.0.1, which is not asked"):
        asking.ask(f"http://localhost:{port}/v2/", "http://registry.example", {})
    assert handler.asked == []


LOGIN = "Basic " + base64.b64encode(b"ann:pass word").decode()


@pytest.mark.parametrize("broken", ["", "basic"])
def test_a_login_is_sent_to_its_registry_and_kept_from_where_it_leads(
    served, broken, tmp_path, monkeypatch, capsys
):
    url, handler = served
    host = url.removeprefix("registry+http://").partition("/")[0]
    handler.login, handler.broken = LOGIN, broken
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_HOME", "")

    def typed(*more):
        with pytest.raises(SystemExit) as ended:
            main(["check", "image.sbom", f"{url}#linux/amd64", *more])
        said = "".join(capsys.readouterr())
        assert LOGIN[6:] not in said
        return ended.value.code, said

    code, said = typed()
    assert code == 2 and "asks for a login" in said and "--registry-user" in said
    monkeypatch.setenv("ASSAY_REGISTRY_PASSWORD", "pass word")
    code, said = typed("--registry-user", f"ann@{host}", "--format", "json")
    assert code == 0 and "pass word" not in said
    assert not any(token for path, token in handler.asked if path.startswith("/cdn/"))
    monkeypatch.setenv("ASSAY_REGISTRY_PASSWORD", "wrong one")
    code, said = typed("--registry-user", f"ann@{host}")
    assert code == 2 and "does not take the login of 'ann'" in said and "wrong one" not in said
    code, said = typed("--registry-user", f"ann@{host.partition(':')[0]}")
    assert code == 2 and f"is for '{host.partition(':')[0]}', and this is '{host}'" in said


def test_a_login_is_not_sent_to_a_token_service_elsewhere(served):
    url, handler = served
    handler.broken = "elsewhere"
    host = url.removeprefix("registry+http://").partition("/")[0]
    with pytest.raises(AssayError, match="'tokens.example.com', which is not of its own domain"):
        registry.pin(url, lambda: Logins({host: Login("ann", "pass word")}))


def test_a_login_is_not_sent_in_the_clear():
    made, _, _ = registry._repository(
        "registry+http://r.example/a:1", lambda: Logins({"r.example": Login("a", "b")})
    )
    with pytest.raises(AssayError, match="in the clear"):
        made._identified('Basic realm="x"')


def test_a_program_that_keeps_a_login_is_named_and_not_started(served):
    url, handler = served
    handler.login = LOGIN
    with pytest.raises(AssayError, match="kept by 'desktop', which is not started"):
        registry.pin(url, lambda: Logins(helpers={"": "desktop"}))


def test_platforms_of_one_tag_are_told_apart_by_their_names(served):
    """They took one another's place among the bills that are kept, and one closed what was found in the other."""
    url, _ = served
    assert registry.several(url) == [f"{url}#linux/amd64", f"{url}#linux/s390x"]
    assert registry.several(f"{url}#linux/amd64") == [f"{url}#linux/amd64"]
    names = [registry.pin(one).name for one in (url, *registry.several(url))]
    assert [name.rpartition("/team/")[2] for name in names[:1]] == ["app:1"]
    assert [name.rpartition("#")[2] for name in names[1:]] == ["linux/amd64", "linux/s390x"]


def test_what_a_registry_does_not_have_is_called_by_its_name(served):
    url, handler = served
    with pytest.raises(AssayError, match="has no '2' of this name"):
        registry.pin(url[:-1] + "2")
    repository, _, _ = registry._repository(url, None)
    with pytest.raises(AssayError, match=r"lost sha256:0{12}.*push the image again"):
        repository.document("sha256:" + "0" * 64, "blobs")


def test_a_certificate_that_nobody_here_trusts_is_refused_until_it_is_named(
    certificate,  # noqa: F811  the fixture
    served,
    monkeypatch,
):
    import ssl

    _, handler = served
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *told: None  # one of them speaks no TLS
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    here = f"127.0.0.1:{server.server_port}/team/app:2"
    try:
        with pytest.raises(AssayError, match="not trusted here .*SSL_CERT_FILE="):
            registry.pin(f"oci://{here}")
        with pytest.raises(AssayError, match="answers 400|RemoteDisconnected|reset|closed"):
            registry.pin(f"registry+http://{here}")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        with pytest.raises(AssayError, match="401|token|has no '2' of this name|leads to"):
            registry.pin(f"oci://{here}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_registry_that_speaks_no_tls_is_told_so_and_one_that_is_down(served):
    url, _ = served
    with pytest.raises(AssayError, match="does not speak TLS as it should; write registry.http://"):
        registry.pin(url.replace("registry+http", "oci"))
    with pytest.raises(AssayError, match="manifests/1: Connection refused; try again"):
        registry.pin("registry+http://127.0.0.1:9/team/app:1")
