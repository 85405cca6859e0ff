"""The home's channels, their secrets, and an alert sent over one of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing, UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.remedies import channels
from assay.methods.remedies.channels import FILE, Channel, Channels, reference
from assay.works.settings import owned

if TYPE_CHECKING:
    from assay.engines.alerting.alert import Alert, Delivered
    from assay.works.home import Home

PAUSES = (60.0, 300.0, 1_800.0, 7_200.0, 43_200.0)  # seconds before an alert that nobody took is sent anew
_LARGEST = 1 << 16  # bytes of a secret


def of(home: Home) -> Channels:
    """Return the channels of a home; Refused where its file may be somebody else's, since it says where alerts go."""
    path = home.root / FILE
    if path.exists():
        owned(home.root, FILE)
    return channels.load(path)


def named(found: Channels, name: str, where: str = "") -> Channel:
    """Return a channel; Missing, with the nearest name, where there is none."""
    if name not in found.by_name:
        known = list(found.by_name)
        remedy = did_you_mean(name, known) if known else f"write it into {FILE} of the home"
        raise Missing(f"there is no channel {name!r}", where=where, remedy=remedy)
    return found.by_name[name]


def send(home: Home, name: str, alert: Alert) -> Delivered:
    """Send an alert over a channel; Undelivered where nobody takes it, UsageError where a secret is not there."""
    from assay.engines.alerting import mail, pagerduty, slack, sns, webhook

    found = of(home)
    channel = named(found, name)
    said, hosts = channel.said, found.of(channel.kind)
    ca = str(said.get("ca") or "")
    if channel.kind == "webhook":
        key = secret(str(said["secret"]), name).encode()
        return webhook.send(alert, resolved(channel, "webhook"), key, hosts, ca=ca)
    if channel.kind == "slack":
        return slack.send(alert, secret(str(channel.to), name), hosts, ca=ca)
    if channel.kind == "pagerduty":
        url = str(said.get("url") or pagerduty.URL)
        return pagerduty.send(alert, secret(str(channel.to), name), hosts, url=url, ca=ca)
    if channel.kind == "sns":
        region, endpoint = (str(said.get(k) or "") for k in ("region", "endpoint"))
        return sns.send(alert, str(channel.to), hosts, region=region, endpoint=endpoint)
    to = channel.to if isinstance(channel.to, list) else [channel.to]
    password = secret(str(said["password"]), name) if "password" in said else ""
    security = str(said.get("security") or "starttls")
    port = int(said.get("port") or {"tls": 465, "none": 25}.get(security, 587))
    server = mail.Server(str(said["server"]), port, security, str(said.get("user") or ""), password, ca)
    return mail.send(alert, [str(t) for t in to], str(said["from"]), server, hosts)


def resolved(channel: Channel, what: str) -> str:
    """Return where a channel leads, which may be a secret too."""
    text = str(channel.to)
    return secret(text, channel.name) if reference(text) else text


def secret(text: str, channel: str) -> str:
    """Return what a reference stands for; UsageError where it is not there. What it is never enters a sentence."""
    found = reference(text)
    if found is None:
        raise UsageError(f"a secret of {channel} is not referred to", remedy="write env:NAME or file:PATH")
    kind, name = found
    value: Any = os.environ.get(name) if kind == "env" else _file(Path(name), channel)
    if not value:
        raise UsageError(
            f"the secret of {channel} is not there: {'the environment has no' if kind == 'env' else 'nothing is in'} {name}",
            remedy="set it for the process that asks, such as `assay serve` or `assay watch`",
        )
    return str(value)


def _file(path: Path, channel: str) -> str:
    try:
        with path.open("rb") as source:
            raw = source.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"the secret of {channel} cannot be read: {error.strerror}", where=str(path)
        ) from None
    if len(raw) > _LARGEST:
        raise UsageError(f"the secret of {channel} is larger than any is", where=str(path))
    return raw.decode("utf-8", "replace").strip()
