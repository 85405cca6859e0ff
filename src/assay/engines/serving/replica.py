"""A replica from the supervisor's side: its sandbox, its socket, and a thread that keeps it alive.

The listening socket is made here and handed to each process in turn, so that whoever connects while one is being replaced
waits for the next and is not refused. The thread that starts a process stays until that has ended: the sandbox ends with
the thread that made it.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.engines.folders import tail
from assay.engines.isolation import Grant, Job, Level, Limits, interpreter, source
from assay.engines.isolation import start as start_job
from assay.engines.serving import frames, laying, sockets
from assay.kernel.errors import AssayError, Refused
from assay.methods.recognise.credentials import hidden

STARTING, READY, RESTARTING, FAILED, ENDED = "starting", "ready", "restarting", "failed", "ended"
LIMITS = Limits(memory=2 << 30, seconds=float("inf"), processes=64, disk=256 << 20)
_COMMAND = "from assay.engines.serving.inside.main import main; main()"
_LOG = 1 << 20  # bytes of what a model prints that are kept
_FIRST_DELAY, _LONGEST_DELAY, _GOOD = 0.1, 30.0, 30.0
_TRIES = 5  # none of which came to answer, before it is given up
_ENDED = {
    "memory": "it wanted more memory than it may have",
    "processes": "it started more processes than it may",
    "disk": "it wrote more than it may",
    "folders": "it changed folders that it may not",
}
_TAIL = 2000
_WATCHED = 0.1  # seconds between looks at whether it is to end


class Replica:
    """One process that answers for a model, replaced when it ends.

    state: starting, ready, restarting, failed (given up; ``reason`` says why) or ended. restarts: how often it was replaced.
    info: what the model says of itself, empty until it was ready once; untrusted code has written it.
    """

    def __init__(
        self,
        package: Path,
        path: Path,
        *,
        level: Level = "full",
        limits: Limits = LIMITS,
        before: Callable[[], None] | None = None,
        loading: float = 120.0,
        when_asked: bool = False,
    ) -> None:
        """before: called before each start, and may refuse it. loading: seconds until it must answer."""
        self.package, self.path, self.level, self.limits = package, path, level, limits
        self.before, self.loading, self.when_asked = before, loading, when_asked
        self.state, self.reason, self.restarts = STARTING, "", 0
        self.info: dict[str, Any] = {}
        self.log = path.with_name(f"{path.name}.log")
        self._listener = sockets.listen(path)
        self._mailbox = sockets.mailbox(sockets.control_of(path))
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._job: Job | None = None
        self._began = self._took = 0.0  # when its process began, and the seconds until that answered
        self._thread = threading.Thread(target=self._keep, name=f"replica {path.name}", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until it is ready, has failed or ended; return whether it is ready."""
        with self._changed:
            self._changed.wait_for(lambda: self.state in (READY, FAILED, ENDED), seconds)
            return self.state == READY

    @property
    def process(self) -> int | None:
        """Return the number of the process that stands over the sandbox; None while there is none."""
        job = self._job
        return job.process.pid if job is not None and job.process.poll() is None else None

    def end(self) -> None:
        """End it for good. Whoever still waits for it is not answered: drain first."""
        self._stop.set()
        self._thread.join()
        for held in (self._listener, self._mailbox):
            held.close()
        for path in (self.path, sockets.control_of(self.path), self.log):
            with contextlib.suppress(OSError):
                path.unlink()
        self._to(ENDED, self.reason)

    def _to(self, state: str, reason: str = "") -> None:
        with self._changed:
            self.state, self.reason = state, reason
            self._changed.notify_all()

    def _keep(self) -> None:
        failures, without = 0, 0
        while not self._stop.is_set():
            if self.when_asked and not self._asked():
                return
            answered, reason = False, ""
            self._began = time.monotonic()
            try:
                if self.before is not None:
                    self.before()
                self._job = self._started()
                answered, reason = self._watched(self._job)
            except Refused as error:
                self._to(FAILED, str(error))
                return
            except (AssayError, OSError) as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001 - this thread is all that looks after it: it would start for ever
                reason = f"it could not be started: {type(error).__name__}: {str(error)[:200]}"
            self._job = None
            if self._stop.is_set():
                return
            good = answered and time.monotonic() - self._began > _GOOD
            failures, without = (0 if good else failures + 1), (0 if answered else without + 1)
            if without >= _TRIES and not self.info:  # one that has answered is tried for ever
                self._to(FAILED, reason)
                return
            self.restarts += 1
            self._to(RESTARTING, reason)
            self._stop.wait(_delay(failures, self._took if answered else _LONGEST_DELAY))

    def _asked(self) -> bool:
        """Wait until somebody connects; False where it is ended before."""
        while not self._stop.is_set():
            if select.select([self._listener], [], [], _WATCHED)[0]:
                return True
        return False

    def _started(self) -> Job:
        folder = laying.lay_out(self.package, self.path.with_name(f"{self.path.name}.model"))
        env = {
            "PYTHONPATH": str(source()),
            "PYTHONDONTWRITEBYTECODE": "1",
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        }
        grant = Grant((folder,), (), env, self.limits, self.level)
        argv = [str(interpreter()), "-s", "-c", _COMMAND, str(folder)]
        with self.log.open("ab") as out:
            return start_job(argv, grant, stdin=self._listener.fileno(), stdout=out, stderr=out, log=self.log)

    def _watched(self, job: Job) -> tuple[bool, str]:
        """Stand by until the process has ended; return whether it ever answered, and why it ended."""
        hello = _Hello(self.path, self._began + self.loading)
        answered = False
        try:
            while job.process.poll() is None:
                passed = job.watcher.exceeded()
                if passed or self._stop.is_set():
                    job.end(passed or "stopped")
                    break
                if self._told_of_hanging():
                    job.end("hung")
                    break
                if not answered and hello.late():
                    job.end("late")
                    break
                if not answered and hello.read():
                    answered, self.info, self._took = True, hello.info, time.monotonic() - self._began
                    self._to(READY)
                self._cut_log()
                job.watcher.pause()
        finally:
            hello.close()
            ended = job.wait()
        return answered, self._why(ended.reason, ended.code, ended.signal)

    def _why(self, reason: str, code: int | None, signal: str) -> str:
        if reason == "hung":
            return "it did not answer within a request's time, and was ended"
        if reason == "late":
            return f"it did not answer within {self.loading:g} seconds of its start"
        if reason in _ENDED:
            return _ENDED[reason]
        said = tail(self.log, _TAIL).decode("utf-8", "replace").strip().splitlines()
        last = hidden(said[-1])[:300] if said else ""
        how = f"it was ended by {signal}" if signal else f"it ended with the code {code}"
        return f"{how}: {last}" if last else how

    def _told_of_hanging(self) -> bool:
        """Whether a gateway says that a request, put to this very process, went past its time."""
        told = False
        while True:
            try:
                said = self._mailbox.recv(64)
            except OSError:
                return told
            with contextlib.suppress(ValueError):
                told = told or float(said) >= self._began

    def _cut_log(self) -> None:
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > 2 * _LOG:
                kept = tail(self.log, _LOG // 4)
                with self.log.open("r+b") as out:  # its writer appends
                    out.truncate(0)
                    out.write(kept)


def _delay(failures: int, most: float) -> float:
    """Return the seconds until another process takes the place of one that ended; after a first loss it does so at once.

    most: of one that came to answer, what its start took. It is ended by what it is asked, and whoever asks that again and
    again would else keep it from everybody; so starting takes no more than half of the time.
    """
    return 0.0 if failures <= 1 else min(_LONGEST_DELAY, most, _FIRST_DELAY * 2 ** min(failures - 2, 16))


class _Hello:
    """The first question to a process: what it is. Never waited for."""

    def __init__(self, path: Path, until: float) -> None:
        self.until, self.info = until, dict[str, Any]()
        self._reader = frames.Reader(frames.LARGEST_INFO)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.setblocking(False)
        with contextlib.suppress(OSError):  # a full queue: gateways will notice in its place
            self._socket.connect(str(path))
            self._socket.send(frames.packed(1, frames.DESCRIBE))

    def late(self) -> bool:
        return time.monotonic() > self.until

    def read(self) -> bool:
        """Whether it has answered by now."""
        try:
            data = self._socket.recv(1 << 20)
            for frame in self._reader.feed(data):
                if frame.kind == frames.SAID:
                    found = json.loads(frame.payload)
                    self.info = found if isinstance(found, dict) else {}
                    return True
        except (OSError, ValueError, RecursionError):
            return False
        return False

    def close(self) -> None:
        self._socket.close()


def start(
    package: Path,
    path: Path,
    *,
    level: Level = "full",
    limits: Limits = LIMITS,
    before: Callable[[], None] | None = None,
    loading: float = 120.0,
    when_asked: bool = False,
) -> Replica:
    """Start a replica of a package (or of any folder or file that holds a model) that answers on a socket at ``path``.

    It returns at once: ``wait`` on it. level: the isolation that is demanded. limits: of its process; memory most of all.
    before: called before each start, in a thread of the replica's own; what it raises as Refused ends the replica as
    failed. loading: seconds until the model must answer. when_asked: no process before somebody connects. UsageError where no
    socket can be made there.
    """
    return Replica(
        package,
        path,
        level=level,
        limits=limits,
        before=before,
        loading=loading,
        when_asked=when_asked,
    )


def processes(replica: Replica) -> list[int]:
    """Return the processes of a replica: first the one that stands over it, then those inside."""
    from assay.engines.isolation.usage import family

    number = replica.process
    return [] if number is None else family(number)
