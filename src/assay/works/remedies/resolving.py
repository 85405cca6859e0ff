"""Which alerts of a rule are still open, and which a quiet window ends: whoever was told of a trouble is told once that it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.methods.remedies.policy import Rule
from assay.office.monitors import Execution, Monitor
from assay.works.remedies.remedy import prefix

if TYPE_CHECKING:
    from assay.works.home import Home


def first(home: Home, monitor: Monitor, target: str, rule: str, part: str, before: str) -> str:
    """Return the execution that a channel was first told of since it was last told that all is over; empty where none is open.

    target: what the alert is about, as its action says. before: an alert's beginning (RFC 3339), of which only earlier ones count.
    """
    from assay.office import actions

    def said(verb: str, *states: str) -> list[tuple[str, str]]:
        return [
            (str(r.order["at"]), str(r.order["execution"]))
            for r in actions.keyed(home.office, prefix(verb, target), f"/{rule}/{part}")
            if (r.order.get("monitor"), r.order.get("rule"), r.order.get("part"))
            == (monitor.name, rule, part)
            and monitor.created_at <= r.order["at"] < before
            and (not states or r.state in states)
        ]

    told = said("alert", "done")
    ended = max((at for at, _ in said("resolve")), default="") if told else ""
    return next((execution for at, execution in told if at > ended), "")


def quiet(rule: Rule, monitor: Monitor, execution: Execution) -> bool:
    """Whether a window had rows, was examined to its end, and shows nothing that a rule is about: what is not known is not over."""
    when = rule.when
    examined = execution.status.startswith("Completed") and execution.rows != 0 and not execution.why
    measured = not when.metric or when.metric in execution.figures
    shown = when.fits(monitor.check, execution.violations, execution.figures, False)
    return examined and measured and not shown
