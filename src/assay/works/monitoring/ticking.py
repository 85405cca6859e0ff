"""What a server does every second: see what is due, and start each monitor in a process of its own.

A check may take minutes and gigabytes, and may be killed: the server that watches requests is not held up by it, nor ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import AssayError
from assay.works.monitoring import late, windows

if TYPE_CHECKING:
    from assay.office.monitors import Monitor
    from assay.works.home import Home

PAUSE = 30.0  # seconds after a monitor's process failed, before it is started again
_COUNTING = 10.0  # seconds between two looks at how much has come, which are not free
_GRACE = 20.0


@dataclass
class Ticker:
    """The monitors' processes that one server has started, by monitor."""

    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    pausing: dict[str, float] = field(default_factory=dict)
    counted: dict[str, float] = field(default_factory=dict)
    news: dict[str, float] = field(
        default_factory=dict
    )  # truth that a monitor's process has been started for

    def tick(self, home: Home, now: float) -> list[str]:
        """Reap what has ended, start what is due as far as there are cores, and return what was started."""
        from assay.office import monitors

        self._reap(now)
        begun: list[str] = []
        for monitor in monitors.listing(home.office):
            if len(self.running) >= max(home.settings.cores, 1):
                break
            idle = monitor.name not in self.running and self.pausing.get(monitor.name, 0) <= now
            if idle and self._due(home, monitor, now):
                self.running[monitor.name] = _started(home, monitor.name)
                begun.append(monitor.name)
        return begun

    def stop(self) -> None:
        """End every process and wait for it."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()

    def _reap(self, now: float) -> None:
        for name, process in list(self.running.items()):
            code = process.poll()
            if code is not None:
                del self.running[name]
                if code not in (0, 1):  # 1: violations were found
                    self.pausing[name] = now + PAUSE

    def _due(self, home: Home, monitor: Monitor, now: float) -> bool:
        from assay.office import leases, monitors
        from assay.works.monitoring.carrying import lease_of
        from assay.works.remedies.acting import undelivered

        came = late.news(home, monitor)
        wanted = came > self.news.get(monitor.name, 0.0) or bool(
            monitors.under_way(home.office, monitor.name)
        )
        wanted = wanted or (bool(monitor.policy) and bool(undelivered(home, now, monitor.name)))
        wanted = wanted or self._by_schedule(home, monitor, now)
        if not wanted or leases.taken(home.office, lease_of(monitor.name)):
            return False
        self.news[monitor.name] = came
        return True

    def _by_schedule(self, home: Home, monitor: Monitor, now: float) -> bool:
        if monitor.schedule.lower().startswith("every"):
            if self.counted.get(monitor.name, 0) + _COUNTING > now:
                return False
            self.counted[monitor.name] = now
        try:
            return bool(windows.of(home, monitor, now))
        except AssayError:  # whoever runs it is told why it cannot be said
            return False


_TICKERS: dict[Path, Ticker] = {}


def tick(home: Home) -> list[str]:
    """Start what is due in a home; return the monitors begun."""
    return _TICKERS.setdefault(home.root.resolve(), Ticker()).tick(home, time.time())


def stop(home: Home) -> None:
    """End what was started in a home."""
    ticker = _TICKERS.pop(home.root.resolve(), None)
    if ticker is not None:
        ticker.stop()


def _started(home: Home, name: str) -> subprocess.Popen[bytes]:
    """Start what a person would type; what it says is in its execution, and its errors in a file of the home."""
    log = home.folder("monitors") / f"{name}.log"
    environment = {**os.environ, "ASSAY_HOME": str(home.root.resolve())}
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "assay", "monitor", "run", name, "--due"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            cwd=home.root,
        )
