"""A certificate authority of one job: made when it starts, its key never written and gone at once.

Each worker's port gets a certificate for its own name alone, for both ends of TLS 1.3, good for the job's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Papers:
    """What one worker's port shows and trusts, as PEM: its key and certificate, and the authority's certificate."""

    key: str
    certificate: str
    authority: str


def issue(names: list[str], seconds: float) -> list[Papers]:
    """Make an authority, and papers for each name, good for so many seconds and a margin."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.now(UTC)
    root = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "one job")])

    def begun(subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(called)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(seconds=seconds, minutes=15))
        )

    usage = x509.KeyUsage(False, False, False, False, False, True, False, False, False)
    own = (
        begun(called, root.public_key())
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(usage, critical=True)
        .sign(root, hashes.SHA256())
    )
    shown = own.public_bytes(serialization.Encoding.PEM).decode()
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    out = []
    for name in names:
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key())
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage(both), critical=False)
            .sign(root, hashes.SHA256())
        )
        held = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        out.append(Papers(held.decode(), made.public_bytes(serialization.Encoding.PEM).decode(), shown))
    return out
