"""Monitors and their executions: what watches an endpoint, when, and what each look at a window came to.

An execution has SageMaker's states. Its ``outcome`` is the check's own (pass, fail, incomplete, error): a window that could
not be examined to the end is no pass, whatever its state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.action import Writer
from assay.kernel.errors import Missing
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx

STATUSES = (
    "Pending",
    "InProgress",
    "Completed",
    "CompletedWithViolations",
    "Failed",
    "Stopping",
    "Stopped",
)
UNDER_WAY = ("Pending", "InProgress", "Stopping")


@dataclass(frozen=True, slots=True)
class Monitor:
    """window, offset: seconds; a look at T is at the rows from T - offset - window up to T - offset. cursor: until when
    everything that was due has been dealt with.

    source, time: a table that is watched in place of captured requests, and its column of times. at: the severity from which a
    finding is a violation. missed: whether windows that nobody looked at in time are caught up (run) or left out (skip).
    patience: for how many seconds after a window late ground truth has it looked at again. policy: digest of the text of its
    corrective actions. state: active or deleted.
    """

    name: str
    endpoint: str
    check: str
    schedule: str
    window: int
    offset: int
    created_by: str
    created_at: str
    cursor: str
    event: int
    source: str = ""
    time: str = ""
    against: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    at: str = "medium"
    missed: str = "run"
    patience: int = 0
    policy: str = ""
    policy_file: str = ""
    state: str = "active"

    @property
    def urn(self) -> str:
        """Return its name everywhere."""
        return f"monitor/{self.name}"


@dataclass(frozen=True, slots=True)
class Execution:
    """One look at one window, [start, end). trigger: schedule, volume, truth or asked. scheduled: when it was due.

    holder: whose lease it is carried out under. violations: rule, severity, where and message of each finding that counts, the
    gravest 50; found: how many of each severity. figures: metrics of the whole window. truths: rows whose truth was known.
    missed: how many windows before it nobody looked at. acted: when policy was held against it; actions: what became of each deed,
    as key, verb, rule, part, state and why.
    """

    key: str
    monitor: str
    endpoint: str
    status: str
    trigger: str
    scheduled: str
    start: str
    end: str
    started: str
    holder: str
    event: int = 0
    attempt: int = 1
    ended: str = ""
    outcome: str = ""
    why: str = ""
    report: str = ""
    rows: int | None = None
    truths: int | None = None
    found: Mapping[str, int] = field(default_factory=dict)
    violations: Sequence[Mapping[str, Any]] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    missed: int = 0
    acted: str = ""
    actions: Sequence[Mapping[str, str]] = ()

    @property
    def urn(self) -> str:
        """Return its name everywhere."""
        return f"execution/{self.key}"


def write(tx: Writer, monitor: Monitor) -> None:
    """Leave a monitor's row; the next event vouches for it."""
    tx.write("monitors", monitor.name, asdict(monitor), endpoint=monitor.endpoint, state=monitor.state)


def write_execution(tx: Writer, execution: Execution) -> None:
    """Leave an execution's row; the next event vouches for it."""
    columns = {"monitor": execution.monitor, "endpoint": execution.endpoint}
    tx.write(
        "executions",
        execution.key,
        asdict(execution),
        outcome=execution.status,
        started=execution.started,
        **columns,
    )


def current(tx: Tx, name: str) -> Monitor | None:
    """Return a monitor as a transaction sees it, None where there is none or it was deleted."""
    raw = tx.held("monitors", name)
    found = None if raw is None else read(Monitor, json.dumps(raw))
    return found if found is not None and found.state != "deleted" else None


def current_execution(tx: Tx, key: str) -> Execution | None:
    """Return an execution as a transaction sees it, or None."""
    raw = tx.held("executions", key)
    return None if raw is None else read(Execution, json.dumps(raw))


def get(office: Office, name: str) -> Monitor:
    """Return a monitor; Missing, with the nearest name, where there is none."""
    from assay.methods.nearest import did_you_mean

    table = schema.monitors.c
    found = [read(Monitor, r[0]) for r in office.rows(sa.select(table.value).where(table.key == name))]
    if not found or found[0].state == "deleted":
        known = [m.name for m in listing(office)]
        remedy = did_you_mean(name, known) if known else "`assay monitor create` makes one"
        raise Missing(f"there is no monitor {name!r}", remedy=remedy)
    return found[0]


def ever(office: Office, name: str) -> Monitor:
    """Return the monitor that bears a name, or did last; Missing where there never was one."""
    table = schema.monitors.c
    found = office.rows(sa.select(table.value).where(table.key == name))
    if not found:
        raise Missing(f"there never was a monitor {name!r}")
    return read(Monitor, found[0][0])


