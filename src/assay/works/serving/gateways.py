"""The gateway processes of one server: kept alive, told what they need, ended when all is answered."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.kernel.errors import UsageError

_LARGEST_BACKOFF = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a server listens. worker: the command that a gateway process is started with. warm: seconds that replaced models
    stay, so that they can be returned to at once. drain: seconds that requests under way have when it ends. metrics: whether
    /metrics is for tokens that hold alone."""

    host: str
    port: int
    workers: int
    worker: Sequence[str]
    warm: float = 300.0
    drain: float = 30.0
    api: bool = True
    metrics: bool = False
    tls: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Gateway:
    name: str
    process: subprocess.Popen[bytes] | None = None
    again: float = 0.0
    failures: int = 0


class Gateways:
    """They share one socket that listens, so that what waits outlives any of them. folder: where their server publishes."""

    def __init__(self, home: Path, folder: Path, options: Options) -> None:
        self.home, self.folder, self.options = home, folder, options
        self.listener = listening(options.host, options.port)
        host, port = self.listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http{'s' if options.tls else ''}://{shown}:{port}"
        self._each = [_Gateway(f"gateway-{n}") for n in range(1, options.workers + 1)]

    @property
    def names(self) -> list[str]:
        """Return what each is called, and its counts' file with it."""
        return [g.name for g in self._each]

    @property
    def pids(self) -> list[int]:
        """Return the processes that answer."""
        return [g.process.pid for g in self._each if g.process is not None and g.process.poll() is None]

    def keep(self, now: float) -> None:
        """Start those that are not there; one that ends at once again and again, after a while."""
        for gateway in self._each:
            process = gateway.process
            if process is not None and process.poll() is None:
                continue
            if process is not None:
                gateway.process = None
                gateway.failures += 1
                gateway.again = now + (
                    min(_LARGEST_BACKOFF, 0.1 * 2**gateway.failures) if gateway.failures > 1 else 0
                )
            if now >= gateway.again:
                gateway.process = self._begin(gateway)

    def _begin(self, gateway: _Gateway) -> subprocess.Popen[bytes]:
        told = {
            "home": str(self.home), "folder": str(self.folder), "name": gateway.name, "api": self.options.api,
            "metrics": self.options.metrics, "socket": self.listener.fileno(), "parent": os.getpid(), "drain": self.options.drain,
            **self.options.tls,
        }  # fmt: skip
        path = self.folder / f"{gateway.name}.told"
        path.write_text(json.dumps(told), encoding="utf-8")
        return subprocess.Popen(
            [*self.options.worker, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=2,  # what they say goes where our own faults go
            pass_fds=(self.listener.fileno(),),
            start_new_session=True,
        )

    def close(self) -> None:
        """Let each answer what is under way, and end it."""
        running = [g.process for g in self._each if g.process is not None]
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        self.listener.close()  # whoever comes now is refused at once, and is not kept waiting for nobody
        end = time.monotonic() + 2 * self.options.drain + 5
        for process in running:
            try:
                process.wait(timeout=max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; all gateways of a server accept from it, so that what waits outlives any of them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(1024)
        made.setblocking(False)
    except (OSError, OverflowError) as error:
        made.close()
        raise UsageError(
            f"{host}:{port} cannot be listened on: {getattr(error, 'strerror', None) or error}",
            remedy="name another --port",
        ) from None
    return made
