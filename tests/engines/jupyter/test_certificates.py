import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from assay.engines import authority
from assay.engines.jupyter import certificates


@contextmanager
def serving(tmp_path, certificate, key, least=ssl.TLSVersion.TLSv1_2):
    """Answer TLS on a free port, with a certificate of PEM."""
    (tmp_path / "c.pem").write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem")
    context.minimum_version = least
    if least < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    listening = socket.create_server(("127.0.0.1", 0))

    def answer():
        while True:
            try:
                raw, _ = listening.accept()
            except OSError:
                return
            try:
                context.wrap_socket(raw, server_side=True).close()
            except OSError:
                raw.close()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def test_what_is_made_is_trusted_by_who_trusts_its_authority_and_by_nobody_else(tmp_path):
    made = authority.for_server(["notebooks.example.org", "localhost", "127.0.0.1"])
    (tmp_path / "a.pem").write_text(made.authority)
    with serving(tmp_path, made.certificate.encode(), made.key.encode()) as port:
        seen = certificates.seen("127.0.0.1", port)
        assert seen["versions"] == {"TLSv1": False, "TLSv1.1": False, "TLSv1.2": True, "TLSv1.3": True}
        assert seen["certificate"]["named"] is True
        assert seen["certificate"]["trusted"] is False
        assert 390 < seen["certificate"]["days"] <= 397
        assert seen["certificate"]["weak"] == ""
        assert certificates.trusted("127.0.0.1", port, str(tmp_path / "a.pem"), named=True)
        assert not certificates.trusted("127.0.0.2", port, str(tmp_path / "a.pem"), named=True)


def test_its_authority_vouches_for_no_other_name(tmp_path):
    """A browser that trusts it would else take whatever whoever held its key signed."""
    made = authority.for_server(["localhost"])
    constraints = x509.load_pem_x509_certificate(made.authority.encode()).extensions.get_extension_for_class(
        x509.NameConstraints
    )
    assert constraints.critical
    assert [n.value for n in constraints.value.permitted_subtrees] == ["localhost"]


def test_a_server_that_speaks_old_versions_is_seen(tmp_path):
    made = authority.for_server(["localhost"])
    with serving(tmp_path, made.certificate.encode(), made.key.encode(), ssl.TLSVersion.TLSv1_1) as port:
        assert certificates.seen("127.0.0.1", port)["versions"]["TLSv1.1"] is True


def test_a_certificate_is_told_as_it_is(tmp_path):
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old")])
    now = datetime.now(UTC)
    found = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=30)).not_valid_after(now - timedelta(days=3)).sign(key, hashes.SHA256())
    )  # fmt: skip
    told = certificates.told(found.public_bytes(serialization.Encoding.DER), "old")
    assert told["weak"] == "RSA of 1024 bits"
    assert told["days"] < 0
    assert told["named"] is False  # a common name counts no more
    assert certificates.told(b"nonsense") == {}


@pytest.mark.parametrize(
    ("host", "name", "same"),
    [("a.example.org", "*.example.org", True), ("a.b.example.org", "*.example.org", False), ("example.org", "*.example.org", False),
     ("A.EXAMPLE.org", "a.example.ORG.", True), ("a.org", "*.org", False), ("::1", "0:0:0:0:0:0:0:1", True), ("127.0.0.1", "127.0.0.2", False)],
)  # fmt: skip
def test_names(host, name, same):
    assert certificates._matches(host, name) is same
