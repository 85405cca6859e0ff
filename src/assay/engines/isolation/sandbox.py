"""The sandbox from outside: starts a job behind walls that are proved before it starts, watches it, and ends it."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from assay.engines.folders import entries, sweep
from assay.engines.isolation import syscalls
from assay.engines.isolation.grant import RANK, Ended, Grant, Level, interpreter, python_paths, source
from assay.engines.isolation.watch import Watcher, kill
from assay.engines.leftovers import outside
from assay.kernel.errors import Refused, UsageError

REMEDY = (
    "allow user namespaces (sysctl -w kernel.unprivileged_userns_clone=1 and "
    "kernel.apparmor_restrict_unprivileged_userns=0; in Docker --security-opt seccomp=unconfined), "
    "or accept `isolation: partial` by name"
)
_START = 20.0
_CANARY = Path("/etc/passwd")


@dataclass
class Job:
    """A job under way. stdin, stdout: its pipes, where asked for."""

    process: subprocess.Popen[bytes]
    level: Level
    layers: dict[str, bool]
    watcher: Watcher
    private: Path
    reason: str = ""
    lock: int = -1  # held as long as the folder is used
    _ended: Ended | None = field(default=None, repr=False)

    @property
    def stdin(self) -> IO[bytes]:
        """Return the pipe that it reads."""
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Return the pipe that it writes."""
        assert self.process.stdout is not None
        return self.process.stdout

    def end(self, reason: str = "stopped") -> None:
        """End it and all it started."""
        self.reason = self.reason or reason
        if self.process.poll() is None:
            kill(self.process.pid)

    def wait(self) -> Ended:
        """Watch it until it has ended; ends it where it passes a limit, and where the user interrupts."""
        if self._ended is not None:
            return self._ended
        try:
            while self.process.poll() is None:
                passed = self.watcher.exceeded()
                if passed:
                    self.end(passed)
                    break
                self.watcher.pause()
        except BaseException:
            self.end()
            raise
        finally:
            code = self.process.wait()
            seconds = time.monotonic() - self.watcher.started
            if not self.reason:  # what it wrote in its last moments counts too
                self.reason = self.watcher.disk()
            self.watcher.close()
            sweep(self.private)
            if self.lock >= 0:
                os.close(self.lock)
                self.lock = -1
        code = code if code <= 128 else 128 - code
        self._ended = Ended(code, self.reason or "exit", self.level, self.layers, seconds, self.watcher.peak)
        return self._ended


def start(
    argv: list[str],
    grant: Grant,
    *,
    cwd: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    log: Path | None = None,
) -> Job:
    """Start a job; Refused where the level that the grant demands cannot be reached.

    log: the file behind stdout or stderr; its bytes count as the job's.
    """
    if not syscalls.supported():
        raise UsageError(
            "training and loading models need Linux on x86_64 or aarch64",
            remedy="run this step on such a machine; checks of data work here",
        )
    _check(grant)
    tries = {"full": ("full",), "partial": ("full", "partial"), "none": ("none",)}[grant.level]
    problem = ""
    for attempt in tries:
        private, lock = outside("job")
        job = None
        try:
            job, problem = _attempt(argv, grant, attempt, private, cwd, stdin, stdout, stderr, log)
        finally:
            if job is None:
                sweep(private)
                os.close(lock)
        if job is not None:
            job.lock = lock
            return job
    raise Refused(f"this machine does not allow {grant.level} isolation: {problem}", remedy=REMEDY)


def _check(grant: Grant) -> None:
    """A socket or device that lies in a granted folder would be a door out, even where it can only be read."""
    system = set(python_paths())
    for folder in (*grant.write, *(p for p in grant.read if p not in system)):
        for entry in entries(folder):
            mode = entry.stat.st_mode
            if stat.S_ISSOCK(mode) or stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
                raise Refused(
                    f"{entry.path} in {folder} is a socket or a device, and the folder is granted to a job",
                    remedy="remove it",
                )


