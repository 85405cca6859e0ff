"""Slack, by an incoming webhook: a line, and blocks of what was found."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

from assay.engines.alerting.alert import Alert, Delivered
from assay.engines.alerting.reaching import post
from assay.engines.alerting.trying import delivered

_MARKS = {"critical": ":rotating_light:", "high": ":red_circle:", "medium": ":large_orange_circle:"}
_TEXT, _HEADER, _FIELD, _FIELDS, _LINES = 2900, 150, 2000, 10, 8  # Slack refuses longer ones, and more


def send(
    alert: Alert, url: str, hosts: Sequence[str], *, ca: str = "", pause: Callable[[float], None] = time.sleep
) -> Delivered:
    """Send an alert; Undelivered where Slack does not take it."""
    body = json.dumps(told(alert), ensure_ascii=False).encode()
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return delivered(lambda: post(url, body, kind, hosts, ca), "Slack", pause=pause)


def told(alert: Alert) -> dict[str, object]:
    """Return an alert as Slack's message."""
    mark = ":white_check_mark:" if alert.over else _MARKS.get(alert.severity, ":white_circle:")
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": {"type": "plain_text", "text": alert.title[:_HEADER], "emoji": False}}
    ]
    if alert.lines:
        more = len(alert.lines) - _LINES
        lines = [f"• {_escaped(line)}" for line in alert.lines[:_LINES]] + (
            [f"and {more} more"] if more > 0 else []
        )
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)[:_TEXT]}})
    fields = [
        {"type": "mrkdwn", "text": f"*{_escaped(name)}*\n{_escaped(value)}"[:_FIELD]}
        for name, value in list(alert.facts.items())[:_FIELDS]
    ]
    if fields:
        blocks.append({"type": "section", "fields": fields})
    context = [{"type": "mrkdwn", "text": f"{_escaped(alert.source)} · {alert.at}"[:_FIELD]}]
    blocks.append({"type": "context", "elements": context})
    return {"text": f"{mark} {_escaped(alert.title)}"[:_TEXT], "blocks": blocks}


def _escaped(text: str) -> str:
    """Return a text in which nothing is a link or calls a channel: Slack's three control characters are written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
