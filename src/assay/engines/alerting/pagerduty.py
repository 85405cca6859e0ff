"""PagerDuty, by Events API v2: an incident is triggered once for a matter, however often it is told, and resolved when it is over."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from assay.engines.alerting.alert import Alert, Delivered
from assay.engines.alerting.reaching import post
from assay.engines.alerting.trying import delivered

URL = "https://events.pagerduty.com/v2/enqueue"
_SEVERITIES = {"critical": "critical", "high": "error", "medium": "warning"}
_SUMMARY, _KEY = 1024, 255
_MOST = 400_000  # bytes; PagerDuty takes 512 kB


def send(
    alert: Alert,
    routing_key: str,
    hosts: Sequence[str],
    *,
    url: str = URL,
    ca: str = "",
    pause: Callable[[float], None] = time.sleep,
) -> Delivered:
    """Trigger an incident, or resolve it; Undelivered where PagerDuty does not take it."""
    body = json.dumps(told(alert, routing_key), ensure_ascii=False, allow_nan=False).encode()
    if len(body) > _MOST:
        short = replace(alert, lines=alert.lines[:10], detail={})
        body = json.dumps(told(short, routing_key), ensure_ascii=False).encode()
    kind = {"Content-Type": "application/json"}
    return delivered(lambda: post(url, body, kind, hosts, ca), "PagerDuty", pause=pause)


def told(alert: Alert, routing_key: str) -> dict[str, object]:
    """Return an alert as an event that triggers, or resolves."""
    matter = alert.matter or alert.key
    key = matter if len(matter) <= _KEY else hashlib.sha256(matter.encode()).hexdigest()
    if alert.over:
        return {"routing_key": routing_key, "event_action": "resolve", "dedup_key": key}
    return {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": key,
        "client": "Assay",
        "payload": {
            "summary": alert.title[:_SUMMARY],
            "source": alert.source[:_SUMMARY] or "assay",
            "severity": _SEVERITIES.get(alert.severity, "info"),
            "timestamp": alert.at,
            "component": alert.facts.get("endpoint", ""),
            "class": alert.facts.get("check", ""),
            "custom_details": {"findings": list(alert.lines), **alert.facts, **alert.detail},
        },
    }
