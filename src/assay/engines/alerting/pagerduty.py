"""PagerDuty, by Events API v2: an incident is triggered once for a key, however often it is told."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence

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
    """Trigger an incident; Undelivered where PagerDuty does not take it."""
    body = json.dumps(told(alert, routing_key), ensure_ascii=False, allow_nan=False).encode()
    if len(body) > _MOST:
        short = Alert(
            alert.key, alert.title, alert.severity, alert.source, alert.at, alert.lines[:10], alert.facts
        )
        body = json.dumps(told(short, routing_key), ensure_ascii=False).encode()
    kind = {"Content-Type": "application/json"}
    return delivered(lambda: post(url, body, kind, hosts, ca), "PagerDuty", pause=pause)


def told(alert: Alert, routing_key: str) -> dict[str, object]:
    """Return an alert as an event that triggers."""
    key = alert.key if len(alert.key) <= _KEY else hashlib.sha256(alert.key.encode()).hexdigest()
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