def _attempt(
    argv: list[str],
    grant: Grant,
    attempt: str,
    private: Path,
    cwd: Path | None,
    stdin: Any,
    stdout: Any,
    stderr: Any,
    log: Path | None,
) -> tuple[Job | None, str]:
    ours, theirs = socket.socketpair()
    root = private / "root"
    root.mkdir()
    tmp = private / "tmp"
    tmp.mkdir()
    inner_tmp = "/tmp" if attempt == "full" else str(tmp)
    ours_at = str(source())  # an import looks for a package's name in the folder it lies in
    env = {
        "PATH": f"{interpreter().parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": inner_tmp,
        "TMPDIR": inner_tmp,
        "LANG": "C.UTF-8",
        # Threads of OpenMP that wait for one another sleep, and do not spin: on a machine with other work a training
        # that takes a second took forty.
        "OMP_WAIT_POLICY": "PASSIVE",
        **grant.env,
    }
    order = {
        "try": attempt,
        "level": grant.level,
        "parent": os.getpid(),
        "argv": argv,
        "env": env,
        "cwd": str(cwd) if cwd else inner_tmp,
        "read": [str(p) for p in dict.fromkeys((*python_paths(), *grant.read))],
        "write": [str(p) for p in grant.write],
        "listed": [ours_at],
        "root": str(root),
        "private": str(tmp),
        "tmp": min(grant.limits.disk, grant.limits.memory, 1 << 30),
        "canaries": [str(_CANARY)] if attempt != "none" else [],
        "limits": {"disk": grant.limits.disk, "processes": grant.limits.processes},
    }
    launch = f"import sys; sys.path.insert(0, {ours_at!r}); from assay.engines.isolation.inside import main; main()"
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", launch, str(theirs.fileno())],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(theirs.fileno(),),
            env={"PATH": "/usr/bin:/bin"},
            start_new_session=True,
        )
    temporary: tuple[int, ...] = ()
    try:
        said, temporary = _talk(ours, order)
        if RANK.get(said.get("level") or "none", 0) < RANK[grant.level] or (
            attempt == "full" and said["level"] != "full"
        ):
            held = [name for name, holds in said.get("layers", {}).items() if not holds]
            _give_up(process, temporary)
            return None, said.get("problem") or f"not held: {', '.join(held)}"
        ours.sendall(b"go\n")
    except BaseException as error:
        _give_up(process, temporary)
        if not isinstance(error, (OSError, ValueError)):
            raise
        return None, f"the walls could not be built: {error}"
    finally:
        ours.close()
    level: Level = "none" if attempt == "none" else said["level"]
    counted = (*grant.write, tmp, *((log,) if log else ()))
    watcher = Watcher(process.pid, grant.limits, counted, temporary)
    return Job(process, level, said["layers"], watcher, private), ""


def _give_up(process: subprocess.Popen[bytes], temporary: tuple[int, ...]) -> None:
    kill(process.pid)
    process.wait()
    for descriptor in temporary:
        os.close(descriptor)


def _talk(channel: socket.socket, order: dict[str, Any]) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Give the order; return what holds, and descriptors of the job's folders in memory."""
    channel.settimeout(_START)
    channel.sendall(json.dumps(order).encode() + b"\n")
    out, opened = b"", []
    while not out.endswith(b"\n"):
        part, descriptors, _, _ = socket.recv_fds(channel, 1 << 16, 8)
        opened += descriptors
        if not part:
            raise ValueError("it ended before it could say what holds")
        out += part
    said: dict[str, Any] = json.loads(out)
    return said, tuple(opened)


def run(argv: list[str], grant: Grant, *, log: Path, cwd: Path | None = None) -> Ended:
    """Run a job to its end, its output in ``log``."""
    with log.open("wb") as out:
        job = start(argv, grant, cwd=cwd, stdout=out, stderr=subprocess.STDOUT, log=log)
        return job.wait()
