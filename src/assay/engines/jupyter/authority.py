"""A certificate for a notebook server, and an authority of its own that a browser can be told to trust."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAYS = 397  # the longest that browsers take
AUTHORITY_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Made:
    """All in PEM. The authority's key is not kept: whoever holds it could pass for any site in a browser that trusts it."""

    certificate: bytes
    key: bytes
    authority: bytes


def make(names: Sequence[str]) -> Made:
    """Make a certificate for names and addresses (P-256, 397 days), signed by a new authority that may vouch for these alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.now(UTC) - timedelta(minutes=5)
    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Notebooks of {names[0]}"[:64])])
    shown = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    general = [_general(n) for n in names]
    within = [_within(n) for n in names]
    usage = {"content_commitment": False, "key_encipherment": False, "data_encipherment": False, "key_agreement": False,
             "encipher_only": False, "decipher_only": False}  # fmt: skip
    authority = (
        x509.CertificateBuilder()
        .subject_name(title).issuer_name(title).public_key(root.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now).not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(within, None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root.public_key()), critical=False)
        .sign(root, hashes.SHA256())
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(shown).issuer_name(title).public_key(own.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now).not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(general), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
        .sign(root, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    kept = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Made(certificate.public_bytes(pem), kept, authority.public_bytes(pem))


def _general(name: str):  # type: ignore[no-untyped-def]
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _within(name: str):  # type: ignore[no-untyped-def]
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)
