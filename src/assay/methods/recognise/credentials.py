"""Credentials that show themselves: keys and tokens with a prefix of their own, private keys, passwords in addresses.

data.pii looks for these in tables and documents, and whatever examines code can ask the same functions.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import NamedTuple


class Credential(NamedTuple):
    """One kind of credential, and where it is in the text."""

    kind: str
    start: int
    stop: int


# kind, pattern. Each begins with what its issuer writes there, so that hashes and identifiers are none.
_KINDS: tuple[tuple[str, str], ...] = (
    ("aws_access_key", r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])"),
    ("github_token", r"gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_[0-9A-Za-z_]{22,255}"),
    ("gitlab_token", r"gl(?:pat|ptt|rt|dt|cbt|ft|soat)-[0-9A-Za-z_\-]{20,64}"),
    ("slack_token", r"xox[abeoprs]-[0-9A-Za-z\-]{10,250}"),
    (
        "slack_webhook",
        r"https://hooks\.slack\.com/(?:services|workflows)/T[0-9A-Z]{6,12}/B?[0-9A-Z]{6,12}/[0-9A-Za-z]{16,48}",
    ),
    ("stripe_key", r"(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{16,247}|whsec_[0-9A-Za-z+/=]{32,64}"),
    ("google_api_key", r"AIza[0-9A-Za-z_\-]{35}(?![0-9A-Za-z_\-])"),
    ("google_oauth", r"ya29\.[0-9A-Za-z_\-]{20,512}|GOCSPX-[0-9A-Za-z_\-]{28}"),
    ("openai_key", r"sk-(?:proj-|svcacct-|ant-)?[0-9A-Za-z_\-]{32,200}"),
    ("huggingface_token", r"hf_[A-Za-z]{34}(?![0-9A-Za-z])"),
    ("npm_token", r"npm_[0-9A-Za-z]{36}(?![0-9A-Za-z])"),
    ("pypi_token", r"pypi-AgE[0-9A-Za-z_\-]{50,512}"),
    ("sendgrid_key", r"SG\.[0-9A-Za-z_\-]{16,32}\.[0-9A-Za-z_\-]{32,64}"),
    ("twilio_key", r"(?:AC|SK)[0-9a-f]{32}(?![0-9A-Za-z])"),
    ("digitalocean_token", r"do[opr]_v1_[0-9a-f]{64}"),
    ("shopify_token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("databricks_token", r"dapi[0-9a-f]{32}(?:-\d)?(?![0-9A-Za-z])"),
    ("vault_token", r"hv[sbr]\.[0-9A-Za-z_\-]{24,200}"),
    ("telegram_token", r"\d{8,10}:AA[0-9A-Za-z_\-]{33}(?![0-9A-Za-z_\-])"),
    ("jwt", r"eyJ[0-9A-Za-z_\-]{8,2000}\.eyJ[0-9A-Za-z_\-]{4,4000}\.[0-9A-Za-z_\-]{0,1000}"),
    ("private_key", r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    ("password_in_url", r"[a-z][a-z0-9+.\-]{1,20}://[^\s:@/]{1,80}:[^\s:@/]{3,80}@[\w.\-]{1,250}"),
    (
        "password_said",
        r"(?i:\b(?:password|passwd|pwd|passwort|contraseña|senha|api[_-]?key|secret[_-]?key|access[_-]?token))[\"']?[ ]{0,2}[:=][ ]{0,2}[\"']?[^\s\"',;<>{}$()\[\]]{6,128}",
    ),
)
_ALL = re.compile("|".join(rf"(?P<{kind}>{pattern})" for kind, pattern in _KINDS), re.ASCII)
_BEFORE = re.compile(r"[0-9A-Za-z]")
# RE2: few other texts hold one of these.
SIEVE = (
    r"A[KSBC][IC]A[0-9A-Z]|gh[pousr]_|github_pat|gl[a-z]{2,4}-|xox[abeoprs]-|hooks\.slack|[srp]k_(?:live|test)_|whsec_|AIza|ya29\.|GOCSPX|sk-[\w-]{30}|hf_[A-Za-z]{30}|npm_|pypi-AgE|"
    r"SG\.|(?:AC|SK)[0-9a-f]{32}|do[opr]_v1|shp(?:at|ca|pa|ss)_|dapi[0-9a-f]|hv[sbr]\.|:AA[\w-]{30}|eyJ[\w-]{8}|PRIVATE KEY|://[^\s/@]+:[^\s/@]+@|"
    r"(?i:passw|pwd|contrase|senha|api[_-]?key|secret[_-]?key|access[_-]?token)[^:=]{0,6}[:=]"
)


def found(text: str) -> Iterator[Credential]:
    """Give each credential of a text. A token whose parts are no JSON is no JWT."""
    for match in _ALL.finditer(text):
        kind, start = str(match.lastgroup), match.start()
        if start and _BEFORE.match(text[start - 1]) and kind not in ("password_in_url", "private_key"):
            continue
        if kind == "jwt" and not _is_jwt(match.group()):
            continue
        if kind == "password_said" and re.search(r"(?:\*{3}|[.x]{6}|<|\$\{|%\()", match.group()):
            continue  # hidden already, or a place to fill in
        yield Credential(kind, start, match.end())


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Give where each credential of a text begins and ends."""
    for one in found(text):
        yield one.start, one.stop


def hidden(text: str) -> str:
    """Return a text without its credentials, each told by its kind: what foreign code prints is shown to others."""
    out, at = [], 0
    for one in found(text):
        out += [text[at : one.start], f"[{one.kind.replace('_', ' ')} hidden]"]
        at = one.stop
    return "".join([*out, text[at:]])


def _is_jwt(text: str) -> bool:
    head = text.partition(".")[0]
    try:
        said = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and "alg" in said


_HELD = re.compile(r"^[^\s]{6,512}$")


def could_be(text: str) -> bool:
    """Whether a value of a column named as a credential could be one: no spaces, six signs or more, not one plain word."""
    return bool(_HELD.match(text)) and (any(not c.isalpha() for c in text) or len(text) >= 20)
