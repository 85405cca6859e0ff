"""Somebody told: one alert over one channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.engines.alerting.alert import Alert
from assay.kernel.action import Begun, Made
from assay.kernel.severity import Severity
from assay.methods.remedies.parts import channel
from assay.works.remedies.remedy import Remedy

_LINES, _LONGEST = 20, 500


class Tell(Remedy):
    """An alert sent over a channel. It may come twice after a crash, under the same key."""

    verb = "alert"

    def do(self, begun: Begun) -> Made:
        """Send it; Undelivered where nobody takes it, and then it is sent again later."""
        from assay.works.remedies import channels

        done = channels.send(self.home, self.channel, self.alert())
        return {"channel": self.channel, "tries": done.tries, "answer": done.said}

    @property
    def channel(self) -> str:
        """Return the channel that it goes over."""
        return channel(self.asked.part)

    def matter(self) -> str:
        """Return what all alerts about one trouble have in common: the end of the first window that was told of."""
        from assay.office import monitors

        first = str(self.asked.said.get("first") or self.asked.execution)
        return f"{self.asked.monitor}/{monitors.execution(self.home.office, first).end}/{self.asked.rule}"

    def alert(self) -> Alert:
        """Return what is told."""
        execution, monitor, diagnosis = self.execution, self.monitor, self.diagnosis
        violations = list(execution.violations)
        worst = max((Severity.parse(str(v["severity"])) for v in violations), default=Severity.MEDIUM)
        lines = [str(diagnosis["sentence"])] if diagnosis.get("columns") else []
        lines += [f"{v['severity']}: {v['message']}" for v in violations]
        if execution.status == "Failed":
            lines.append(f"the check could not be carried out: {execution.why}")
        facts = {
            "endpoint": monitor.endpoint,
            "monitor": monitor.name,
            "check": monitor.check,
            "window": f"{execution.start[:19]}Z to {execution.end[:19]}Z",
            "rows": "" if execution.rows is None else f"{execution.rows:,}",
            "since": str(diagnosis.get("since") or "")[:19],
            "callers": ", ".join(diagnosis.get("callers") or ()),
            "variants": ", ".join(diagnosis.get("variants") or ()),
            "rule": self.asked.rule,
        }
        return Alert(
            key=f"{self.asked.monitor}/{execution.end}/{self.asked.rule}",
            title=_title(self.asked.target, execution.status, violations),
            severity=str(worst),
            source=f"assay {monitor.urn}",
            at=self.asked.at,
            lines=tuple(line[:_LONGEST] for line in lines[:_LINES]),
            facts={k: v for k, v in facts.items() if v},
            matter=self.matter(),
            detail={
                "monitor": monitor.name,
                "endpoint": monitor.endpoint,
                "execution": execution.key,
                "status": execution.status,
                "window": [execution.start, execution.end],
                "report": execution.report,
                "violations": [
                    {k: v.get(k) for k in ("rule", "severity", "where", "fingerprint")}
                    for v in violations[:_LINES]
                ],
                "diagnosis": {k: diagnosis.get(k) for k in ("since", "callers", "variants")}
                if diagnosis
                else None,
            },
        )


class Resolve(Tell):
    """Whoever was told of a trouble told that it is over, once."""

    verb = "resolve"

    def alert(self) -> Alert:
        """Return what is told: that a window is quiet again."""
        execution, monitor = self.execution, self.monitor
        rows = "" if execution.rows is None else f"{execution.rows:,}"
        window = f"{execution.start[:19]}Z to {execution.end[:19]}Z"
        facts = {"endpoint": monitor.endpoint, "monitor": monitor.name, "check": monitor.check, "window": window,
                 "rows": rows, "rule": self.asked.rule}  # fmt: skip
        return Alert(
            key=f"{self.asked.monitor}/{execution.end}/{self.asked.rule}/over",
            title=f"{self.asked.target}: over, nothing that {self.asked.rule} tells of in the window until {execution.end[:19]}Z",
            severity=str(Severity.INFO),
            source=f"assay {monitor.urn}",
            at=self.asked.at,
            facts={k: v for k, v in facts.items() if v},
            detail={"monitor": monitor.name, "endpoint": monitor.endpoint, "execution": execution.key,
                    "window": [execution.start, execution.end]},
            matter=self.matter(),
            over=True,
        )  # fmt: skip


def _title(target: str, status: str, violations: Sequence[Mapping[str, Any]]) -> str:
    if status == "Failed":
        return f"{target}: a monitor could not look at its window"
    where = [v.get("where") or {} for v in violations]
    named = ", ".join(dict.fromkeys(str(w[k]) for w in where for k in ("column", "facet", "field") if k in w))
    count = len(violations)
    return f"{target}: {count} violation{'s' * (count != 1)}" + (f" in {named}" if named else "")
