"""The workers of one job: prepared each behind its own walls, joined, started together, watched and ended together."""

from __future__ import annotations

import contextlib
import ipaddress
import marshal
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assay.engines.authority import for_job
from assay.engines.isolation import Ended, Grant, Job, Peers, interpreter, prepare
from assay.engines.isolation.order import launch
from assay.engines.isolation.sandbox import Prepared
from assay.kernel.errors import Broken, Refused, UsageError

MOST = 64  # workers of one job
MASTER_PORT = 29_500
_NETWORK = ipaddress.ip_network("10.213.0.0/24")
_EVERY = 0.02
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker stands: its rank, its name and address, and those of all."""

    rank: int
    names: tuple[str, ...]
    addresses: tuple[str, ...]

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what torch.distributed and its like read of it (env:// initialisation), one process a worker."""
        return {
            "MASTER_ADDR": self.addresses[0],
            "MASTER_PORT": str(MASTER_PORT),
            "RANK": str(self.rank),
            "WORLD_SIZE": str(len(self.names)),
            "LOCAL_RANK": "0",
            "LOCAL_WORLD_SIZE": "1",
            "GROUP_RANK": str(self.rank),
            "GLOO_SOCKET_IFNAME": "eth0",
            "NCCL_SOCKET_IFNAME": "eth0",
        }

    @property
    def peers(self) -> Peers:
        """Return it as a grant has it."""
        hosts = dict(zip(self.names, self.addresses, strict=True))
        return Peers(self.addresses[self.rank], str(_NETWORK.netmask), self.names[self.rank], hosts)


def places(workers: int) -> list[Place]:
    """Return where each of so many workers stands; UsageError for a number that no job has."""
    if not 1 < workers <= MOST:
        raise UsageError(
            f"a job has from 2 to {MOST} workers, and not {workers}", remedy="leave out `workers:` for one"
        )
    names = tuple(f"algo-{n + 1}" for n in range(workers))
    addresses = tuple(str(_NETWORK[n + 1]) for n in range(workers))
    return [Place(rank, names, addresses) for rank in range(workers)]


@dataclass
class Crew:
    """The workers of a job under way. capture: a socket that sees their shared link, where that was asked for."""

    jobs: list[Job]
    ports: subprocess.Popen[bytes]
    channel: socket.socket
    joined: float  # seconds that it took to join them
    capture: socket.socket | None = None

    def wait(self) -> list[Ended]:
        """Watch all until all have ended; where one fails, the others are ended: they would wait for it.

        Broken where what carries their packets has ended before them.
        """
        done: dict[int, Ended] = {}
        parted = False
        try:
            while len(done) < len(self.jobs):
                for rank, job in enumerate(self.jobs):
                    if rank in done or not job.look():
                        continue
                    done[rank] = job.wait()
                    if done[rank].reason != "exit" or done[rank].code:
                        self._end_but(done)
                if not parted and len(done) < len(self.jobs) and self.ports.poll() is not None:
                    parted = all(e.reason == "exit" and not e.code for e in done.values())
                    self._end_but(done)
                time.sleep(_EVERY)
        finally:
            _end_all(self.jobs, self.close)
        if parted:
            raise Broken(
                "the workers' network ended before they did",
                remedy="run the job again; the system's log tells whether memory ran out",
            )
        return [done[rank] for rank in range(len(self.jobs))]

    def _end_but(self, done: Mapping[int, Ended]) -> None:
        for rank, job in enumerate(self.jobs):
            if rank not in done:
                job.end()

    def close(self) -> None:
        """End what carried their packets."""
        _disjoined(self.ports, self.channel, self.capture)


