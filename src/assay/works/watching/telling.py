"""Whoever is named in watch.yaml told of what was found: an alert over each channel, an action of the office, sent again where nobody took it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assay.engines.alerting.alert import Alert
from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.canonical import digest_of
from assay.kernel.errors import AssayError
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.works.monitoring import times

if TYPE_CHECKING:
    from assay.office.actions import ActionRecord
    from assay.works.home import Home

NAME = "watch.alert"
_LINES, _LONGEST = 20, 500


class Tell(Action):
    """One alert over one channel; it may come twice after a crash, under the same key."""

    name = NAME

    def __init__(
        self, home: Home, channel: str, told: Mapping[str, Any], actor: str, attempt: int = 0
    ) -> None:
        self.home, self.channel, self.told, self.actor, self.attempt = home, channel, told, actor, attempt
        self.subject = f"watch/{channel}"
        self.key = f"{NAME}/{channel}/{told['key']}"
        self.inputs = {"report": str(told["detail"]["report"])} if told["detail"].get("report") else {}
        self.order = {
            "channel": channel,
            "alert": dict(told),
            "attempt": attempt,
            "at": times.text(time.time()),
        }

    def authorise(self) -> None:
        """Nothing forbids it here: a channel that is not there is found when it is sent, and recorded as failed."""

    def do(self, begun: Begun) -> Made:
        """Send it; Undelivered where nobody takes it, and then it is sent again later."""
        from assay.works.remedies import channels

        told = {**self.told, "lines": tuple(self.told["lines"])}
        done = channels.send(self.home, self.channel, Alert(**told))
        return {"channel": self.channel, "tries": done.tries, "answer": done.said}

    def happened(self, begun: Begun) -> Made | None:
        """It is sent again where that cannot be told."""
        return None

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Say who took it."""
        return Settled(detail={**made, "title": self.told["title"], "attempt": self.attempt})


def recalled(home: Home, record: ActionRecord) -> Tell:
    """Return an alert as it was begun."""
    order = record.order
    return Tell(home, str(order["channel"]), order["alert"], record.actor, int(order.get("attempt", 0)))


def alert(
    what: str, about: str, findings: Sequence[Finding], source: str, at: str, detail: Mapping[str, Any]
) -> Alert:
    """Return what is told. what: a line; about: makes it the same matter; findings: the gravest first."""
    worst = max((f.severity for f in findings), default=Severity.MEDIUM)
    lines = [f"{f.severity}: {f.message}"[:_LONGEST] for f in findings[:_LINES]]
    if len(findings) > _LINES:
        lines.append(f"and {len(findings) - _LINES:,} more")
    told = {
        **detail,
        "violations": [
            {"rule": f.rule, "severity": str(f.severity), "where": dict(f.where)} for f in findings[:_LINES]
        ],
    }
    facts = {k: str(v) for k, v in detail.items() if k in ("image", "source", "digest") and v}
    key = f"{about}/{digest_of(sorted(f.rule for f in findings))[7:23]}"
    return Alert(key, what, str(worst), f"assay {source}", at, tuple(lines), facts, told)


def send(home: Home, channels: Sequence[str], told: Alert, actor: str) -> list[str]:
    """Send an alert over each channel; return why it could not be, a sentence each. Those are sent again by ``again``."""
    from assay.office import actions

    wrong = []
    for channel in channels:
        try:
            actions.carry_out(home.office, Tell(home, channel, asdict(told), actor))
        except AssayError as error:
            wrong.append(f"{channel}: {error}")
    return wrong


def again(home: Home, now: float) -> int:
    """Send again what nobody took and is due; return how many were taken now."""
    from assay.office import actions
    from assay.works.remedies.channels import PAUSES

    taken = 0
    for record in actions.named(home.office, NAME, "failed"):
        tried = int(record.order.get("attempt", 0))
        if tried >= len(PAUSES) or times.seconds(str(record.order["at"])) + PAUSES[tried] > now:
            continue
        before = recalled(home, record)
        try:
            actions.carry_out(home.office, Tell(home, before.channel, before.told, before.actor, tried + 1))
            taken += 1
        except AssayError:  # it is told as failed, and tried again later
            continue
    return taken
