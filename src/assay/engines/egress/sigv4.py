"""Signature Version 4 of AWS, as S3 takes it: a request signed, and a signature of the job's own key verified.

S3's paths are signed as they are sent, encoded once and never normalised. Source: "Signature Version 4 signing process" and
"Authenticating Requests: Using the Authorization Header" in the documentation of Amazon S3.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = 900  # seconds by which a signature may be older or newer than now
_STAMP = "%Y%m%dT%H%M%SZ"
_SAID = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([A-Za-z0-9]{1,128})/(\d{8})/([a-z0-9-]{1,64})/s3/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]{1,2000}), ?Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a request is signed with. token: of a session, where it is one."""

    key: str
    secret: str
    token: str = ""


def signed(
    method: str, path: str, query: str, headers: Mapping[str, str], keys: Keys, region: str, now: datetime
) -> dict[str, str]:
    """Return ``headers`` (in small letters, host and x-amz-content-sha256 among them) with a date and a signature."""
    stamp = now.astimezone(UTC).strftime(_STAMP)
    out = {**headers, "x-amz-date": stamp}
    if keys.token:
        out["x-amz-security-token"] = keys.token
    names = ";".join(sorted(out))
    made = _signature(
        method, path, query, sorted(out.items()), out["x-amz-content-sha256"], stamp, region, keys.secret
    )
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    out["authorization"] = (
        f"{ALGORITHM} Credential={keys.key}/{scope}, SignedHeaders={names}, Signature={made}"
    )
    return out  # fmt: skip


def verified(
    method: str, path: str, query: str, headers: Iterable[tuple[str, str]], keys: Keys, now: datetime
) -> str:
    """Return why a request was not signed with these keys within the last minutes; nothing where it was.

    Its host, its date and the digest of its body must be among what was signed, and so must every x-amz- header.
    """
    held: dict[str, str] = {}
    for name, value in headers:
        low = name.lower()
        held[low] = f"{held[low]},{value.strip()}" if low in held else value.strip()
    said = _SAID.fullmatch(held.get("authorization", ""))
    if said is None or not hmac.compare_digest(said[1], keys.key):
        return "it is not signed with the job's credential"
    names = said[4].split(";")
    must = {"host", "x-amz-date", "x-amz-content-sha256", *(n for n in held if n.startswith("x-amz-"))}
    if sorted(set(names)) != names or not must <= set(names) or not set(names) <= set(held):
        return "its signature leaves out what it must cover"
    stamp = held["x-amz-date"]
    try:
        when = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return "its signature has no date"
    if abs((now - when).total_seconds()) > SKEW or stamp[:8] != said[2]:
        return "its signature is of another time"
    pairs = [(name, held[name]) for name in names]
    made = _signature(method, path, query, pairs, held["x-amz-content-sha256"], stamp, said[3], keys.secret)
    return "" if hmac.compare_digest(made, said[5]) else "it is not signed with the job's credential"


def _signature(
    method: str, path: str, query: str, headers: Iterable[tuple[str, str]], body: str, stamp: str, region: str, secret: str
) -> str:  # fmt: skip
    pairs = list(headers)
    asked = "&".join(
        "=".join(p) for p in sorted(part.partition("=")[::2] for part in query.split("&") if part)
    )
    told = "".join(f"{name}:{' '.join(value.split())}\n" for name, value in pairs)
    whole = f"{method}\n{path}\n{asked}\n{told}\n{';'.join(name for name, _ in pairs)}\n{body}"
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(whole.encode('latin-1')).hexdigest()}"
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