def start(
    argvs: list[list[str]],
    grants: list[Grant],
    logs: list[Path],
    *,
    cwd: list[Path | None],
    encrypted: bool = False,
    watched: bool = False,
) -> Crew:
    """Start a job's workers, joined; Refused where the walls or the network cannot be had.

    Each grant has its Peers. encrypted: every packet between two workers goes in TLS. watched: the shared link can be read.
    """
    prepared: list[Prepared] = []
    opened: list[Job] = []
    joined: tuple[subprocess.Popen[bytes], socket.socket, socket.socket | None] | None = None
    try:
        for argv, grant, log, place in zip(argvs, grants, logs, cwd, strict=True):
            with log.open("wb") as out:
                prepared.append(
                    prepare(argv, grant, cwd=place, stdout=out, stderr=subprocess.STDOUT, log=log)
                )
        begun = time.monotonic()
        joined = _joined(prepared, encrypted, watched)
        took = time.monotonic() - begun
        for one in prepared:  # the ports have them now
            if one.carrier is not None:
                os.close(one.carrier)
                one.carrier = None
        while prepared:
            opened.append(prepared.pop(0).go())
        ports, channel, capture = joined
        return Crew(opened, ports, channel, took, capture)
    except BaseException:
        for one in prepared:
            with contextlib.suppress(OSError):
                one.give_up()
        _end_all(opened, *((lambda: _disjoined(*joined),) if joined is not None else ()))
        raise


def _end_all(jobs: Iterable[Job], *more: Callable[[], object]) -> None:
    """End jobs, and then do what more is to be done; what one of them raises keeps none of the others alive."""
    with contextlib.ExitStack() as todo:
        for act in more:
            todo.callback(act)
        for job in jobs:
            todo.callback(job.wait)
        for job in jobs:
            todo.callback(job.end)


def _disjoined(ports: subprocess.Popen[bytes], channel: socket.socket, capture: socket.socket | None) -> None:
    channel.close()
    _end(ports)
    if capture is not None:
        capture.close()


def _joined(
    prepared: list[Prepared], encrypted: bool, watched: bool
) -> tuple[subprocess.Popen[bytes], socket.socket, socket.socket | None]:
    peers = [one.grant.peers for one in prepared]
    names = [p.name for p in peers if p is not None]
    interfaces = [one.carrier for one in prepared if one.carrier is not None]
    seconds = max(one.grant.limits.seconds for one in prepared)
    order = {
        "parent": os.getpid(),
        "names": names,
        "addresses": [p.address for p in peers if p is not None],
        "interfaces": interfaces,
        "papers": [(p.key, p.certificate, p.authority) for p in for_job(names, seconds)] if encrypted else [],
        "watched": watched,
    }
    ours, theirs = socket.socketpair()
    with theirs:
        ports = subprocess.Popen(
            [
                str(interpreter()),
                "-I",
                "-S",
                "-c",
                launch("assay.engines.peers.ports", "assay.engines.peers", first=""),
                str(theirs.fileno()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), *interfaces),
            env={"PATH": "/usr/bin:/bin"},
            start_new_session=True,
        )
    try:
        ours.settimeout(_PATIENCE)
        given = marshal.dumps(order)
        ours.sendall(len(given).to_bytes(4, "big") + given)
        text, descriptors, _, _ = socket.recv_fds(ours, 1 << 12, 1)
        ours.settimeout(None)
        capture = socket.socket(fileno=descriptors[0]) if descriptors else None
        if text != b"joined\n":
            raise Refused(
                f"the workers' network cannot be had: {text.decode('utf-8', 'replace').strip() or 'it ended'}",
                remedy="see `assay doctor`; a job of one worker needs none",
            )
    except BaseException as error:
        ours.close()
        _end(ports)
        if isinstance(error, OSError):
            raise Refused(
                "the workers' network cannot be had: it did not answer", remedy="see `assay doctor`"
            ) from None
        raise
    return ports, ours, capture


def _end(ports: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        os.killpg(ports.pid, signal.SIGKILL)
    ports.wait()


def as_one(ended: list[Ended]) -> Ended:
    """Return how a job of several workers ended: as the first that failed did; its memory is that of all together."""
    first = next(
        (e for e in ended if e.reason not in ("exit", "stopped") or (e.reason == "exit" and e.code)), None
    )
    first = first or next((e for e in ended if e.reason != "exit"), ended[0])
    return replace(
        first,
        seconds=max(e.seconds for e in ended),
        peak_memory=sum(e.peak_memory for e in ended),
        layers={name: all(e.layers.get(name, False) for e in ended) for name in first.layers},
    )
