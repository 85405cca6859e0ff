"""The TLS of a server as it is seen: versions that are spoken, and the certificate shown.

Certificates are read, not trusted: whether this machine would trust one is an answer of its own.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assay.kernel.printable import printable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

SECONDS = 10.0  # of silence
WHOLE = 30.0  # seconds of one connection, however its answer drips
VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1, "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}  # fmt: skip
_LEAST_RSA, _LEAST_CURVE = 2048, 224


@contextlib.contextmanager
def connected(
    host: str, port: int, context: ssl.SSLContext | None = None, *, whole: float | None = None
) -> Iterator[socket.socket]:
    """Connect, in TLS where there is a context, and end it after so many seconds, whoever reads it then; OSError.

    whole: else ``WHOLE``.
    """
    with socket.create_connection((host, port), timeout=SECONDS) as raw:
        twin = raw.dup()  # the other is out of reach while TLS is being agreed on
        ended = threading.Timer(whole or WHOLE, _end, [twin])
        ended.daemon = True
        ended.start()
        try:
            if context is None:
                yield raw
            else:
                with context.wrap_socket(raw, server_hostname=host) as wrapped:
                    yield wrapped
        finally:
            ended.cancel()
            twin.close()


def _end(twin: socket.socket) -> None:
    with contextlib.suppress(OSError):
        twin.shutdown(socket.SHUT_RDWR)


def verifying(ca: str = "", *, named: bool = True) -> ssl.SSLContext:
    """Return a context that takes a certificate for which a trusted authority vouches. ca: more of them; OSError."""
    context = ssl.create_default_context()
    context.check_hostname = named
    if ca:
        context.load_verify_locations(ca)
    return context


def unchecked() -> ssl.SSLContext:
    """Return a context that takes any certificate, for servers that are examined and told nothing but a token."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def seen(host: str, port: int, ca: str = "") -> dict[str, Any]:
    """Return ``versions`` (name → whether spoken) and ``certificate`` of a server. ca: authorities to trust besides."""
    spoken = {name: _speaks(host, port, version) for name, version in VERSIONS.items()}
    shown: dict[str, Any] = {"versions": spoken}
    try:
        with connected(host, port, unchecked()) as wrapped:
            assert isinstance(wrapped, ssl.SSLSocket)
            der = wrapped.getpeercert(binary_form=True)
    except OSError:
        der = None
    if der:
        shown["certificate"] = told(der, host) | {"trusted": trusted(host, port, ca)}
    return shown


def told(der: bytes, host: str = "") -> dict[str, Any]:
    """Return what a certificate says of itself; empty where it cannot be read. host: the name it should be for."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        found = x509.load_der_x509_certificate(der)
        until, since = found.not_valid_after_utc, found.not_valid_before_utc
        names = _names(found)
        weak = _weak(found)
    except (
        ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion, UnsupportedAlgorithm,
    ):  # fmt: skip
        return {}
    now = datetime.now(UTC)
    out: dict[str, Any] = {
        "until": until.date().isoformat(), "since": since.date().isoformat(), "days": (until - now).days,
        "early": since > now, "names": printable(", ".join(names)[:300]), "weak": weak,
    }  # fmt: skip
    if host:
        out["named"] = any(_matches(host, n) for n in names)
    return out


def trusted(host: str, port: int, ca: str = "", *, named: bool = False) -> bool:
    """Whether an authority that is trusted vouches for a server, and for its name where ``named`` is asked."""
    try:
        with connected(host, port, verifying(ca, named=named)):
            return True
    except OSError:
        return False


def _speaks(host: str, port: int, version: ssl.TLSVersion) -> bool:
    context = unchecked()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are asked for to be refused
            context.minimum_version = context.maximum_version = version
            context.set_ciphers("ALL:@SECLEVEL=0")
        with connected(host, port, context):
            return True
    except (OSError, ValueError):
        return False


def _names(found: Certificate) -> list[str]:
    from cryptography import x509

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _weak(found: Certificate) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = found.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_RSA:
        return f"RSA of {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _LEAST_CURVE:
        return f"a curve of {key.key_size} bits"
    hashed = found.signature_hash_algorithm
    return f"signed with {hashed.name}" if hashed is not None and hashed.name in ("md5", "sha1") else ""


def _matches(host: str, name: str) -> bool:
    host, name = host.lower().rstrip("."), name.lower().rstrip(".")
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(name)
    except ValueError:
        pass
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:] and "." in name[2:]
    return host == name
