"""The home's channels of alerts: listed, and tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from assay.kernel.errors import AssayError
from assay.methods.remedies.channels import Channel, reference
from assay.works.home import Home
from assay.works.verbs.shape import Json, listed


def channel_list(home: Home, actor: str) -> Json:
    """List the channels, with where each leads, and whether its secrets are there. No secret is told."""
    from assay.works.remedies import channels

    found = channels.of(home)
    return listed("channels", [_told(one) for one in found.by_name.values()])


def channel_test(home: Home, actor: str, *, name: str) -> Json:
    """Send a test alert over a channel; Undelivered where nobody takes it. Both are in the log."""
    from assay.office import actions
    from assay.works.remedies.trying import Try

    record = actions.carry_out(home.office, Try(home, name, actor, time.time()))
    return {"schema": "assay.channel-test/1", **record.detail, "event": record.event}


def _told(channel: Channel) -> Json:
    from assay.works.remedies import channels

    lacks = ""
    for text in (channel.to, channel.said.get("secret"), channel.said.get("password")):
        if isinstance(text, str) and reference(text):
            try:
                channels.secret(text, channel.name)
            except AssayError as error:
                lacks = lacks or error.what
    return {"name": channel.name, "kind": channel.kind, "to": _where(channel), "lacks": lacks}


def _where(channel: Channel) -> str:
    """Return where a channel leads, as far as that is no secret: an address without its path, which may hold one."""
    if isinstance(channel.to, list):
        return ", ".join(str(to) for to in channel.to)
    text = str(channel.to)
    if reference(text) or channel.kind not in ("webhook", "slack"):
        return text
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


VERBS: Mapping[str, Callable[..., Any]] = {"channel.list": channel_list, "channel.test": channel_test}
