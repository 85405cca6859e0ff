"""Passwords in addresses: user and password of a URL, connection strings of databases, Jupyter's token in a link."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from assay.methods.secrets.plausible import entropy, is_placeholder
from assay.methods.secrets.rule import Judged, Place, Rule

_LOCAL = re.compile(
    rb"(?i)^(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker\.internal|(?:db|database|postgres|mysql|redis|mongo|rabbitmq|mlflow)(?:[:/]|$))"
)
_INVENTED = re.compile(
    rb"(?i)(?:^|\.)(?:example\.(?:com|org|net)|example|invalid|test)(?:[:/]|$)|^(?:host(?:name)?|server|example)\b|[<{$*]"
)
_TRIVIAL = frozenset(
    (
        b"postgres",
        b"tiger",
        b"mysql",
        b"redis",
        b"mongo",
        b"rabbitmq",
        b"minio",
        b"minioadmin",
        b"airflow",
        b"root",
        b"guest",
        b"1234",
        b"12345",
        b"123456",
        b"pw",
        b"pwd",
        b"x",
    )
)
_PARTS = re.compile(rb"(?i)\b(?:server|data source|host|user id|uid|database|initial catalog)\s{0,3}=|jdbc:")
_CHANGE = "change the password, and take the address from the environment or a secret manager"


def _url(match: re.Match[bytes], place: Place) -> Judged | None:
    password, host, user = match["secret"], match["host"], match["user"]
    plain = unquote_to_bytes(password)
    if is_placeholder(plain) or _INVENTED.search(host) or len(plain) < 3 or password == user:
        return None
    if any(c in b"<>{}[]$*%()" for c in plain[:1]) or re.fullmatch(rb"[A-Z_]{3,}", plain):
        return None
    scheme = match["scheme"].decode().lower()
    shown = f"{scheme}://{user.decode('latin-1')[:30]}:…@{host.decode('latin-1')[:60]}"
    if _LOCAL.search(host) or plain.lower() in _TRIVIAL:
        return Judged("low", f"{shown}, which is local or trivial")
    return Judged("high", shown)


def _said(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"].strip(b" '\"")
    if _PARTS.search(place.line) is None:
        return None
    if is_placeholder(text) or len(text) < 4 or re.search(rb"[{}<>$*]", text):
        return None
    server = re.search(rb"(?i)(?:server|data source|host|endpoint)\s{0,3}=\s{0,3}([^;\"']{1,80})", place.line)
    if server and (_LOCAL.search(server[1]) or text.lower() in _TRIVIAL):
        return Judged("low", "to a server here")
    return Judged("high", f"to {server[1].decode('latin-1')}" if server else "", field="Password")


def _jupyter(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    return None if entropy(text) < 2.8 else Judged("medium", field="token")


RULES = (
    Rule(
        "jupyter_token",
        "Jupyter token",
        "medium",
        (b"token=",),
        r"\?token=[0-9a-f][0-9a-f][0-9a-f][0-9a-f]",
        re.compile(rb"\?token=(?P<secret>[0-9a-f]{40,64})(?![0-9a-f])"),
        _jupyter,
        "restart the server, which draws another token, and clear the output that shows it",
    ),
    Rule(
        "password_in_url",
        "password in an address",
        "high",
        (b"://",),
        r"[A-Za-z]://[^\s/@:\"']+:[^\s/@\"']+@|[A-Za-z]://:[^\s/@\"']+@",
        re.compile(
            rb"(?<![0-9A-Za-z+.\-])(?P<scheme>[A-Za-z][0-9A-Za-z+.\-]{1,24})://(?P<user>[^\s/@:\"'`\\<>]{0,100}):"
            rb"(?P<secret>[^\s/@\"'`\\<>]{2,200})@(?P<host>[^\s/\"'`\\?#,)]{1,200})"
        ),
        _url,
        _CHANGE,
    ),
    Rule(
        "connection_string",
        "password in a connection string",
        "high",
        (b"password=", b"pwd=", b"password ="),
        r"(?i)[;\"' ?&](?:password|pwd) ?= ?[^;\s]+",
        re.compile(
            rb"(?i)[;\"' ?&](?:password|pwd)[ ]?=[ ]?(?P<secret>[^;&\s\"'`\\]{3,100})(?=[;&\"'\s]|$)"
        ),
        _said,
        _CHANGE,
    ),
)  # fmt: skip
