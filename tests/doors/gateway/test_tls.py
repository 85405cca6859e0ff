"""TLS: certificates of the server and of clients, and what is refused below 1.2. Certificates are made here."""

from __future__ import annotations

import datetime as dt
import http.client
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from assay.doors.gateway.worker import _tls
from assay.engines import tls
from assay.kernel.errors import UsageError
from assay.works.verbs.serving import _tls as looked_at


def certificate(folder, name, issuer=None):
    """A certificate and its key as files; its own issuer where there is none."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0] if issuer else subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )  # fmt: skip
    pem = built.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.pem").write_bytes(pem)
    (folder / f"{name}.key").write_bytes(secret)
    return subject, key


@pytest.fixture
def files(tmp_path):
    authority = certificate(tmp_path, "authority")
    certificate(tmp_path, "server", authority)
    certificate(tmp_path, "kitchen", authority)
    certificate(tmp_path, "stranger")
    return tmp_path


def told(files, **more):
    return {"tls_cert": str(files / "server.pem"), "tls_key": str(files / "server.key"), **more}


def ask(stand, files, client="", **context):
    made = ssl.create_default_context(cafile=str(files / "authority.pem"))
    for name, value in context.items():
        setattr(made, name, value)
    if client:
        made.load_cert_chain(files / f"{client}.pem", files / f"{client}.key")
    connection = http.client.HTTPSConnection("localhost", stand.port, timeout=10, context=made)
    try:
        connection.request("POST", "/endpoints/e/invocations", b"1\n", {"content-type": "text/csv"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_endpoint_is_asked_over_tls(stand, does, files):
    does("create", name="e", model="m@1", guard={"auth": "none", "schema": "off"})
    s = stand(ssl=_tls(told(files)).context)
    s.publish()
    assert ask(s, files) == 200
    with pytest.raises(http.client.HTTPException):  # in the clear
        connection = http.client.HTTPConnection("localhost", s.port, timeout=5)
        connection.request("GET", "/ping")
        connection.getresponse()


def test_a_version_below_1_2_is_refused(stand, does, files):
    s = stand(ssl=_tls(told(files)).context)
    s.publish()
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        ask(s, files, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_a_client_is_known_by_its_certificate(stand, does, files):
    does("create", name="e", model="m@1", guard={"auth": "certificate", "schema": "off"})
    s = stand(
        ssl=_tls(told(files, tls_client_ca=str(files / "authority.pem"), tls_client="optional")).context
    )
    s.publish()
    assert ask(s, files, "kitchen") == 200 and s.asked[0][1].caller == "cert:kitchen"
    assert ask(s, files) == 401
    with pytest.raises((ssl.SSLError, ConnectionResetError, http.client.HTTPException)):
        ask(s, files, "stranger")


def test_a_server_that_requires_a_certificate_answers_nobody_without(stand, does, files):
    does("create", name="e", model="m@1", guard={"auth": "none", "schema": "off"})
    s = stand(
        ssl=_tls(told(files, tls_client_ca=str(files / "authority.pem"), tls_client="required")).context
    )
    s.publish()
    assert ask(s, files, "kitchen") == 200
    with pytest.raises((ssl.SSLError, ConnectionResetError, http.client.HTTPException)):
        ask(s, files)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"key": "k"}, "needs a certificate"),
        ({"cert": "server.pem", "key": "stranger.key"}, "stranger.key: the key is not that of .*server.pem"),
        ({"cert": "server.key"}, "no PEM of the certificate"),
        ({"cert": "server.pem"}, "server.pem: there is no PEM of the key"),
        ({"cert": "server.pem", "key": "locked.key"}, "locked.key: the key is encrypted"),
        ({"cert": "server.pem", "key": "nothing"}, "nothing: the key cannot be read: No such file"),
        ({"cert": "server.pem", "key": "server.key", "client_ca": "server.key"}, "signs the certificates"),
    ],
)
def test_files_that_cannot_be_used_are_told_before_the_server_starts(files, given, said):
    secret = serialization.load_pem_private_key((files / "server.key").read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"x")
    (files / "locked.key").write_bytes(
        secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    )
    with pytest.raises(UsageError, match=said):
        looked_at({k: str(files / v) for k, v in given.items()})


def test_clients_whose_certificates_were_required_were_asked_for_none(files):
    """`--tls-client required` without --tls-client-ca began a server that let everybody in."""
    pair = {"cert": str(files / "server.pem"), "key": str(files / "server.key")}
    for given in (pair, {}):
        with pytest.raises(UsageError, match="where nobody is said to sign them"):
            looked_at(given | {"client": "required"})
    assert looked_at({"client": "optional"}) == {}


def test_a_certificate_that_is_exchanged_is_shown_from_then_on(stand, does, files):
    does("create", name="e", model="m@1", guard={"auth": "none", "schema": "off"})
    kept = _tls(told(files))
    s = stand(ssl=kept.context)
    s.publish()
    before = ssl.get_server_certificate(("127.0.0.1", s.port))
    assert not kept.refresh()
    for suffix in (
        "pem",
        "key",
    ):  # the pair is exchanged one file after the other, and half of it is of no use
        (files / f"stranger.{suffix}").replace(files / f"server.{suffix}")
        if suffix == "pem":
            with pytest.raises(UsageError, match="not that of"):
                kept.refresh()
            assert ssl.get_server_certificate(("127.0.0.1", s.port)) == before
    assert kept.refresh() and not kept.refresh()
    assert ssl.get_server_certificate(("127.0.0.1", s.port)) != before


def test_a_certificate_that_ends_is_told(files):
    now, name = dt.datetime.now(dt.UTC).timestamp(), str(files / "server.pem")
    assert "ends on" in tls.ends(name, now) and "ended on" in tls.ends(name, now + 2 * 86_400)
    assert "does not hold before" in tls.ends(name, now - 2 * 86_400)
    assert "no certificate can be read" in tls.ends(str(files / "server.key"), now)
