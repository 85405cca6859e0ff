"""The sandbox from outside: starts a job behind walls that are proved before it starts, watches it, and ends it."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import socket
import stat
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from assay.engines.folders import entries, sweep
from assay.engines.isolation import bubblewrap, syscalls
from assay.engines.isolation import order as order_
from assay.engines.isolation.cgroups import Cgroup
from assay.engines.isolation.grant import RANK, Ended, Grant, Level, interpreter, python_paths
from assay.engines.isolation.order import Traps
from assay.engines.isolation.usage import family
from assay.engines.isolation.walls import TEMPORARY
from assay.engines.isolation.watch import Watcher, kill
from assay.engines.leftovers import outside
from assay.kernel.errors import Broken, Refused, UsageError, of_the_machine

if TYPE_CHECKING:
    from assay.engines.egress.proxy import Proxy

_NAMESPACES = (
    "allow user namespaces (sysctl -w kernel.unprivileged_userns_clone=1 and "
    "kernel.apparmor_restrict_unprivileged_userns=0; in Docker --security-opt seccomp=unconfined)"
)
REMEDY = f"{_NAMESPACES}, or accept `isolation: partial` by name"
BUILDERS = ("auto", "bubblewrap", "kernel")
_START = 20.0
_SAID = 1 << 16
_preferred = "auto"


def prefer(builder: str) -> None:
    """Say, once for this process, who builds the walls: bubblewrap, the kernel directly, or auto, the first that can."""
    global _preferred
    if builder not in BUILDERS:
        raise UsageError(
            f"there is no builder of walls called {builder!r}", remedy="auto, bubblewrap or kernel"
        )
    _preferred = builder


def preferred() -> str:
    """Return who is to build the walls, as it was said last."""
    return _preferred


def builders() -> tuple[str, ...]:
    """Return who may build the walls here, in the order in which they are tried."""
    there = ("bubblewrap", "kernel") if bubblewrap.found() else ("kernel",)
    return there if _preferred == "auto" else (_preferred,)


@dataclass
class Job:
    """A job under way. stdin, stdout: its pipes, where asked for."""

    process: subprocess.Popen[bytes]
    level: Level
    layers: dict[str, bool]
    watcher: Watcher
    private: Path
    reason: str = ""
    builder: str = "kernel"
    proxy: Proxy | None = None
    cgroup: Cgroup | None = None
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
            kill(self.process.pid, over=self.builder)

    def look(self) -> bool:
        """Look at it once, and end it where it passes a limit; whether it has ended."""
        if self.process.poll() is not None:
            return True
        passed = self.watcher.exceeded()
        if passed:
            self.end(passed)
        return bool(passed)

    def wait(self) -> Ended:
        """Watch it until it has ended; ends it where it passes a limit, and where the user interrupts."""
        if self._ended is not None:
            return self._ended
        try:
            while not self.look():
                self.watcher.pause()
        except BaseException:
            self.end()
            raise
        finally:
            try:
                code = self.process.wait()
                seconds = time.monotonic() - self.watcher.started
                if not self.reason:  # what it wrote in its last moments counts too
                    self.reason = self.watcher.disk()
                if self.cgroup is not None:
                    self.reason = self.reason or self.cgroup.reason(failed=code != 0)
            finally:
                self._clear()
        code = 128 - code if 128 < code < 128 + signal.NSIG else code  # as a shell tells a signal
        self._ended = Ended(code, self.reason or "exit", self.level, self.layers, seconds, self.watcher.peak)
        return self._ended

    def _clear(self) -> None:
        """Take away what stood around it: a ledger that cannot be told of the end keeps nothing else from going."""
        with contextlib.ExitStack() as todo:  # the last that is named goes first
            if self.lock >= 0:
                todo.callback(os.close, self.lock)
                self.lock = -1
            todo.callback(sweep, self.private)
            if self.cgroup is not None:
                todo.callback(self.cgroup.close)
            if self.proxy is not None:
                todo.callback(self.proxy.close)
            todo.callback(self.watcher.close)


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
    return prepare(argv, grant, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, log=log).go()


def prepare(
    argv: list[str],
    grant: Grant,
    *,
    cwd: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    log: Path | None = None,
) -> Prepared:
    """Build a job's walls and prove them, without letting it begin; Refused as `start`."""
    if not syscalls.supported():
        raise UsageError(
            "training and loading models need Linux on x86_64 or aarch64",
            remedy="run this step on such a machine; checks of data work here",
        )
    _check(grant)
    problems = []
    for attempt, by in _tries(grant):
        private, lock = outside("job")
        made = None
        try:
            made, problem = _attempt(argv, grant, attempt, by, private, cwd, stdin, stdout, stderr, log)
        finally:
            if made is None:
                sweep(private)
                os.close(lock)
        if made is not None:
            made.lock = lock
            return made
        problems.append(problem)
    why = "; ".join(dict.fromkeys(problems)) or "bubblewrap is not installed"
    raise Refused(f"this machine does not allow {grant.level} isolation: {why}", remedy=_advice(grant, why))


