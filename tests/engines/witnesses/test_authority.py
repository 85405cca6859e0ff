"""Time stamps of an authority that openssl plays: what is asked, what holds, and what does not."""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509

from assay.engines.witnesses import authority
from assay.engines.witnesses.witness import opened
from assay.kernel.errors import Broken, UsageError
from assay.methods import der

CONFIG = """[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = {ess}
"""


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def made(folder, *, usage="critical,timeStamping", ess="sha256", kind="ec"):
    """Lay out an authority: a root, a certificate for time-stamping under it, and openssl's configuration."""
    folder.mkdir()
    new = (
        ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    )
    openssl("req", "-x509", *new, "-nodes", "-keyout", folder / "root.key", "-out", folder / "root.pem",
            "-subj", "/CN=Root", "-days", "30")  # fmt: skip
    openssl(
        "req",
        *new,
        "-nodes",
        "-keyout",
        folder / "tsa.key",
        "-out",
        folder / "tsa.csr",
        "-subj",
        "/CN=Authority",
    )
    (folder / "ext").write_text(f"extendedKeyUsage = {usage}\nkeyUsage = critical,digitalSignature\n")
    openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "root.pem", "-CAkey", folder / "root.key",
            "-CAcreateserial", "-out", folder / "tsa.pem", "-days", "20", "-extfile", folder / "ext")  # fmt: skip
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder, ess=ess))
    return folder


def reply(folder, asked):
    (folder / "ask").write_bytes(asked)
    openssl(
        "ts",
        "-reply",
        "-config",
        folder / "tsa.cnf",
        "-section",
        "one",
        "-queryfile",
        folder / "ask",
        "-out",
        folder / "said",
    )
    return (folder / "said").read_bytes()


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    return made(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def served(tsa):
    """The authority behind HTTP; broken: what it does to its answers."""
    how = {"change": lambda asked, said: said}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.headers["Content-Type"] == "application/timestamp-query"
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            said = how["change"](asked, reply(tsa, asked))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"tsa:http://127.0.0.1:{server.server_port}#{tsa / 'root.pem'}", how
    server.shutdown()
    thread.join()
    server.server_close()


def root(folder):
    return x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())


def test_what_is_asked_is_what_openssl_asks(tmp_path):
    (tmp_path / "data").write_bytes(b"note")
    openssl("ts", "-query", "-data", tmp_path / "data", "-sha256", "-cert", "-out", tmp_path / "theirs")
    theirs = (tmp_path / "theirs").read_bytes()
    nonce = next(p.number() for p in der.read(theirs).parts()[2:] if p.tag == der.INTEGER)
    assert authority.request(b"note", nonce) == theirs


def test_a_checkpoint_is_stamped_and_confirmed_later(served):
    spec, _ = served
    keeper = opened(spec)
    kept = keeper.keep(5, "note")
    assert keeper.confirms("note", kept.receipt).endswith("Z") and keeper.seen() == []
    with pytest.raises(ValueError, match="something else"):
        keeper.confirms("other", kept.receipt)


@pytest.mark.parametrize(("ess", "kind"), [("sha1", "ec"), ("sha256", "rsa")])
def test_other_kinds_of_keys_and_names(tmp_path, ess, kind):
    folder = made(tmp_path / "two", ess=ess, kind=kind)
    said = reply(folder, authority.request(b"x", 7))
    assert authority.stamped(said, b"x", root(folder), 7)
    with pytest.raises(ValueError, match="another request"):
        authority.stamped(said, b"x", root(folder), 8)


def test_a_certificate_that_is_for_more_is_refused(tmp_path, tsa):
    with pytest.raises((ValueError, subprocess.CalledProcessError)):
        folder = made(tmp_path / "wide", usage="critical,timeStamping,codeSigning")
        authority.stamped(reply(folder, authority.request(b"x", 7)), b"x", root(folder), 7)


def test_another_root_is_refused(tmp_path, tsa):
    other = made(tmp_path / "other")
    said = reply(tsa, authority.request(b"x", 7))
    with pytest.raises(ValueError, match="does not lead to the root"):
        authority.stamped(said, b"x", root(other), 7)


def test_no_byte_of_what_was_signed_can_change(tsa):
    said = reply(tsa, authority.request(b"x", 7))
    assert authority.stamped(said, b"x", root(tsa), 7)
    certificate = root(tsa)
    signed = der.read(said).parts()[1].parts()[1].parts()[0].parts()
    content, signer = signed[2].parts()[1].parts()[0].content, signed[-1].parts()[0].parts()
    for part in (
        content,
        signer[3].content,
        signer[5].content,
    ):  # what is told, the signed attributes, the signature
        start = said.rindex(part)
        for at in range(start, start + len(part)):
            forged = said[:at] + bytes([said[at] ^ 1]) + said[at + 1 :]
            with pytest.raises(ValueError):
                authority.stamped(forged, b"x", certificate, 7)
    for cut in range(0, len(said), 7):
        with pytest.raises(ValueError):
            authority.stamped(said[:cut], b"x", certificate, 7)


def test_an_answer_that_does_not_hold_is_not_kept(served):
    spec, how = served
    for change in (
        lambda a, s: b"",
        lambda a, s: s[:-1],
        lambda a, s: b"\x30\x05\x30\x03\x02\x01\x02",
        lambda a, s: b"<html>",
    ):
        how["change"] = change
        with pytest.raises(Broken, match="does not hold"):
            opened(spec).keep(5, "note")
    with pytest.raises(Broken, match="cannot be asked"):
        opened("tsa:http://127.0.0.1:9#" + spec.partition("#")[2]).keep(5, "note")


@pytest.mark.parametrize("spec", ["tsa:ftp://x#y", "tsa:http://x", "nobody", "git:", "file:"])
def test_what_names_no_witness(spec):
    with pytest.raises(UsageError):
        opened(spec)
