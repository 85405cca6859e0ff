"""One run of git over objects that nobody vouches for: fed by a thread, read here, ended where it takes too long or too much."""

from __future__ import annotations

import contextlib
import io
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

STILL = 120.0  # seconds without a byte after which git is ended
_LONGEST = 3_600.0  # seconds of one run
_MEMORY = 2 << 30  # bytes that one git may hold beside the packs that it maps
_PART = 1 << 20  # bytes of a path


class Run:
    """One git, fed by a thread and read here; ended where it says nothing for long."""

    def __init__(
        self,
        argv: Sequence[str],
        env: dict[str, str],
        asked: Iterable[str] | None,
        folder: Path,
        still: float = STILL,
    ) -> None:
        self._asked, self.failed, self._still = asked, "", still
        self._errors = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._git = subprocess.Popen(
            list(argv),
            env=env,
            cwd=folder,
            stdin=subprocess.PIPE if asked is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=1 << 20,
        )
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(self._git.pid, resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        self._out = cast(io.BufferedReader, self._git.stdout)
        self._last = self._begun = time.monotonic()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._watch, daemon=True)]
        if asked is not None:
            self._threads.append(threading.Thread(target=self._feed, daemon=True))

    def __enter__(self) -> Run:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._git.poll() is None:  # whoever reads it has gone
            self._git.kill()
        self._out.close()
        self._git.wait()
        for thread in self._threads:
            thread.join()
        self._errors.close()

    def _ended(self) -> None:
        """Wait for its end, and note why it ended where that was early."""
        self._git.wait()
        if self._git.returncode and not self.failed:
            self._errors.seek(0)
            said = self._errors.read(400).decode("utf-8", "replace").strip().splitlines()
            self.failed = said[-1][:200] if said else f"it left with {self._git.returncode}"

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            now = time.monotonic()
            if now - self._last > self._still:
                self.failed = f"it said nothing for {self._still:.0f} s"
            elif now - self._begun > _LONGEST:
                self.failed = f"it took more than {_LONGEST:.0f} s"
            if self.failed:
                self._git.kill()
                return

    def _feed(self) -> None:
        assert self._git.stdin is not None and self._asked is not None
        with contextlib.suppress(OSError), self._git.stdin as to:
            for one in self._asked:
                to.write(one.encode() + b"\n")

    def lines(self) -> Iterator[bytes]:
        """Give the lines it writes."""
        for line in self._out:
            self._last = time.monotonic()
            yield line.rstrip(b"\n")
        self._ended()

    def parts(self) -> Iterator[bytes]:
        """Give what it writes between bytes of 0."""
        rest = b""
        while chunk := self._out.read1(1 << 20):
            self._last = time.monotonic()
            *whole, rest = (rest + chunk).split(b"\0")
            yield from whole
            if len(rest) > _PART:
                self.failed = "it wrote a path without an end"
                self._git.kill()
                return
        self._ended()

    def batch(self, sizes: Iterable[int]) -> Iterator[bytes | None]:
        """Give the contents of the objects asked for, None of one that is missing, until git has no more.

        sizes: of each, as git listed them; one that is longer all at once is not read, and ends it.
        """
        for listed in sizes:
            head = self._out.readline(4_096)
            self._last = time.monotonic()
            if not head:
                break
            fields = head.split()
            if len(fields) != 3 or not fields[2].isdigit():
                yield None
                continue
            size = int(fields[2])
            if size > listed:
                self.failed = f"it has {size:,} bytes where {listed:,} were listed"
                return
            data = self._out.read(size)
            if len(data) < size or self._out.read(1) != b"\n":
                break
            yield data
        self._ended()
