"""One execution of a monitor: begun, the check carried out as any is, ended, and what policy says of it done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assay.kernel.canonical import sha256
from assay.kernel.errors import AssayError, Broken, Missing
from assay.kernel.report import Report
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.office.leases import Lease
from assay.office.monitors import Execution, Monitor
from assay.works.monitoring import sources, times
from assay.works.monitoring.windows import Due

if TYPE_CHECKING:
    from assay.works.home import Home

ATTEMPTS = 3  # of one execution, each after its process was killed
_VIOLATIONS, _FIGURES = 50, 40
EMPTY = "no row came in this window"


class Overtaken(Broken):
    """Another server has taken the execution up, because ours stood still for too long."""


def execute(home: Home, found: Due, lease: Lease, actor: str) -> Execution:
    """Look at one window; return the execution as it ended. One that has ended already is returned as it is.

    The result is written only while the lease is ours: Overtaken where it no longer is.
    """
    execution = _begun(home, found, lease, actor)
    if execution.status != "InProgress":
        return execution
    try:
        ended = _looked_at(home, found.monitor, execution)
    except KeyboardInterrupt:
        _end(
            home,
            replace(execution, status="Stopped", outcome="error", why="it was interrupted"),
            lease,
            actor,
        )
        raise
    return _end(home, ended, lease, actor)


def _begun(home: Home, found: Due, lease: Lease, actor: str) -> Execution:
    from assay.office import monitors

    monitor = found.monitor
    with home.office.transaction() as tx:
        now = monitors.current(tx, monitor.name)
        if now is None:
            raise Missing(f"the monitor {monitor.name} was deleted meanwhile")
        key, before = found.key, monitors.current_execution(tx, found.key)
        again = found.trigger in ("asked", "truth")
        number = 1
        # One of an earlier monitor of the name is no look of this one's.
        while before is not None and (
            before.started < now.created_at or (again and before.status not in monitors.UNDER_WAY)
        ):
            number += 1
            key = f"{found.key}.{number}"
            before = monitors.current_execution(tx, key)
        if before is not None and before.status not in monitors.UNDER_WAY:
            return before
        fresh = Execution(
            key=key,
            monitor=monitor.name,
            endpoint=monitor.endpoint,
            status="InProgress",
            trigger=found.trigger,
            scheduled=times.text(found.scheduled),
            start=times.text(found.start),
            end=times.text(found.end),
            started=tx.now,
            holder=lease.holder,
            missed=found.missed,
        )
        if before is not None:  # its process was killed: the lease was free
            fresh = replace(fresh, attempt=before.attempt + 1, started=before.started, missed=before.missed)
            if fresh.attempt > ATTEMPTS:
                why = f"it was cut short {before.attempt} times"
                failed = replace(fresh, status="Failed", outcome="error", why=why, attempt=before.attempt)
                return monitors.end(tx, failed, actor=actor)
        cursor = {"schedule": fresh.scheduled, "volume": fresh.end}.get(found.trigger)
        return monitors.begin(tx, now, fresh, actor=actor, cursor=cursor)


def _looked_at(home: Home, monitor: Monitor, execution: Execution) -> Execution:
    from assay.works.checking import carry_out

    start, end = times.seconds(execution.start), times.seconds(execution.end)
    try:
        window = sources.of(home, monitor).window(start, end)
        execution = replace(execution, rows=window.rows, truths=window.truths)
        if not window.rows:
            return replace(execution, status="Completed", outcome="incomplete", why=EMPTY)
        params = dict(monitor.params) | ({"against": monitor.against} if monitor.against else {})
        gate = Gate(Severity.parse(monitor.at))
        verdict = carry_out("check", monitor.check, window.subject, params, home=home, gate=gate)
    except AssayError as error:
        return replace(execution, status="Failed", outcome="error", why=str(error)[:500])
    return _told(execution, verdict)


def _told(execution: Execution, verdict: Verdict) -> Execution:
    report = verdict.report
    status = "Failed" if report.error else "CompletedWithViolations" if verdict.stopping else "Completed"
    skipped = report.coverage.skipped
    why = report.error or (f"{skipped[0].what}: {skipped[0].why}" if skipped else "")
    found: dict[str, int] = {}
    for finding in report.findings:
        found[str(finding.severity)] = found.get(str(finding.severity), 0) + 1
    name = report.subject.name if report.subject else ""
    return replace(
        execution,
        status=status,
        outcome=verdict.outcome,
        why=why[:500],
        report=sha256(report.to_json()),
        found=found,
        violations=tuple(f.to_dict(name) | {"asset": name} for f in verdict.stopping[:_VIOLATIONS]),
        figures=_figures(report),
    )


def _figures(report: Report) -> dict[str, float]:
    """Return the metrics of the whole window, which are drawn over time."""
    out: dict[str, float] = {}
    for metric in report.metrics:
        if not metric.of and metric.value is not None and len(out) < _FIGURES:
            out.setdefault(metric.name, float(metric.value))
    return out


def _end(home: Home, execution: Execution, lease: Lease, actor: str) -> Execution:
    from assay.office import monitors

    with home.office.transaction() as tx:
        now = monitors.current_execution(tx, execution.key)
        if not lease.held or now is None or now.holder != lease.holder or now.attempt != execution.attempt:
            raise Overtaken(
                f"{execution.urn} was taken up by another server meanwhile", remedy="its result stands"
            )
        if now.status == "Stopping":
            execution = replace(execution, status="Stopped", why="its monitor was deleted meanwhile")
        return monitors.end(tx, execution, actor=actor)


def summary(execution: Execution) -> dict[str, Any]:
    """Return what a list shows of an execution."""
    return {
        "key": execution.key,
        "status": execution.status,
        "outcome": execution.outcome,
        "window": [execution.start, execution.end],
        "rows": execution.rows,
        "violations": len(execution.violations),
    }
