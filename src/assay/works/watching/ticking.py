"""What a server does beside its endpoints: where what images are held against has changed, or images wait to be pulled, a watch is started.

It is a process of its own, as a monitor's is: it may take minutes and memory, and the server answers on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay.methods.watching.policy import FILE

if TYPE_CHECKING:
    from assay.works.home import Home

_LOOK = 30.0  # seconds between looks
_PAUSE = 300.0  # after a watch that failed
_GRACE = 20.0


@dataclass
class Ticker:
    """The one watch that a server has started. digest: what it was started for."""

    process: subprocess.Popen[bytes] | None = None
    looked: float = -_LOOK
    digest: str = ""

    def tick(self, home: Home, now: float) -> bool:
        """Start a watch where there is something for it; whether one was started. AssayError for what keeps it from being known."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return False
            self.process = None
            self.looked = now + (_PAUSE if code not in (0, 1) else 0.0)
        if now - self.looked < _LOOK or not (home.root / FILE).exists():
            return False
        self.looked = now
        wanted = self._wanted(home)
        if wanted:
            self.process = _started(home)
        return wanted

    def _wanted(self, home: Home) -> bool:
        from assay.office import arrivals
        from assay.works.watching import rescanning
        from assay.works.watching.options import policy_of

        policy = policy_of(home)
        if policy.registries and arrivals.queued(home.office, home.office.clock(), 1):
            return True
        if not policy.advisories:
            return False
        before, self.digest = self.digest, rescanning.pinned(home, policy.advisories)
        return before == self.digest and bool(
            rescanning.due(home, self.digest)
        )  # it lies still since the last look

    def stop(self) -> None:
        """End it and wait for it; what it had not come to is seen to by the next."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


_TICKERS: dict[Path, Ticker] = {}


def tick(home: Home) -> bool:
    """Start a watch in a home where there is something for it."""
    return _TICKERS.setdefault(home.root.resolve(), Ticker()).tick(home, time.monotonic())


def stop(home: Home) -> None:
    """End what was started in a home."""
    ticker = _TICKERS.pop(home.root.resolve(), None)
    if ticker is not None:
        ticker.stop()


def _started(home: Home) -> subprocess.Popen[bytes]:
    """Start what a person would type; what it says is in a file of the home."""
    environment = {**os.environ, "ASSAY_HOME": str(home.root.resolve())}
    with (home.folder("watch") / "watch.log").open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "assay", "watch", "--once"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            cwd=home.root,
        )
