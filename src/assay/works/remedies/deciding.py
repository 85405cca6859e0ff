"""Which rules of a policy an execution sets off, and whether their deeds may be done now: a cool-down and a limit stop flapping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assay.methods.remedies.policy import Policy, Rule
from assay.office.monitors import Execution, Monitor
from assay.works.monitoring import times
from assay.works.remedies.remedy import Order, prefix

if TYPE_CHECKING:
    from assay.works.home import Home

_DAY = 86_400.0
_LOOKED = 500  # executions of the past


def fired(home: Home, monitor: Monitor, execution: Execution, policy: Policy) -> list[Rule]:
    """Return the rules that an execution sets off, in the order of the policy."""
    from assay.office import monitors

    most = max((r.when.consecutive for r in policy.rules), default=1)
    past = monitors.executions(home.office, monitor.name, _LOOKED) if most > 1 else []
    row = _windows(past, execution)
    return [r for r in policy.rules if _fits(r, monitor, row)]


def _windows(past: Sequence[Execution], execution: Execution) -> list[Execution]:
    """Return the windows up to this one, the latest first, each by its last execution; those that told nothing are left out."""
    latest: dict[tuple[str, str], Execution] = {(execution.start, execution.end): execution}
    for one in past:  # the latest first
        if one.ended and one.trigger != "asked" and one.end < execution.end:
            latest.setdefault((one.start, one.end), one)
    telling = [e for e in latest.values() if e is execution or (e.status != "Stopped" and e.rows != 0)]
    return sorted(telling, key=lambda e: e.end, reverse=True)


def _fits(rule: Rule, monitor: Monitor, row: Sequence[Execution]) -> bool:
    wanted = row[: rule.when.consecutive]
    return len(wanted) == rule.when.consecutive and all(
        rule.when.fits(monitor.check, e.violations, e.figures, e.status == "Failed") for e in wanted
    )


def held_back(home: Home, rule: Rule, order: Order, window: tuple[str, str], now: float) -> str:
    """Return why a deed is not done now; nothing where it may be. window: start and end of what led to it."""
    from assay.office import actions, monitors

    last, today = 0.0, 0
    part = f"/{order.part}" if order.verb == "alert" else ""  # each channel for itself
    for record in actions.keyed(home.office, prefix(order.verb, order.target), part):
        if record.key == order.key or record.state == "declined":
            continue
        same = (record.order.get("monitor"), record.order.get("rule")) == (order.monitor, order.rule)
        if same and record.state in ("done", "begun", "proposed"):
            before = monitors.execution(home.office, str(record.order["execution"]))
            if (before.start, before.end) == window:
                return "it was done about this window already"
        if record.state == "proposed" and same:
            return "it is proposed already, and waits for a person"
        if record.state in ("done", "begun"):
            at = times.seconds(str(record.order["at"]))
            last, today = max(last, at), today + (at > now - _DAY)
    if last and now - last < rule.cooldown:
        return f"it was done {_ago(now - last)} ago, and the rule waits {_ago(rule.cooldown)}"
    if today >= rule.per_day:
        return f"it was done {today} times within a day, and the rule does it {rule.per_day} times"
    return ""


def _ago(seconds: float) -> str:
    from assay.methods.schedules.schedule import shown

    whole = int(seconds)
    return shown(whole if whole < 60 else whole // 60 * 60)
