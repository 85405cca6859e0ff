"""Private keys in PEM, OpenSSH's, PuTTY's, OpenPGP's and age's forms; those under a passphrase told apart.

The body is decoded: a key of ASN.1 begins with a SEQUENCE that fits its length (X.690), one of OpenSSH with its magic and
the name of its cipher (PROTOCOL.key).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from assay.methods.secrets.checksums import bech32
from assay.methods.secrets.rule import Judged, Place, Rule

_LONGEST = 32_768
_SHORTEST = 32  # bytes of the shortest private key: Ed25519's, in PKCS #8, has 48
_BEGIN = re.compile(rb"-----BEGIN ((?:[A-Z0-9]{2,12} ){0,3})PRIVATE KEY( BLOCK)?-----")
_END = b"-----END "
_NOISE = re.compile(rb"\\[nrt]|[\"'`]\s{0,8}\+|\+\s{0,8}[\"'`]|[\s\"'`,;\\|]|(?m:^[ \t]*(?:#|//|\*|>)[ \t])")
_HEADER = re.compile(rb"(?m)(?:^|\\n)[A-Za-z-]{2,20}: [^\n\\]{0,200}(?:\\n|\r?\n|$)")
_BASE64 = re.compile(rb"[0-9A-Za-z+/]{24,}={0,2}")
_WHERE = "make another key pair, take this one out of what it opens, and keep the new one in an agent or a secret manager"


@dataclass(frozen=True, slots=True)
class Body:
    """A private key's body: its bytes, where it ends, what it is, and whether a passphrase is asked for."""

    data: bytes
    stop: int
    kind: str
    encrypted: bool


def body_of(blob: bytes, start: int) -> Body | None:
    """Return what stands after the BEGIN line at ``start``; None where that is no key."""
    begin = _BEGIN.match(blob, start)
    if begin is None:
        return None
    end = blob.find(_END, begin.end(), begin.end() + _LONGEST)
    if end < 0:
        return None
    tail = blob.find(b"-----", end + len(_END), end + 80)
    stop = tail + 5 if tail > 0 else end
    raw = blob[begin.end() : end]
    kind = begin[1].decode().strip()
    if begin[2]:
        return Body(b"", stop, "OpenPGP", False) if len(_NOISE.sub(b"", raw)) > 100 else None
    encrypted = kind == "ENCRYPTED" or b"ENCRYPTED" in raw[:200]
    text = _NOISE.sub(b"", _HEADER.sub(b"", raw))
    if _BASE64.fullmatch(text) is None:
        return None
    try:
        data = base64.b64decode(text + b"=" * (-len(text.rstrip(b"=")) % 4 if not text.endswith(b"=") else 0))
    except (binascii.Error, ValueError):
        return None
    if len(data) < _SHORTEST or len(set(data)) < 12:
        return None
    if data.startswith(b"openssh-key-v1\0"):
        return Body(data, stop, "OpenSSH", not data[15:].startswith(b"\0\0\0\x04none"))
    if not encrypted and not _is_sequence(data):
        return None
    return Body(data, stop, kind if kind not in ("", "ENCRYPTED") else "PKCS #8", encrypted)


def _is_sequence(data: bytes) -> bool:
    """Whether bytes are one SEQUENCE of ASN.1 in DER, of the length that it says."""
    if data[:1] != b"0":
        return False
    first = data[1]
    if first < 0x80:
        return len(data) == 2 + first
    size = first & 0x7F
    return 1 <= size <= 3 and len(data) == 2 + size + int.from_bytes(data[2 : 2 + size], "big")


def _pem(match: re.Match[bytes], place: Place) -> Judged | None:
    found = body_of(place.blob, match.start("secret"))
    if found is None:
        return None
    if found.encrypted:
        return Judged("low", f"{found.kind}, under a passphrase", match.start("secret"), found.stop)
    return Judged("critical", found.kind, match.start("secret"), found.stop)


def _putty(match: re.Match[bytes], place: Place) -> Judged | None:
    head = place.blob[match.start() : match.start() + _LONGEST]
    private = head.find(b"Private-Lines:")
    if private < 0:
        return None
    stop = match.start() + private + len(b"Private-Lines:")
    tail = head.find(b"Private-MAC:", private)
    stop = match.start() + tail if tail > 0 else stop
    if re.search(rb"Encryption: (?!none)", head[:400]):
        return Judged("low", "PuTTY, under a passphrase", match.start(), stop)
    return Judged("critical", "PuTTY", match.start(), stop)


def _age(match: re.Match[bytes], place: Place) -> Judged | None:
    return Judged("critical", "checksum right") if bech32(match["secret"].decode()) else None


RULES = (
    Rule(
        "private_key",
        "private key",
        "critical",
        (b"private key",),
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY",
        re.compile(rb"(?P<secret>-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)"),
        _pem,
        _WHERE,
    ),
    Rule(
        "private_key",
        "private key",
        "critical",
        (b"putty-user-key-file",),
        r"PuTTY-User-Key-File-[123]:",
        re.compile(rb"(?P<secret>PuTTY-User-Key-File-[123]:)"),
        _putty,
        _WHERE,
    ),
    Rule(
        "age_key",
        "age secret key",
        "critical",
        (b"age-secret-key-1",),
        r"AGE-SECRET-KEY-1",
        re.compile(rb"(?P<secret>AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})"),
        _age,
        _WHERE,
    ),
)