def _advice(grant: Grant, why: str) -> str:
    """Return the way out. What partial isolation has not is not to be had by accepting it."""
    if "/dev/net/tun" in why:
        return "let this user open it (modprobe tun; chmod 666 /dev/net/tun; in Docker --device /dev/net/tun), or leave out `workers:`"
    if "within a readable one" in why:
        return "keep what is written apart from what is read"
    return _NAMESPACES if _alone(grant) else REMEDY


def _alone(grant: Grant) -> bool:
    """Whether it has a network or an image, which need namespaces whatever level is accepted."""
    return grant.egress is not None or grant.peers is not None or grant.root is not None


def _tries(grant: Grant) -> list[tuple[str, str]]:
    """Return what is tried, and who builds it. A network, or an image, needs namespaces, whatever level is accepted."""
    if grant.level == "none":
        if _alone(grant):
            raise UsageError(
                "a job without isolation has no network of its own and no image",
                remedy="leave out --unsafe-no-isolation, or `network:`, `workers:` and `image:`",
            )
        return [("none", "kernel")]
    fits = {"bubblewrap": grant.root is None and grant.peers is None and bubblewrap.found() is not None}
    full = [("full", by) for by in builders() if fits.get(by, True)]
    alone = _alone(grant)
    if alone and not full:
        full = [("full", "kernel")]
    return full if grant.level == "full" or alone else [*full, ("partial", "kernel")]


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


