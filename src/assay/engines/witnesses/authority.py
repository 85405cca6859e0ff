"""A time-stamp authority (RFC 3161): its receipt shows that the checkpoint was there at a time that it vouches for.

``tsa:URL#root.pem``: the certificate that the authority's is held against is named by whoever trusts it. Verified here: the
status, the imprint, the nonce, the signed attributes, the signature (RSA PKCS #1 v1.5 or ECDSA), the chain, that the
certificate is for time-stamping alone, and that it was valid at the time.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.witnesses.witness import Kept, Witness
from assay.kernel.errors import Broken, Missing, UsageError
from assay.methods import der

if TYPE_CHECKING:
    from cryptography import x509

_SHA256 = "2.16.840.1.101.3.4.2.1"
_HASHES = {_SHA256: "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
_SIGNED, _TSTINFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT, _DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_CERTIFICATES = {"1.2.840.113549.1.9.16.2.12": "sha1", "1.2.840.113549.1.9.16.2.47": "sha256"}
_SECONDS, _MOST = 30, 1 << 18
_LINKS = 5


class Authority(Witness):
    """An authority at a URL, trusted under a root that is named behind a ``#``."""

    def __init__(self, spec: str) -> None:
        self.url, _, root = spec.partition("#")
        if not self.url.startswith(("http://", "https://")):
            raise UsageError(f"{self.url!r} is no URL of an authority", remedy="write tsa:https://…#root.pem")
        if not root:
            raise UsageError("the authority's root is not named", remedy="write tsa:URL#root.pem")
        self.root = Path(root)

    def keep(self, size: int, note: str) -> Kept:
        """Ask for a time stamp over the checkpoint; what comes back is verified before it is kept."""
        nonce = secrets.randbits(63)
        ask = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            self.url, request(note.encode(), nonce), {"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(ask, timeout=_SECONDS) as answer:  # noqa: S310 - the scheme was looked at
                said = answer.read(_MOST + 1)
        except (OSError, ValueError, urllib.error.URLError) as error:
            raise Broken(f"the authority cannot be asked: {str(error)[:200]}", where=self.url) from error
        try:
            when = stamped(said, note.encode(), self._trusted(), nonce)
        except ValueError as error:
            raise Broken(f"the authority's answer does not hold: {error}", where=self.url) from error
        return Kept(f"{self.url} at {when}", base64.b64encode(said).decode())

    def seen(self) -> list[str]:
        """Return nothing: an authority remembers nothing; its receipts lie in the home and in the log."""
        return []

    def confirms(self, note: str, receipt: str) -> str:
        """Return when the receipt says that the checkpoint was there."""
        return stamped(base64.b64decode(receipt, validate=True), note.encode(), self._trusted(), None)

    def _trusted(self) -> x509.Certificate:
        from cryptography import x509

        try:
            return x509.load_pem_x509_certificate(self.root.read_bytes())
        except FileNotFoundError:
            raise Missing(
                f"there is no file {str(self.root)!r}", remedy="name the authority's root: tsa:URL#root.pem"
            ) from None
        except ValueError:
            raise UsageError("this is no certificate", where=str(self.root)) from None


def request(data: bytes, nonce: int) -> bytes:
    """Return a TimeStampReq over the SHA-256 of ``data``, which asks for the certificate too (RFC 3161 §2.4.1)."""
    kind = der.write(der.SEQUENCE, der.oid(_SHA256), der.write(der.NULL))
    imprint = der.write(der.SEQUENCE, kind, der.write(der.OCTETS, hashlib.sha256(data).digest()))
    return der.write(
        der.SEQUENCE, der.integer(1), imprint, der.integer(nonce), der.write(der.BOOLEAN, b"\xff")
    )


def stamped(response: bytes, data: bytes, root: x509.Certificate, nonce: int | None) -> str:
    """Return the time (RFC 3339, UTC) of a TimeStampResp over ``data``; ValueError, which says why, where it does not hold.

    nonce: that of the request; None where the answer is looked at again later.
    """
    if len(response) > _MOST:
        raise ValueError("it is larger than any answer is")
    try:
        return _stamped(response, data, root, nonce)
    except (LookupError, TypeError, AttributeError, StopIteration, OverflowError):
        raise ValueError("it is no answer of an authority") from None


def _stamped(response: bytes, data: bytes, root: x509.Certificate, nonce: int | None) -> str:
    status, *rest = der.read(response).parts()
    if status.parts()[0].number() not in (0, 1) or not rest:
        raise ValueError("the authority refuses")
    kind, wrapped = rest[0].parts()
    if kind.oid() != _SIGNED:
        raise ValueError("it is not signed")
    _, _, held, *more = wrapped.parts()[0].parts()
    what, inner = held.parts()
    if what.oid() != _TSTINFO:
        raise ValueError("it is no time stamp")
    content = inner.parts()[0].content
    certificates = _certificates(more)
    (signer,) = more[-1].parts()
    certificate = _signed(signer, content, certificates)
    when = _told(content, data, nonce)
    _trust(certificate, certificates, root, when)
    return when.isoformat().replace("+00:00", "Z")


def _certificates(parts: list[der.Node]) -> list[x509.Certificate]:
    from cryptography import x509

    found = next((p for p in parts if p.tag == 0xA0), None)
    return [] if found is None else [x509.load_der_x509_certificate(p.whole) for p in found.parts()[:_LINKS]]


def _told(content: bytes, data: bytes, nonce: int | None) -> dt.datetime:
    """Return what the TSTInfo says of the time, once it is of this data and this request."""
    _, _, imprint, _, time, *rest = der.read(content).parts()
    kind, digest = imprint.parts()
    if kind.parts()[0].oid() != _SHA256 or digest.content != hashlib.sha256(data).digest():
        raise ValueError("it is of something else")
    if nonce is not None and next((r.number() for r in rest if r.tag == der.INTEGER), None) != nonce:
        raise ValueError("it answers another request")
    if time.tag != der.TIME:
        raise ValueError("it has no time")
    text = time.content.decode("ascii")
    whole, _, part = text.removesuffix("Z").partition(".")
    when = dt.datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    return when + dt.timedelta(seconds=float(f"0.{part}") if part.isdecimal() else 0)


def _signed(signer: der.Node, content: bytes, certificates: list[x509.Certificate]) -> x509.Certificate:
    """Return the certificate under which the signer signed this content (RFC 5652 §5.4)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    _, _, kind, attributes, _, signature, *_ = signer.parts()
    name = _HASHES.get(kind.parts()[0].oid())
    if name is None or attributes.tag != 0xA0:
        raise ValueError("it is signed in a way that is not known")
    said = {a.parts()[0].oid(): a.parts()[1].parts()[0] for a in attributes.parts()}
    if said[_CONTENT].oid() != _TSTINFO or said[_DIGEST].content != hashlib.new(name, content).digest():
        raise ValueError("its content is not what was signed")
    certificate = _named(said, certificates)
    over = der.write(der.SET, attributes.content)
    kinds: dict[str, hashes.HashAlgorithm] = {
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    algorithm = kinds[name]
    public = certificate.public_key()
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature.content, over, padding.PKCS1v15(), algorithm)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature.content, over, ec.ECDSA(algorithm))
        else:
            raise ValueError("its key is of a kind that is not known")
    except InvalidSignature:
        raise ValueError("its signature is wrong") from None
    return certificate


def _named(said: dict[str, der.Node], certificates: list[x509.Certificate]) -> x509.Certificate:
    """Return the certificate that the signer names by its digest (RFC 2634 ESSCertID, RFC 5035 ESSCertIDv2)."""
    from cryptography.hazmat.primitives.serialization import Encoding

    for kind, usual in _CERTIFICATES.items():
        if kind not in said:
            continue
        first = said[kind].parts()[0].parts()[0].parts()
        name = usual if first[0].tag == der.OCTETS else _HASHES[first[0].parts()[0].oid()]
        digest = next(p.content for p in first if p.tag == der.OCTETS)
        for certificate in certificates:
            if hashlib.new(name, certificate.public_bytes(Encoding.DER)).digest() == digest:
                return certificate
    raise ValueError("the certificate that signed it is not with it")


def _trust(
    certificate: x509.Certificate, others: list[x509.Certificate], root: x509.Certificate, when: dt.datetime
) -> None:
    """ValueError unless the certificate is for time-stamping alone, was valid then, and leads to the root."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise ValueError("its certificate is not for time-stamping") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("its certificate is not for time-stamping alone")
    link = certificate
    for _ in range(_LINKS):
        if not link.not_valid_before_utc <= when <= link.not_valid_after_utc:
            raise ValueError("a certificate was not valid at that time")
        for above in (root, *others):
            if above == link:
                continue
            try:
                link.verify_directly_issued_by(above)
                authority = above.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
            except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
                continue
            if not authority:
                continue
            if above == root:
                return
            link = above
            break
        else:
            break
    raise ValueError("its certificate does not lead to the root that was named")
