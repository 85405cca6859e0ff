"""A monitor made and deleted: everything that it is told is checked before it is kept."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.kernel.severity import SEVERITIES
from assay.methods.nearest import did_you_mean
from assay.methods.schedules.schedule import Volume, length, read
from assay.office.monitors import Monitor
from assay.works.monitoring import times

if TYPE_CHECKING:
    from assay.works.home import Home

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_LONGEST = 366 * 86_400  # of a window, an offset, a patience
MISSED = ("run", "skip")


def create(
    home: Home,
    name: str,
    actor: str,
    *,
    check: str,
    schedule: str,
    endpoint: str = "",
    source: str = "",
    time: str = "",
    against: str = "",
    window: str = "1h",
    offset: str = "0s",
    patience: str = "0s",
    params: Mapping[str, Any] | None = None,
    at: str = "medium",
    missed: str = "run",
    since: str = "",
    policy: str = "",
) -> Monitor:
    """Make a monitor; UsageError or Missing, which say what is wrong, before anything is kept."""
    from assay.office import monitors

    if not _NAME.fullmatch(name):
        raise UsageError(
            f"a monitor cannot be called {name[:40]!r}", remedy="use letters, digits, -, _ and . (at most 63)"
        )
    if at not in SEVERITIES:
        raise UsageError(
            f"a finding cannot be {at!r}", where="--fail-on", remedy=did_you_mean(at, SEVERITIES)
        )
    if missed not in MISSED:
        raise UsageError(f"missed windows cannot be {missed!r}", remedy="say run or skip")
    now = _now()
    made = Monitor(
        name=name,
        endpoint=endpoint,
        check=check,
        schedule=schedule.strip(),
        window=_length(window, "the window", 1),
        offset=_length(offset, "the offset", 0),
        created_by=actor,
        created_at=times.text(now),
        cursor=times.text(_since(since, now) if since else now),
        event=0,
        source=_placed(source),
        time=time,
        against=_placed(against),
        params=_params(check, params or {}, bool(against)),
        at=at,
        missed=missed,
        patience=_length(patience, "how long truth is waited for", 0),
    )
    _plausible(home, made)
    if policy:
        from assay.works.remedies.policies import kept

        made = replace(
            made,
            policy=kept(home, Path(policy), endpoint=bool(endpoint)),
            policy_file=str(Path(policy).resolve()),
        )
    with home.office.transaction() as tx:
        if monitors.current(tx, name) is not None:
            raise UsageError(f"there is a monitor {name} already", remedy=f"assay monitor delete {name}")
        return monitors.make(tx, made, actor=actor)


def delete(home: Home, name: str, actor: str) -> Monitor:
    """Delete a monitor: its executions stay; one that is under way is told to stop."""
    from assay.office import monitors

    monitor = monitors.get(home.office, name)
    with home.office.transaction() as tx:
        for execution in monitors.under_way(home.office, name):
            now = monitors.current_execution(tx, execution.key)
            if now is not None and now.status in monitors.UNDER_WAY:
                monitors.write_execution(tx, replace(now, status="Stopping", event=tx.size))
        return monitors.make(tx, replace(monitor, state="deleted"), actor=actor, action="monitor.delete")


def _now() -> float:
    return time.time()


def _length(text: str, what: str, least: int) -> int:
    found = 0 if text in ("0", "") else length(text, what)
    if not least <= found <= _LONGEST:
        raise UsageError(
            f"{what} cannot be {text}", remedy="write from 1s to 366d" if least else "write up to 366d"
        )
    return found


def _placed(path: str) -> str:
    """Return a path as it is found from anywhere; what is no path of a file here, as it is."""
    return str(Path(path).resolve()) if path and "://" not in path and Path(path).exists() else path


def _params(check: str, given: Mapping[str, Any], baseline: bool) -> dict[str, Any]:
    """Return what the check is told, each held against its signature."""
    from assay.works import declared
    from assay.works.signature import signature

    spec = {p.name: p for p in signature(declared.load("check", check).function)}
    if baseline and "against" not in spec:
        raise UsageError(f"{check} compares with no baseline", remedy="leave --against away")
    if not baseline and spec.get("against") is not None and spec["against"].required:
        raise UsageError(f"{check} needs a baseline", remedy="name it: --against BASELINE")
    subject = next(iter(spec), "")
    told = {n: p for n, p in spec.items() if p.role != "work" and n not in (subject, "against")}
    out: dict[str, Any] = {}
    for name, value in given.items():
        param = told.get(name)
        if param is None:
            raise UsageError(f"{check} takes no {name!r}", remedy=did_you_mean(name, told))
        if param.role == "value":
            param.value(value)  # which says what is wrong with it
            out[name] = value
        else:
            out[name] = _placed(str(value))
    return out


def _plausible(home: Home, monitor: Monitor) -> None:
    """Raise where what it watches, or its schedule, makes no sense."""
    from assay.office import endpoints
    from assay.works.captured import is_capture
    from assay.works.monitoring import sources

    if monitor.endpoint:
        endpoints.get(home.office, monitor.endpoint)
    plan = read(monitor.schedule)
    if not monitor.source and not monitor.endpoint:
        raise UsageError(
            "a monitor watches an endpoint", remedy="say --endpoint NAME, or --source FILE --time COLUMN"
        )
    if monitor.time and not monitor.source:
        raise UsageError("a column of times is of a table", remedy="say --source FILE --time COLUMN")
    if monitor.source and not monitor.time and not is_capture(monitor.source):
        raise UsageError("a table that is watched has a column of times", remedy="say --time COLUMN")
    if "table" not in sources.wants(monitor.check) and "traffic" not in sources.wants(monitor.check):
        raise UsageError(f"{monitor.check} examines no rows", remedy="see `assay checks`")
    if monitor.patience and (monitor.time or isinstance(plan, Volume)):
        raise UsageError(
            "truth comes late to captured requests that are watched by the clock",
            remedy="leave --patience away",
        )
    start, end = times.seconds(monitor.cursor), _now()
    sources.of(home, monitor).count(max(start, end - monitor.window), end)


def _since(since: str, now: float) -> float:
    """Return the first moment of which windows are looked at; UsageError where it is no time, or is still to come."""
    found = times.said(since, now, "--since")
    if found > now:
        raise UsageError(
            f"--since is {since[:40]!r}, which is still to come", remedy="leave it out: it begins with now"
        )
    return found
