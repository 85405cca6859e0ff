"""Tokens of package registries whose structure can be verified: npm's checksum, PyPI's macaroon, .npmrc and Docker logins."""

from __future__ import annotations

import base64
import binascii
import re

from assay.methods.secrets.checksums import crc62
from assay.methods.secrets.plausible import entropy, is_placeholder, is_wordy
from assay.methods.secrets.rule import Judged, Place, Rule, token

_RC = re.compile(r"(?:^|/)\.?(?:npm|yarn)rc$")
_HOST = re.compile(rb"[a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,40}){1,4}")


def _npm(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    return Judged("critical", "its checksum is right") if crc62(text[4:-6]) == text[-6:] else None


def location(text: bytes) -> str:
    """Return the index that a PyPI token is for: the location in the macaroon (version 2) that it is; none if it is none."""
    body = text.removeprefix(b"pypi-")
    try:
        raw = base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return ""
    if raw[:2] != b"\x02\x01" or len(raw) < 40 or raw[2] > 64:  # version 2; field 1, which is the location
        return ""
    host = raw[3 : 3 + raw[2]]
    return host.decode() if _HOST.fullmatch(host) else ""


def _pypi(match: re.Match[bytes], place: Place) -> Judged | None:
    index = location(match["secret"])
    if not index:
        return None
    return Judged("medium" if index.startswith("test.") else "critical", f"a macaroon of {index}")


def _npmrc(match: re.Match[bytes], place: Place) -> Judged | None:
    """Only where npm would read it: in its own file, or behind a registry's address."""
    text = match["secret"]
    before = place.blob[place.start : match.start()].strip()
    if not (_RC.search(place.name)) and not before.endswith(b"/:"):
        return None
    if is_placeholder(text) or is_wordy(text) or entropy(text) < 2.5 or text.startswith((b"npm_", b"$")):
        return None
    return Judged("high", field=match["name"].decode())


def _docker(match: re.Match[bytes], place: Place) -> Judged | None:
    try:
        user, colon, password = base64.b64decode(match["secret"], validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    if (
        not colon
        or not user
        or len(password) < 3
        or not user.isascii()
        or not (user + password).decode("utf-8", "replace").isprintable()
    ):
        return None
    if is_placeholder(password):
        return None
    return Judged("critical", f"of the user {user.decode()[:60]}", field="auth")


RULES = (
    token("npm_token", "npm token", "critical", "npm_", r"[0-9A-Za-z]{36}", judge=_npm),
    token("pypi_token", "PyPI token", "critical", "pypi-", r"AgE[0-9A-Za-z_\-]{60,600}", judge=_pypi),
    Rule(
        "npmrc_login",
        "login to a registry in .npmrc",
        "high",
        (b"_auth", b"_password"),
        r"_(?:auth|authToken|password) *= *[\"']?[0-9A-Za-z]",
        re.compile(rb"(?P<name>_(?:auth|authToken|password))[ \t]{0,8}=[ \t]{0,8}[\"']?(?P<secret>[0-9A-Za-z+/=_\-]{8,400})"),
        _npmrc,
    ),
    Rule(
        "docker_login",
        "login to a container registry",
        "critical",
        (b'"auth',),
        r"\"auth\\?\" *: *\\?\"[0-9A-Za-z+/]",
        re.compile(rb"\"auth\\?\"\s{0,8}:\s{0,8}\\?\"(?P<secret>[0-9A-Za-z+/]{8,400}={0,2})\\?\""),
        _docker,
        "log out, change the password, and use a credential helper (docker-credential-…)",
    ),
)  # fmt: skip
