"""Keys of Google Cloud: service accounts, API keys, OAuth clients and tokens."""

from __future__ import annotations

import re

from assay.methods.secrets.plausible import entropy, is_placeholder
from assay.methods.secrets.privatekeys import body_of
from assay.methods.secrets.rule import Judged, Place, Rule, token

_EMAIL = re.compile(rb"\"client_email\\?\"\s{0,8}:\s{0,8}\\?\"([^\"\\]{3,200})")
_BUCKET = "delete the key of the service account, and let the workload identity or the metadata server give credentials"


def _account(match: re.Match[bytes], place: Place) -> Judged | None:
    found = body_of(place.blob, match.start("secret"))
    if found is None:
        return None
    near = place.blob[max(0, match.start() - 4_000) : found.stop + 4_000]
    if b"client_email" not in near:
        return None  # a private key in JSON: the rule of private keys tells of it
    email = _EMAIL.search(near)
    said = f"of {email[1].decode('utf-8', 'replace')}" if email else ""
    return Judged("critical", said, match.start("secret"), found.stop, field="private_key")


def _random(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    return None if entropy(text) < 3.0 or is_placeholder(text) else Judged("high")


RULES = (
    Rule(
        "gcp_service_account",
        "key of a Google service account",
        "critical",
        (b"private_key",),
        r"private_key\\?\" *: *\\?\"-----BEGIN",
        re.compile(
            rb"\"private_key\\?\"\s{0,8}:\s{0,8}\\?\"(?P<secret>-----BEGIN (?:RSA )?PRIVATE KEY-----)"
        ),
        _account,
        _BUCKET,
    ),
    token(
        "google_api_key",
        "Google API key",
        "high",
        "AIza",
        r"[0-9A-Za-z_\-]{35}",
        judge=_random,
        ends="0-9A-Za-z_-",
    ),
    token(
        "google_oauth_secret",
        "Google OAuth client secret",
        "high",
        "GOCSPX-",
        r"[0-9A-Za-z_\-]{28}",
        judge=_random,
    ),
    token(
        "google_oauth_token",
        "Google OAuth access token",
        "medium",
        "ya29.",
        r"[0-9A-Za-z_\-]{30,1000}",
        judge=_random,
    ),
)