@dataclass
class Prepared:
    """A job whose walls stand and are proved, and that waits for the word. opened: descriptors that it handed out."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    level: Level
    layers: dict[str, bool]
    private: Path
    grant: Grant
    log: Path | None
    temporary: tuple[int, ...]
    carrier: int | None
    listeners: tuple[int, ...]
    cgroup: Cgroup | None
    builder: str
    lock: int = -1

    def go(self) -> Job:
        """Let it begin; Broken where it has ended meanwhile. Where it cannot begin nothing of it is left."""
        proxy = None
        try:
            if self.grant.egress is not None:
                from assay.engines.egress.proxy import Proxy

                proxy = Proxy(self.grant.egress, self.listeners)
                self.listeners = ()
                proxy.start()
            self.channel.sendall(b"go")
            self.channel.close()
        except BaseException as error:
            with contextlib.ExitStack() as todo:
                todo.callback(self.give_up)
                if proxy is not None:
                    todo.callback(proxy.close)
            if isinstance(error, OSError):
                raise Broken(
                    "the job's process was ended before it could begin",
                    remedy="run it again; the system's log tells whether memory ran out",
                ) from None
            raise
        counted = (*self.grant.write, self.private / "tmp", *((self.log,) if self.log else ()))
        watcher = Watcher(self.process.pid, self.grant.limits, counted, self.temporary)
        return Job(
            self.process, self.level, self.layers, watcher, self.private, builder=self.builder, proxy=proxy,
            cgroup=self.cgroup, lock=self.lock,
        )  # fmt: skip

    def give_up(self) -> None:
        """End it before it began."""
        self.channel.close()
        kill(self.process.pid, over=self.builder)
        self.process.wait()
        for descriptor in (
            *self.temporary,
            *self.listeners,
            *([self.carrier] if self.carrier is not None else []),
        ):
            os.close(descriptor)
        if self.cgroup is not None:
            self.cgroup.close()
        sweep(self.private)
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


def _attempt(
    argv: list[str],
    grant: Grant,
    attempt: str,
    by: str,
    private: Path,
    cwd: Path | None,
    stdin: Any,
    stdout: Any,
    stderr: Any,
    log: Path | None,
) -> tuple[Prepared | None, str]:
    for name in ("root", "tmp"):
        (private / name).mkdir()
    with Traps.laid(private) as traps:
        order = order_.made(argv, grant, attempt, by, private, cwd, traps)
        program = bubblewrap.found() if by == "bubblewrap" else None
        try:
            walls = bubblewrap.command(program[0], order) if program else []
        except OSError as error:  # in the words of the process that builds them itself
            return None, f"{error.strerror} ({error.filename or 'setting up'})"
        given = marshal.dumps(order)
        ours, theirs = socket.socketpair()
        first = [str(interpreter()), "-I", "-S", "-c", order_.launch(), str(theirs.fileno())]
        with theirs:
            try:
                process = subprocess.Popen(
                    [*walls, *first],
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    pass_fds=(theirs.fileno(),),
                    env={"PATH": "/usr/bin:/bin"},
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise of_the_machine(error) or Broken(
                    f"no process can be started: {error.strerror}",
                    where=str(error.filename or ""),
                    remedy="look at how many run and how much memory is free (`ulimit -u`, `free`)",
                ) from None
        cgroup = Cgroup.make(grant.limits) if attempt != "none" else None
        made = Prepared(process, ours, "none", {}, private, grant, log, (), None, (), cgroup, by)
        try:
            bounded = _bounded(made)
            said, opened = _talk(ours, given)
        except BaseException as error:
            made.give_up()
            if not isinstance(error, (OSError, ValueError)):
                raise
            return None, f"the walls could not be built: {error}"
    _hand_out(made, opened, order)
    made.layers = {**said.layers, "cgroup limits": bounded}
    if RANK.get(said.level or "none", 0) < RANK[grant.level] or (attempt == "full" and said.level != "full"):
        made.give_up()
        held = [name for name, holds in said.layers.items() if not holds]
        return None, said.problem or f"not held: {', '.join(held)}"
    made.level = "none" if attempt == "none" else said.level  # type: ignore[assignment]
    return made, ""


def _bounded(made: Prepared) -> bool:
    """Bring the job's process into its control groups while it imports what it needs, before it starts any other.

    Under bubblewrap that process is the first in the namespaces, which is there once it speaks.
    """
    made.channel.settimeout(_START)
    if made.builder == "bubblewrap" and made.channel.recv(1) != order_.HERE.encode():
        raise ValueError("it ended before it could say what holds")
    if made.cgroup is None:
        return False
    inside = family(made.process.pid)[1:] if made.builder == "bubblewrap" else [made.process.pid]
    return bool(inside) and all(made.cgroup.add(pid) for pid in inside)


def _hand_out(made: Prepared, opened: list[int], order: dict[str, Any]) -> None:
    """Tell the descriptors apart: folders in memory, then the interface to its peers, then the proxy's listeners."""
    given = list(opened)
    made.temporary = tuple(given[: len(TEMPORARY)])
    given = given[len(TEMPORARY) :]
    if given and order["links"].get("peers"):
        made.carrier = given.pop(0)
    made.listeners = tuple(given)


@dataclass(frozen=True, slots=True)
class _Said:
    level: str
    problem: str
    layers: dict[str, bool]


def _talk(channel: socket.socket, order: bytes) -> tuple[_Said, list[int]]:
    """Give the order; return what holds, and the descriptors that came with it."""
    channel.sendall(len(order).to_bytes(4, "big") + order)
    out, opened = b"", list[int]()
    try:
        while not out.endswith(b"\n\n"):
            part, descriptors, _, _ = socket.recv_fds(channel, 1 << 16, 8)
            opened += descriptors
            if not part or len(out) > _SAID:
                raise ValueError("it ended before it could say what holds")
            out += part
        text = out.decode().removeprefix(order_.HERE)
        lines = [line.split("\t", 1) for line in text.strip().split("\n")]
        told = {key: value for key, value in lines if key in ("level", "problem")}
        layers = {value: key == "held" for key, value in lines if key in ("held", "broken")}
        return _Said(told.get("level", ""), told.get("problem", ""), layers), opened
    except BaseException:
        for descriptor in opened:
            os.close(descriptor)
        raise


def run(argv: list[str], grant: Grant, *, log: Path, cwd: Path | None = None) -> Ended:
    """Run a job to its end, its output in ``log``."""
    with log.open("wb") as out:
        job = start(argv, grant, cwd=cwd, stdout=out, stderr=subprocess.STDOUT, log=log)
        return job.wait()
