"""The channels that alerts are sent over: a file of the home, ``channels.yaml``.

It names the hosts that may be written to, and says of each channel its kind and where it leads. What is secret stands in the
environment (``env:NAME``) or in a file (``file:PATH``), never here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assay.methods.document import Node, part, read
from assay.methods.nearest import did_you_mean

FILE = "channels.yaml"
KINDS = ("webhook", "slack", "pagerduty", "email", "sns")
PARTS: Mapping[str, tuple[str, ...]] = {
    "webhook": ("secret", "ca"),
    "slack": ("ca",),
    "pagerduty": ("url", "ca"),
    "email": ("from", "server", "port", "security", "user", "password", "ca"),
    "sns": ("region", "endpoint"),
}
_SECRET = {"webhook": ("secret",), "slack": ("slack",), "pagerduty": ("pagerduty",), "email": ("password",)}
_SECURITY = ("starttls", "tls", "none")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_MAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,253}")
_ARN = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_.-]{1,256}")
_REFERENCE = re.compile(r"(env|file):(.+)", re.DOTALL)
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9:\[\]](?:[A-Za-z0-9._:\[\]-]{0,252})")
SERVICES = {
    "slack": ("hooks.slack.com", "hooks.slack-gov.com"),
    "pagerduty": ("events.pagerduty.com", "events.eu.pagerduty.com"),
}


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to tell somebody. to: where it leads; said: the rest of it, as JSON. Secrets are references."""

    name: str
    kind: str
    to: Any
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Channels:
    """hosts: that may be written to, besides those of the services that a channel's kind names."""

    hosts: tuple[str, ...] = ()
    by_name: Mapping[str, Channel] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[str, ...]:
        """Return the hosts that a channel of a kind may lead to."""
        return (*SERVICES.get(kind, ()), *self.hosts)


def load(path: Path) -> Channels:
    """Read the file; UsageError with its line where it cannot be one. No file: no channel."""
    if not path.exists():
        return Channels()
    parts = read(path).parts("the file of channels", ("hosts", "channels"))
    hosts = tuple(_host(node) for node in _items(parts.get("hosts")))
    found = {name: _channel(name, node) for name, node in part(parts, "channels").items()}
    return Channels(hosts, found)


def reference(text: str) -> tuple[str, str] | None:
    """Return how a secret is referred to, ``env`` or ``file``, and what it names; None where it is no reference."""
    found = _REFERENCE.fullmatch(text)
    return (found.group(1), found.group(2)) if found else None


def _items(node: Node | None) -> list[Node]:
    if node is None or node.value is None:
        return []
    return node.value if isinstance(node.value, list) else [node]


def _host(node: Node) -> str:
    text = node.text("a host")
    if not _HOST.fullmatch(text) or "/" in text:
        raise node.place.error(f"{text[:60]!r} is no host", "write its name or address, or *.example.com")
    return text.strip("[]")


def _channel(name: str, node: Node) -> Channel:
    if not _NAME.fullmatch(name):
        raise node.place.error(f"a channel cannot be called {name[:40]!r}", "use letters, digits, -, _ and .")
    parts = node.mapping(f"the channel {name}")
    kinds = [k for k in parts if k in KINDS]
    if len(kinds) != 1:
        wrong = next((k for k in parts if k not in KINDS), "")
        remedy = did_you_mean(wrong, KINDS) if wrong and not kinds else f"say one of {', '.join(KINDS)}"
        raise node.place.error(f"the channel {name} does not say of which one kind it is", remedy)
    kind = kinds[0]
    node.parts(f"a channel of {kind}", (kind, *PARTS[kind]))
    said = {k: v.plain for k, v in parts.items() if k != kind}
    for secret in _SECRET.get(kind, ()):
        if secret in parts and reference(parts[secret].text(secret)) is None:
            raise parts[secret].place.error(
                f"the {secret} of {name} would stand in this file", "write env:NAME or file:PATH"
            )
    _checked(name, kind, parts)
    return Channel(name, kind, parts[kind].plain, said)


def _checked(name: str, kind: str, parts: Mapping[str, Node]) -> None:
    to = parts[kind]
    if kind == "webhook":
        if "secret" not in parts:
            raise to.place.error(f"the webhook {name} has no secret to sign with", "say secret: env:NAME")
        if reference(to.text("webhook")) is None:
            url(to, "webhook")
    elif kind == "pagerduty" and "url" in parts:
        url(parts["url"], "url")
    elif kind == "email":
        _mail(name, to, parts)
    elif kind == "sns":
        found = _ARN.fullmatch(to.text("sns"))
        if found is None:
            raise to.place.error(f"{to.shown} is no topic", "write arn:aws:sns:REGION:ACCOUNT:TOPIC")
        if "endpoint" in parts:
            url(parts["endpoint"], "endpoint")


def _mail(name: str, to: Node, parts: Mapping[str, Node]) -> None:
    people = _items(to)
    for person in (*people, *([parts["from"]] if "from" in parts else [])):
        if not _MAIL.fullmatch(person.text("an address")):
            raise person.place.error(f"{person.shown} is no e-mail address")
    for needed in ("from", "server"):
        if needed not in parts:
            raise to.place.error(f"the e-mail channel {name} has no {needed!r}")
    if not people:
        raise to.place.error(f"the e-mail channel {name} is to nobody")
    if "security" in parts and parts["security"].value not in _SECURITY:
        node = parts["security"]
        raise node.place.error(f"security cannot be {node.shown}", did_you_mean(str(node.value), _SECURITY))
    if "port" in parts and not (type(parts["port"].value) is int and 0 < parts["port"].value < 65_536):
        raise parts["port"].place.error(f"port cannot be {parts['port'].shown}")
    if ("user" in parts) != ("password" in parts):
        raise to.place.error(
            f"the e-mail channel {name} has one of user and password", "say both, or neither"
        )


def url(node: Node, what: str) -> str:
    """Return a URL; its Node's UsageError where it is none, or holds a password."""
    text = node.text(what)
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good, parts = False, urlsplit("")
    if not good:
        raise node.place.error(f"{what} is no URL: {text[:60]!r}", "write https://HOST/PATH")
    if parts.username or parts.password:
        raise node.place.error(f"{what} holds a password", "say the whole URL as env:NAME or file:PATH")
    return text