def listing(office: Office, endpoint: str | None = None) -> list[Monitor]:
    """Return the monitors, of one endpoint if asked, by name."""
    table = schema.monitors.c
    query = sa.select(table.value).where(table.state != "deleted").order_by(table.key)
    if endpoint is not None:
        query = query.where(table.endpoint == endpoint)
    return [read(Monitor, r[0]) for r in office.rows(query)]


def executions(office: Office, monitor: str, limit: int = 100) -> list[Execution]:
    """Return the executions of a monitor, the latest first; none of an earlier monitor that bore its name."""
    table = schema.executions.c
    query = sa.select(table.value).where(_own(office, monitor))
    query = query.order_by(table.started.desc(), table.key.desc()).limit(limit)
    return [read(Execution, r[0]) for r in office.rows(query)]


def tally(office: Office, monitor: str) -> dict[str, int]:
    """Count the executions of a monitor by their status; none of an earlier monitor that bore its name."""
    status = schema.executions.c.outcome
    query = sa.select(status, sa.func.count()).where(_own(office, monitor)).group_by(status)
    return {r[0]: int(r[1]) for r in office.rows(query)}


def _own(office: Office, monitor: str) -> sa.ColumnElement[bool]:
    begun = sa.select(schema.monitors.c.value).where(schema.monitors.c.key == monitor)
    since = [read(Monitor, r[0]).created_at for r in office.rows(begun)]
    table = schema.executions.c
    return (table.monitor == monitor) & (table.started >= (since or [""])[0])


def execution(office: Office, key: str) -> Execution:
    """Return an execution; Missing where there is none."""
    table = schema.executions.c
    found = office.rows(sa.select(table.value).where(table.key == key))
    if not found:
        raise Missing(f"there is no execution {key!r}", remedy="see `assay monitor show NAME`")
    return read(Execution, found[0][0])


def alarmed(office: Office, endpoint: str, since: str) -> list[str]:
    """Return the monitors of an endpoint whose latest look at a window that reaches beyond a moment found violations, by name."""
    table = schema.executions.c
    query = sa.select(table.value).where(table.endpoint == endpoint, table.started >= since)
    looks = [read(Execution, r[0]) for r in office.rows(query.order_by(table.started, table.key))]
    begun = datetime.fromisoformat(since)
    latest = {one.monitor: one for one in looks if one.ended and datetime.fromisoformat(one.end) > begun}
    return sorted(name for name, one in latest.items() if one.status == "CompletedWithViolations")


def unacted(office: Office, monitor: str) -> list[Execution]:
    """Return the latest executions of a monitor that ended and that policy was not held against, the oldest first.

    Those before the latest that it was held against, or that a person asked for, are left as they are.
    """
    out: list[Execution] = []
    for one in executions(office, monitor, 20):
        if one.acted:
            break
        if one.ended and one.trigger != "asked" and one.status != "Stopped":
            out.append(one)
    return out[::-1]


def under_way(office: Office, monitor: str) -> list[Execution]:
    """Return the executions of a monitor that were begun and have not ended, the oldest first."""
    table = schema.executions.c
    query = sa.select(table.value).where(table.monitor == monitor, table.outcome.in_(UNDER_WAY))
    return [read(Execution, r[0]) for r in office.rows(query.order_by(table.started, table.key))]


def make(tx: Tx, monitor: Monitor, *, actor: str, action: str = "monitor.create") -> Monitor:
    """Leave a monitor as it now is, with its event."""
    made = replace(monitor, event=tx.size)
    write(tx, made)
    detail = {"endpoint": made.endpoint, "check": made.check, "schedule": made.schedule, "state": made.state}
    inputs = {"policy": made.policy} if made.policy else {}
    tx.record(action, made.urn, actor=actor, inputs=inputs, detail=detail)
    return made


def begin(tx: Tx, monitor: Monitor, execution: Execution, *, actor: str, cursor: str | None) -> Execution:
    """Leave an execution that begins, and how far its monitor has come, with their event."""
    made = replace(execution, event=tx.size)
    write_execution(tx, made)
    if cursor is not None and cursor > monitor.cursor:
        write(tx, replace(monitor, cursor=cursor, event=tx.size))
    detail = {"window": [made.start, made.end], "trigger": made.trigger, "attempt": made.attempt}
    tx.record("monitor.begin", made.urn, actor=actor, outcome="begun", detail=detail)
    return made


def end(tx: Tx, execution: Execution, *, actor: str) -> Execution:
    """Leave an execution as it ended, with its event."""
    made = replace(execution, event=tx.size, ended=tx.now)
    write_execution(tx, made)
    detail: dict[str, Any] = {"status": made.status, "outcome": made.outcome, "found": dict(made.found)}
    detail |= {"why": made.why[:300]} if made.why else {}
    inputs = {"report": made.report} if made.report else {}
    outcome = "failed" if made.status in ("Failed", "Stopped") else "done"
    tx.record("monitor.end", made.urn, actor=actor, inputs=inputs, outcome=outcome, detail=detail)
    return made
