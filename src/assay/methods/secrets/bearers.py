"""JSON Web Tokens, whose header and claims are read; tokens and logins in HTTP headers; webhooks; bots."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any

from assay.methods.secrets.plausible import entropy, is_placeholder, looks_random
from assay.methods.secrets.rule import Judged, Place, Rule, follows

_CURL = re.compile(rb"curl\b")
_TWILIO = re.compile(rb"(?i)twilio")


def _part(text: bytes) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None


def _jwt(match: re.Match[bytes], place: Place) -> Judged | None:
    head, claims, signature = match["secret"].split(b".")
    header, said = _part(head), _part(claims)
    if not isinstance(header, dict) or not isinstance(header.get("alg"), str) or not isinstance(said, dict):
        return None
    if len(signature) < 20 and header["alg"].lower() != "none":
        return None
    words = [str(header["alg"])[:10]]
    if said.get("name") == "John Doe" and said.get("sub") == "1234567890":
        return None  # the token that every introduction shows
    words += [f"from {str(said['iss'])[:60]}"] if isinstance(said.get("iss"), str) else []
    until = _until(said.get("exp"))
    if until and place.now and until < place.now[:10]:
        return Judged("low", f"{', '.join(words)}; expired on {until}")
    return Judged("high", f"{', '.join(words)}; {f'valid until {until}' if until else 'it never expires'}")


def _until(raw: Any) -> str:
    try:
        return datetime.fromtimestamp(int(raw), UTC).date().isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _bearer(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    if text.startswith(b"eyJ") or not looks_random(text):
        return None
    return Judged("high", field="Authorization")


def _basic(match: re.Match[bytes], place: Place) -> Judged | None:
    try:
        user, colon, password = base64.b64decode(
            match["secret"] + b"=" * (-len(match["secret"]) % 4)
        ).partition(b":")
    except (binascii.Error, ValueError):
        return None
    if not colon or not password or not user.isascii() or not user.decode().isprintable():
        return None
    try:
        shown = password.decode()
    except UnicodeDecodeError:
        return None
    if not shown.isprintable() or is_placeholder(password) or len(password) < 4:
        return None
    return Judged("high", f"of the user {user.decode()[:60]}", field="Authorization")


def _curl(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    if not follows(match, place, _CURL, 500) or is_placeholder(text) or len(text) < 5:
        return None
    return Judged("high", field="-u")


def _twilio(match: re.Match[bytes], place: Place) -> Judged | None:
    return Judged("high") if follows(match, place, _TWILIO, 60) else None


def _hook(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"].rpartition(b"/")[2]
    return (
        None
        if entropy(text) < 3.0 or is_placeholder(text) or text.lower().strip(b"x0") == b""
        else Judged("high")
    )


def _discord(match: re.Match[bytes], place: Place) -> Judged | None:
    first = match["secret"].partition(b".")[0]
    try:
        number = base64.b64decode(first + b"=" * (-len(first) % 4))
    except (binascii.Error, ValueError):
        return None
    return (
        Judged("high", f"of the bot {number.decode()}")
        if number.isdigit() and 15 < len(number) < 21
        else None
    )


RULES = (
    Rule(
        "jwt",
        "JSON Web Token",
        "high",
        (b"eyj",),
        r"eyJ[0-9A-Za-z_-][0-9A-Za-z_-]+\.eyJ[0-9A-Za-z_-]+\.",
        re.compile(rb"(?<![0-9A-Za-z_\-])(?P<secret>eyJ[0-9A-Za-z_\-]{8,2000}\.eyJ[0-9A-Za-z_\-]{4,6000}\.[0-9A-Za-z_\-]{0,1500})"),
        _jwt,
        reach=9_600,
    ),
    Rule(
        "authorization_header",
        "token in a header",
        "high",
        (b"bearer ",),
        r"(?i)bearer +[0-9a-z_.~+/-][0-9a-z_.~+/-][0-9a-z_.~+/-][0-9a-z_.~+/-][0-9a-z_.~+/-][0-9a-z_.~+/-][0-9a-z_.~+/-][0-9a-z_.~+/-]",
        re.compile(rb"(?i)\bbearer[ \t]{1,4}(?P<secret>[0-9a-z_.~+/\-]{16,400}={0,2})"),
        _bearer,
    ),
    Rule(
        "authorization_header",
        "login in a header",
        "high",
        (b"basic ",),
        r"(?i)basic +[0-9a-z+/][0-9a-z+/][0-9a-z+/][0-9a-z+/][0-9a-z+/][0-9a-z+/][0-9a-z+/][0-9a-z+/]",
        re.compile(rb"(?i)authorization[^\n]{0,20}basic[ \t]{1,4}(?P<secret>[0-9a-z+/]{8,400}={0,2})"),
        _basic,
    ),
    Rule(
        "curl_login",
        "login on a command line",
        "high",
        (b"curl",),
        r"curl .*(?:-u|--user)[ =][\"']?[0-9A-Za-z_.@-]+:[^\s\"']",
        re.compile(rb"[ \t](?:-u|--user)[ =][\"']?[0-9A-Za-z_.@\-]{1,80}+:(?P<secret>[^\s\"'$<{]{4,100})"),
        _curl,
    ),
    Rule(
        "slack_webhook",
        "Slack webhook",
        "high",
        (b"hooks.slack.com",),
        r"hooks\.slack\.com/",
        re.compile(rb"(?P<secret>https://hooks\.slack\.com/(?:services|workflows|triggers)/T[0-9A-Z]{6,12}/[0-9A-Z]{6,24}/[0-9A-Za-z]{16,48})"),
        _hook,
        "revoke the webhook in Slack, and keep the new address in a secret manager",
    ),
    Rule(
        "discord_webhook",
        "Discord webhook",
        "high",
        (b"/api/webhooks/",),
        r"/api/webhooks/[0-9]",
        re.compile(rb"(?P<secret>https://(?:\w{1,10}\.)?discord(?:app)?\.com/api/webhooks/\d{17,20}/[0-9A-Za-z_\-]{60,72})"),
        _hook,
    ),
    Rule(
        "teams_webhook",
        "Microsoft Teams webhook",
        "high",
        (b".webhook.office.com",),
        r"\.webhook\.office\.com/",
        re.compile(rb"(?P<secret>https://[0-9a-z\-]{1,60}\.webhook\.office\.com/webhookb2/[0-9a-zA-Z@\-]{70,80}/IncomingWebhook/[0-9a-f]{32}(?:/[0-9a-f\-]{36})?)"),
        None,
    ),
    Rule(
        "discord_token",
        "Discord bot token",
        "high",
        (b".",),
        r"[MNO][DTjz][AEIMQUYcgk][wxyz0-5][MNO][DTjz][AEIMQUYcgk]",  # digits in base 64
        re.compile(rb"(?<![0-9A-Za-z_\-.])(?P<secret>[MNO][0-9A-Za-z]{23,25}\.[0-9A-Za-z_\-]{6}\.[0-9A-Za-z_\-]{27,38})(?![0-9A-Za-z_\-.])"),
        _discord,
    ),
    Rule(
        "telegram_token",
        "Telegram bot token",
        "high",
        (b":aa",),
        r"[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]:AA[0-9A-Za-z_-]",
        re.compile(rb"(?<![0-9A-Za-z])(?P<secret>\d{8,10}:AA[0-9A-Za-z_\-]{33})(?![0-9A-Za-z_\-])"),
        None,
    ),
    Rule(
        "twilio_key",
        "Twilio API key",
        "high",
        (b"twilio",),
        r"(?i)twilio",
        re.compile(rb"(?<![0-9A-Za-z])(?P<secret>SK[0-9a-f]{32})(?![0-9A-Za-z])"),
        _twilio,
    ),
)  # fmt: skip
