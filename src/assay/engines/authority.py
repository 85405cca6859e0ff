"""An authority of certificates for one purpose: made, asked for its certificates, and gone; its key is never written.

P-256 throughout, signed with SHA-256. RFC 5280 4.2.1 (extensions).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TYPE_CHECKING = False  # typing itself is not imported: workers' ports read this file too
if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

DAYS = 397  # the longest that browsers take
AUTHORITY_DAYS = 3650
_EARLY = timedelta(minutes=5)  # clocks differ


@dataclass(frozen=True, slots=True)
class Papers:
    """What one party shows and trusts, as PEM: its key and certificate, and the authority's certificate."""

    key: str
    certificate: str
    authority: str


def for_server(names: Sequence[str]) -> Papers:
    """Make papers for a server of these names and addresses, by a new authority that may vouch for these alone.

    397 days; the authority 3,650: a browser is told to trust it, so nobody may hold its key.
    """
    authority = Authority.made(f"Notebooks of {names[0]}", timedelta(days=AUTHORITY_DAYS), names)
    return authority.issue(names, timedelta(days=DAYS))


def for_job(names: Sequence[str], seconds: float) -> list[Papers]:
    """Make papers for each of a job's workers, for its own name alone and both ends of TLS, good for the job's time."""
    lasts = timedelta(seconds=seconds, minutes=15)
    authority = Authority.made("one job", lasts, names)
    return [authority.issue([name], lasts, client=True) for name in names]


@dataclass(frozen=True, slots=True)
class Authority:
    """Its own certificate and key. No certificate of it may be an authority's."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def made(cls, title: str, lasts: timedelta, within: Sequence[str]) -> Authority:
        """Make one that may vouch for these names and addresses alone."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        named = _called(title)
        begun = (
            _begun(named, named, key.public_key(), lasts)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.NameConstraints([_within(n) for n in within], None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(own, critical=False)
        )
        return cls(begun.sign(key, hashes.SHA256()), key)

    def issue(self, names: Sequence[str], lasts: timedelta, *, client: bool = False) -> Papers:
        """Make a key and a certificate for names and addresses. client: it serves for the calling end of TLS as well."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID

        key, public = ec.generate_private_key(ec.SECP256R1()), self.key.public_key()
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, *([ExtendedKeyUsageOID.CLIENT_AUTH] if client else [])]
        made = (
            _begun(_called(names[0]), self.certificate.subject, key.public_key(), lasts)
            .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        held = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        shown = (one.public_bytes(pem).decode() for one in (made, self.certificate))
        return Papers(held.decode(), *shown)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lasts: timedelta
) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + lasts - _EARLY)
    )


def _called(title: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title[:64])])


def _usage(*, signs: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _within(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)
