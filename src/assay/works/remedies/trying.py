"""A channel tried: one alert that says it is a test, so that nobody finds out in an emergency that nobody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.engines.alerting.alert import Alert
from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.works.monitoring import times

if TYPE_CHECKING:
    from assay.works.home import Home


class Try(Action):
    """One test alert over one channel; an incident that it opens is resolved at once."""

    name = "channel.test"

    def __init__(self, home: Home, channel: str, actor: str, now: float) -> None:
        """now: seconds since 1970."""
        self.home, self.channel, self.actor = home, channel, actor
        self.at = times.text(now)
        self.subject = f"channel/{channel}"
        self.key = f"{self.name}/{channel}/{self.at}"
        self.inputs: dict[str, str] = {}
        self.order = {"channel": channel, "at": self.at}

    def authorise(self) -> None:
        """Missing where there is no such channel, Refused where its file may be somebody else's."""
        from assay.works.remedies import channels

        channels.named(channels.of(self.home), self.channel)

    def do(self, begun: Begun) -> Made:
        """Send it; Undelivered where nobody takes it, UsageError where a secret is not there."""
        from assay.works.remedies import channels

        done = channels.send(self.home, self.channel, self.alert())
        if channels.of(self.home).by_name[self.channel].kind == "pagerduty":
            channels.send(self.home, self.channel, self.alert(over=True))
        return {"channel": self.channel, "tries": done.tries, "answer": done.said}

    def happened(self, begun: Begun) -> Made | None:
        """Whoever tried it is gone, and tries it again."""
        return None

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Say who took it."""
        return Settled(detail=made)

    def alert(self, *, over: bool = False) -> Alert:
        """Return what is told."""
        return Alert(
            key=self.key,
            title=f"A test of the channel {self.channel}: nothing is wrong",
            severity="info",
            source="assay channel test",
            at=self.at,
            lines=(f"{self.actor} asked for it, to see that alerts arrive.",),
            over=over,
        )
