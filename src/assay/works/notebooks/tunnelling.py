"""The way to a notebook server that listens to its own machine alone: an SSH tunnel."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assay.kernel.errors import UsageError

_HOST = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?")
_WAIT = 30.0
_LINES = 200
# What ssh says where it does not open, what it means, and what to do; the first that fits.
_SAID = (
    ("IDENTIFICATION HAS CHANGED", "the host key of {host} is not the one that is known of it: somebody may stand between",
     "ask whoever runs it for its fingerprint, and remove the old key (ssh-keygen -R) if it was set up anew"),
    ("Host key verification failed", "the host key of {host} is not known here, and was not accepted",
     "connect once with ssh, and compare the fingerprint with the one its owner names"),
    ("Permission denied", "{host} takes none of your keys", "name the right one with --key, or the right user"),
    ("Connection refused", "no SSH server answers at {host}, port {port}", "start one there, or name its port with --ssh-port"),
    ("Could not resolve hostname", "there is no machine called {host}", "check the name"),
    ("Connection timed out", "nothing answers at {host}, port {port}", "check the name, or go by another machine with --via"),
)  # fmt: skip


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

    def open(self, tell: Callable[[str], None] = lambda line: None) -> subprocess.Popen[bytes]:
        """Open it, and return its process once the port here answers; UsageError where it does not open.

        tell: is given each line that ssh writes on standard error from then on, a machine's greeting first.
        """
        if shutil.which("ssh") is None:
            raise UsageError("there is no ssh here", remedy="install openssh-client")
        if _taken(self.local):
            raise UsageError(f"port {self.local} is taken here", remedy="choose another with --local")
        if self.key and not Path(self.key).expanduser().is_file():
            raise UsageError(f"there is no key {self.key}", remedy="name the file of your own key with --key")
        process = subprocess.Popen(self.command(), stdin=None, stderr=subprocess.PIPE)
        said = _Said(process, tell)
        try:
            end = time.monotonic() + _WAIT
            while time.monotonic() < end:
                if process.poll() is not None:
                    raise self._refused(said.all(), process.returncode)
                if _taken(self.local):
                    said.pass_on()
                    return process
                time.sleep(0.05)
            raise UsageError(f"ssh to {self.host} did not open the tunnel in {_WAIT:.0f} s")
        except BaseException:
            process.terminate()
            process.wait()
            raise

    def _refused(self, said: list[str], code: int) -> UsageError:
        """Return in a sentence why ssh ended, by what it says in every version."""
        text = "\n".join(said)
        for words, sentence, remedy in _SAID:
            if words in text:
                return UsageError(
                    sentence.format(host=self.host.rpartition("@")[2], port=self.ssh_port), remedy=remedy
                )
        last = said[-1][:200].rstrip(".") if said else f"it said nothing, and left with {code}"
        return UsageError(f"ssh to {self.host} does not open the tunnel: {last}")


class _Said:
    """What ssh writes on standard error: kept while the tunnel opens, passed on once it is open."""

    def __init__(self, process: subprocess.Popen[bytes], tell: Callable[[str], None]) -> None:
        self._lines: list[str] = []
        self._tell = tell
        self._through = False
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._reader.start()

    def _read(self, source: IO[bytes]) -> None:
        for raw in iter(lambda: source.readline(4_096), b""):
            line = raw.decode("utf-8", "replace").rstrip()
            with self._lock:
                if self._through:
                    self._tell(line)
                elif line and len(self._lines) < _LINES:
                    self._lines.append(line)

    def all(self) -> list[str]:
        """Return the lines it wrote until it ended."""
        self._reader.join(2.0)
        return self._lines

    def pass_on(self) -> None:
        """Show what it wrote so far, a machine's greeting say, and all that follows."""
        with self._lock:
            for line in self._lines:
                self._tell(line)
            self._through = True


def _taken(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return one.connect_ex(("127.0.0.1", port)) == 0
