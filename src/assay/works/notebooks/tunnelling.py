"""The way to a notebook server that listens to its own machine alone: an SSH tunnel."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

from assay.kernel.errors import UsageError

_HOST = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?")
_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Tunnel:
    """host: what ssh is told, ``user@machine``. remote, local: the ports there and here. via: a machine to go through."""

    host: str
    remote: int = 8888
    local: int = 8888
    key: str = ""
    via: str = ""
    ssh_port: int = 22

    def __post_init__(self) -> None:
        for name in (self.host, *([self.via] if self.via else [])):
            if not _HOST.fullmatch(name):  # which keeps options out too: none of these begins with a dash
                raise UsageError(f"{name[:80]!r} is no machine", remedy="such as ana@notebooks.example.org")
        for port in (self.remote, self.local, self.ssh_port):
            if not 1 <= port <= 65535:
                raise UsageError(f"{port} is no port")

    def command(self) -> list[str]:
        """Return the command that opens it; both of its ends listen to their own machines alone."""
        options = ["-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=30"]
        if self.via:
            options += ["-J", self.via]
        if self.key:
            options += ["-i", self.key]
        if self.ssh_port != 22:
            options += ["-p", str(self.ssh_port)]
        return ["ssh", "-N", "-L", f"127.0.0.1:{self.local}:127.0.0.1:{self.remote}", *options, self.host]

    def shown(self) -> str:
        """Return the command as a shell takes it, its options on lines of their own."""
        words = self.command()
        lines, at = [shlex.join(words[:4])], 4
        while at < len(words) - 1:
            lines.append(shlex.join(words[at : at + 2]))
            at += 2
        return " \\\n  ".join([*lines, words[-1]])

    def open(self) -> subprocess.Popen[bytes]:
        """Open it, and return its process once the port here answers; UsageError where it does not open."""
        if shutil.which("ssh") is None:
            raise UsageError("there is no ssh here", remedy="install openssh-client")
        if _taken(self.local):
            raise UsageError(f"port {self.local} is taken here", remedy="choose another with --local")
        process = subprocess.Popen(self.command(), stdin=None)
        end = time.monotonic() + _WAIT
        while time.monotonic() < end:
            if process.poll() is not None:
                raise UsageError(
                    f"ssh to {self.host} ended with {process.returncode}", remedy="what it said stands above"
                )
            if _taken(self.local):
                return process
            time.sleep(0.05)
        process.terminate()
        process.wait()
        raise UsageError(f"ssh to {self.host} did not open the tunnel in {_WAIT:.0f} s")


def _taken(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return one.connect_ex(("127.0.0.1", port)) == 0
