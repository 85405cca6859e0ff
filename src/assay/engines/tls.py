"""TLS of a server: its files looked at before it begins, and read again when they are exchanged while it answers."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from assay.kernel.errors import UsageError

_SOON = 14 * 86_400.0  # seconds before its end from which a certificate is spoken of
_LARGEST = 1 << 20


def checked(certificate: str, key: str = "", client_ca: str = "") -> None:
    """Raise UsageError, naming the file, where a server could not begin with these. key: empty where the chain holds it."""
    _told(certificate, "the certificate", b"CERTIFICATE-----")
    _told(key or certificate, "the key", b"PRIVATE KEY-----")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        made.load_cert_chain(certificate, key or None, password=_secret)
    except (OSError, ssl.SSLError) as error:
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            raise UsageError(f"the key is not that of {certificate}", where=key or certificate) from None
        why = getattr(error, "reason", "") or error.strerror or str(error)
        raise UsageError(f"the certificate or its key cannot be used: {why}", where=certificate) from None
    except _Encrypted:
        raise UsageError(
            "the key is encrypted, and a server is told no passphrase",
            where=key or certificate,
            remedy="write it without one, readable by the server alone: openssl pkey -in KEY -out PLAIN",
        ) from None
    if client_ca:
        _told(client_ca, "whoever signs the certificates of clients", b"CERTIFICATE-----")
        try:
            made.load_verify_locations(client_ca)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"it cannot be used: {getattr(error, 'reason', '') or error}", where=client_ca
            ) from None


def context(
    certificate: str, key: str = "", client_ca: str = "", *, required: bool = False
) -> ssl.SSLContext:
    """Return a server's context: TLS 1.2 and 1.3, HTTP/1.1. required: whether each client must show a certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    made.load_cert_chain(certificate, key or None, password=_secret)
    if client_ca:
        made.load_verify_locations(client_ca)
        made.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    return made


def ends(certificate: str, now: float) -> str:
    """Return a sentence where a certificate does not hold at a moment (seconds since 1970), or ends soon; else nothing."""
    from cryptography import x509

    try:
        first = x509.load_pem_x509_certificates(Path(certificate).read_bytes())[0]
    except (OSError, ValueError, IndexError):
        return f"no certificate can be read in {certificate}"
    begin, end, at = first.not_valid_before_utc, first.not_valid_after_utc, datetime.fromtimestamp(now, UTC)
    if at < begin:
        return f"the certificate in {certificate} does not hold before {begin:%Y-%m-%d %H:%M} UTC: clients refuse it"
    if at >= end:
        return f"the certificate in {certificate} ended on {end:%Y-%m-%d}: clients refuse it"
    if (end - at).total_seconds() < _SOON:
        return f"the certificate in {certificate} ends on {end:%Y-%m-%d}"
    return ""


class Kept:
    """A context whose certificate is read again when its files are others: connections from then on see the new one."""

    def __init__(self, made: ssl.SSLContext, certificate: str, key: str = "") -> None:
        self.context, self._files = made, (certificate, key or certificate)
        self._seen = _marks(self._files)

    def refresh(self) -> bool:
        """Read them again where they are others; whether they were. UsageError where they cannot be used: the old ones go on."""
        now = _marks(self._files)
        if now == self._seen:
            return False
        self._seen = now
        checked(*self._files)  # a context that was given half of a pair is of no use
        self.context.load_cert_chain(*self._files, password=_secret)
        return True


def _marks(files: Sequence[str]) -> tuple[tuple[int, int, int], ...]:
    out = []
    for name in files:
        try:
            found = Path(name).stat()
            out.append((found.st_ino, found.st_mtime_ns, found.st_size))
        except OSError:
            out.append((0, 0, 0))
    return tuple(out)


def _told(path: str, what: str, mark: bytes) -> None:
    """Raise UsageError where a file holds no PEM of a kind."""
    try:
        with Path(path).open("rb") as opened:
            held = opened.read(_LARGEST)
    except OSError as error:
        raise UsageError(f"{what} cannot be read: {error.strerror}", where=path) from None
    if mark not in held:
        raise UsageError(f"there is no PEM of {what} in it", where=path)


class _Encrypted(Exception):
    """A key that is encrypted."""


def _secret() -> str:
    raise _Encrypted
