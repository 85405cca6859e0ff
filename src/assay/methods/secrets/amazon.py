"""Keys of Amazon Web Services. An access key id holds the number of its account, which is read out of it.

Access key ids are four letters and base 32 (RFC 4648) of ten bytes, of which the first six hold the account: 40 bits, seven
above the end. Ids made before that scheme begin with AKIAI or AKIAJ and say nothing.
"""

from __future__ import annotations

import base64
import re

from assay.methods.secrets.plausible import entropy, is_hex, is_placeholder, looks_random
from assay.methods.secrets.rule import Judged, Place, Rule

_ROTATE = "deactivate the key in IAM, look for its use in CloudTrail, and use a role: the SDK finds its credentials itself"
_MASK = 0x7FFFFFFFFF80
_KINDS = {b"AKIA": "a long-lived key", b"ASIA": "a temporary key", b"ABIA": "a bearer token's id", b"ACCA": "a context's id"}  # fmt: skip
_PAIR = re.compile(rb"(?<![0-9A-Za-z/+=])[0-9A-Za-z/+]{40}(?![0-9A-Za-z/+=])", re.ASCII)
_ID = re.compile(rb"(?<![0-9A-Za-z])A(?:KIA|SIA)[A-Z2-7]{16}(?![0-9A-Za-z])", re.ASCII)
NEAR = 400  # bytes between an access key id and its secret


def account_of(key: bytes) -> str:
    """Return the twelve digits of the account that an access key id of 20 characters belongs to; none of an old id."""
    if key[4:5] in (b"I", b"J"):
        return ""
    number = (int.from_bytes(base64.b32decode(key[4:])[:6], "big") & _MASK) >> 7
    return f"{number:012d}" if number < 10**12 else ""


def _id(match: re.Match[bytes], place: Place) -> Judged | None:
    key = match["secret"]
    if b"EXAMPLE" in key or len(set(key[4:])) < 6:
        return None
    account = account_of(key)
    said = _KINDS[key[:4]] + (f" of account {account}" if account else "")
    near = place.blob[max(0, match.start() - NEAR) : match.end() + NEAR]
    paired = any(_secret_like(one) for one in _PAIR.findall(near))
    if paired:
        return Judged("critical", f"{said}, with its secret beside it")
    return Judged("high" if key.startswith(b"AKIA") else "medium", said)


def _secret_like(text: bytes) -> bool:
    """Whether 40 characters could be drawn at random: of a thousand such secrets one has no digit."""
    return (
        not is_hex(text)
        and re.search(rb"[0-9]", text) is not None
        and entropy(text) >= 4.0
        and looks_random(text)
        and b"EXAMPLE" not in text
    )


def _secret(match: re.Match[bytes], place: Place) -> Judged | None:
    if not _secret_like(match["secret"]):
        return None
    near = place.blob[max(0, match.start() - NEAR) : match.end() + NEAR]
    found = _ID.search(near)
    said = f"of account {account_of(found[0])}" if found and account_of(found[0]) else ""
    return Judged("critical", said, field=match["name"].decode("latin-1"))


def _alone(match: re.Match[bytes], place: Place) -> Judged | None:
    """40 characters that stand near an access key id, whatever they are called."""
    text = match["secret"]
    if not _secret_like(text):
        return None
    found = _ID.search(place.blob[max(0, match.start() - NEAR) : match.end() + NEAR])
    if found is None or b"EXAMPLE" in found[0]:
        return None
    account = account_of(found[0])
    return Judged("critical", f"of account {account}" if account else "beside its access key id")


def _session(match: re.Match[bytes], place: Place) -> Judged | None:
    return None if is_placeholder(match["secret"][:60]) else Judged("medium", "a temporary session")


RULES = (
    Rule(
        "aws_access_key",
        "AWS access key id",
        "high",
        (b"akia", b"asia", b"abia", b"acca"),
        r"A(?:KIA|SIA|BIA|CCA)[A-Z2-7][A-Z2-7][A-Z2-7][A-Z2-7][A-Z2-7][A-Z2-7]",
        re.compile(rb"(?<![0-9A-Za-z])(?P<secret>A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16})(?![0-9A-Za-z])", re.ASCII),
        _id,
        _ROTATE,
    ),
    Rule(
        "aws_secret_key",
        "AWS secret access key",
        "critical",
        (b"secret", b"aws"),
        r"(?i)(?:secret|aws)[a-z_.-]*[\\\"' \]]*(?:[:=,]|=>)[\\\"' ]*[0-9a-z/+][0-9a-z/+][0-9a-z/+][0-9a-z/+][0-9a-z/+][0-9a-z/+][0-9a-z/+][0-9a-z/+][0-9a-z/+][0-9a-z/+]",
        re.compile(
            rb"(?i)(?P<name>aws(?-i:[A-Za-z_.\-]{0,40}+)|secret[_.\-]?(?:access[_.\-]?)?key)[\"'\\\]]{0,4}[ \t]{0,8}(?:=>|[:=,])[ \t]{0,8}[\"'\\]{0,2}"
            rb"(?P<secret>[0-9a-z/+]{40})(?![0-9a-z/+=])",
            re.ASCII,
        ),
        _secret,
        _ROTATE,
    ),
    Rule(
        "aws_secret_key",
        "AWS secret access key",
        "critical",
        (b"akia", b"asia"),
        r"A(?:KIA|SIA)[A-Z2-7][A-Z2-7][A-Z2-7][A-Z2-7][A-Z2-7][A-Z2-7]",
        re.compile(rb"(?<![0-9A-Za-z/+=])(?P<secret>[0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])", re.ASCII),
        _alone,
        _ROTATE,
    ),
    Rule(
        "aws_session_token",
        "AWS session token",
        "medium",
        (b"iqojb3jpz2lu", b"fwogzxivyxdze", b"fqogzxivyxdze"),
        r"(?:IQoJb3JpZ2lu|F[Qw]oGZXIvYXdzE)",
        re.compile(rb"(?P<secret>(?:IQoJb3JpZ2lu|F[Qw]oGZXIvYXdzE)[0-9A-Za-z/+=]{80,2000})", re.ASCII),
        _session,
        "let it expire, and use a role: the SDK finds its credentials itself",
        2_100,
    ),
    Rule(
        "aws_bedrock_key",
        "Amazon Bedrock API key",
        "critical",
        (b"absk",),
        r"ABSK[0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/]",
        re.compile(
            rb"(?<![0-9A-Za-z])(?P<secret>ABSK[0-9A-Za-z+/]{60,300}+={0,2})(?![0-9A-Za-z+/=])", re.ASCII
        ),
        None,
        _ROTATE,
    ),
)
