"""Monitors: made, run, listed, shown and deleted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record

if TYPE_CHECKING:
    from assay.office.actions import ActionRecord
    from assay.office.monitors import Execution, Monitor


def monitor_create(home: Home, actor: str, *, name: str, **said: Any) -> Json:
    """Make a monitor: a check of an endpoint's requests, or of a table's rows, window after window."""
    from assay.works.monitoring.creating import create

    made = create(home, name, actor, **said)
    return told(made) | {"event": made.event}


def monitor_list(home: Home, actor: str, *, endpoint: str | None = None) -> Json:
    """List the monitors, of one endpoint if asked, with when each is due and what its last execution came to."""
    from assay.office import monitors

    out = []
    for monitor in monitors.listing(home.office, endpoint):
        latest = monitors.executions(home.office, monitor.name, 1)
        last = {"last": latest[0].status, "last_ended": latest[0].ended} if latest else {"last": None}
        out.append(told(monitor) | last)
    return listed("monitors", out)


def monitor_show(home: Home, actor: str, *, name: str, limit: int = 50) -> Json:
    """Show a monitor, its latest executions, how many were before them, and charts of them over time."""
    from assay.office import monitors
    from assay.works.monitoring import showing

    monitor = monitors.get(home.office, name)
    found = monitors.executions(home.office, name, limit)
    charts = showing.charts(found)
    before = Counter(monitors.tally(home.office, name))
    before.subtract(e.status for e in found)
    earlier = {"executions": before.total(), "violating": before["CompletedWithViolations"]}
    return told(monitor) | {"executions": [executed(e) for e in found], "earlier": earlier, "charts": charts}


def monitor_page(home: Home, actor: str, *, name: str, limit: int = 50) -> Json:
    """Draw a monitor's executions over time, as one page of HTML."""
    from assay.office import monitors
    from assay.works.monitoring import showing

    monitor = monitors.get(home.office, name)
    return {"html": showing.page(monitor, monitors.executions(home.office, name, limit))}


def monitor_delete(home: Home, actor: str, *, name: str) -> Json:
    """Delete a monitor; what it has found stays."""
    from assay.works.monitoring.creating import delete

    gone = delete(home, name, actor)
    return told(gone) | {"event": gone.event}


def monitor_run(
    home: Home, actor: str, *, name: str, start: str | None = None, end: str | None = None, act: bool = False
) -> Json:
    """Look at a window now: the one that ends now, or the one that is named. act: whether policy is obeyed."""
    from assay.works.monitoring.carrying import run_now

    return executed(run_now(home, name, actor, start, end, act=act))


def monitor_actions(home: Home, actor: str, *, name: str | None = None, states: Sequence[str] = ()) -> Json:
    """List the corrective actions, of one monitor and in some states if asked, the latest first."""
    from assay.works.remedies import acting

    wanted = tuple(states) or ("begun", "done", "failed", "proposed", "declined")
    return listed("actions", [deed(r) for r in acting.listing(home, wanted, name)])


def monitor_accept(home: Home, actor: str, *, id: str) -> Json:
    """Carry out what was proposed, in the name of whoever accepts it."""
    from assay.works.remedies import acting

    return deed(acting.accept(home, id, actor))


def monitor_decline(home: Home, actor: str, *, id: str, reason: str) -> Json:
    """Let a proposal go."""
    from assay.works.remedies import acting

    return deed(acting.decline(home, id, actor, reason))


def monitor_policy(home: Home | None, actor: str, *, file: str = "") -> Json:
    """Check a policy's file, against the home's channels where there is a home; no file: one to begin with."""
    from pathlib import Path

    from assay.methods.plainfile import read_plain
    from assay.methods.remedies import policy
    from assay.methods.remedies.deeds import TEMPLATE
    from assay.works.remedies import acting, policies

    if not file:
        return {"schema": "assay.policy/1", "template": TEMPLATE}
    path = Path(file)
    found = policies.placed(policy.read(read_plain(path, policy.LARGEST, "the policy"), file), path.parent)
    if home is not None:
        acting.checked(home, found)
    rules = [
        {"name": r.name, "mode": r.mode, "do": [d.verb for d in r.do], "consecutive": r.when.consecutive}
        for r in found.rules
    ]
    return {"schema": "assay.policy/1", "file": file, "rules": rules, "digest": found.digest}


def monitor_due(
    home: Home,
    actor: str,
    *,
    name: str | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Json:
    """Look at every window that is due, of one monitor or of all."""
    from assay.works.monitoring.carrying import run_due

    elsewhere: list[str] = []
    done = [executed(e) for e in run_due(home, name, actor, None, elsewhere, progress)]
    return listed("executions", done) | {"elsewhere": elsewhere}


def told(monitor: Monitor) -> Json:
    """Return a monitor as JSON, with when it is due next."""
    from assay.works.monitoring.windows import upcoming

    active = monitor.state == "active"
    next_ = upcoming(monitor, time.time()) if active else None
    return {"schema": "assay.monitor/1", **plain_record(monitor), "next": next_}


def deed(record: ActionRecord) -> Json:
    """Return a corrective action as JSON, under the short name that it is accepted by."""
    from assay.works.remedies.acting import mark

    order = record.order
    told = {k: order.get(k) for k in ("verb", "monitor", "execution", "target", "rule", "part", "at")}
    return {"schema": "assay.action/1", "id": mark(record), **told, "state": record.state, "actor": record.actor,
            "detail": dict(record.detail), "key": record.key, "event": record.event}  # fmt: skip


def executed(execution: Execution) -> Json:
    """Return an execution as JSON."""
    return {"schema": "assay.execution/1", **plain_record(execution)}


VERBS: Mapping[str, Callable[..., Any]] = {
    "monitor.create": monitor_create,
    "monitor.list": monitor_list,
    "monitor.show": monitor_show,
    "monitor.page": monitor_page,
    "monitor.run": monitor_run,
    "monitor.due": monitor_due,
    "monitor.actions": monitor_actions,
    "monitor.accept": monitor_accept,
    "monitor.decline": monitor_decline,
    "monitor.policy": monitor_policy,
    "monitor.delete": monitor_delete,
}
