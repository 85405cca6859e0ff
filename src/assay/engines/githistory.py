"""Every object of a git repository, read once: blobs, commits and tags, reachable or not, packed or loose.

git itself reads the objects, with a configuration of ours and none that came with the repository (see gitstate): no hook, no
filter, no program is started, nothing is fetched, nothing is written. An object that git cannot read is told, and the next is read.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from assay.engines.gitstate import environment, lay, line_of, places
from assay.kernel.errors import Missing

LARGEST = 64 << 20  # bytes of an object that is read
_STILL = 120.0  # seconds without a byte after which git is ended
_BROKEN = 200  # times that git may end on an object
_REFS = 200_000
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_WIDE = re.compile(r"(?im)^\s*objectformat\s*=\s*sha256\s*$")
_WHEN = re.compile(rb"(?m)^committer [^\n]*> (-?\d{1,12}) [+-]\d{4}$")


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as git lists it. kind: blob, commit, tag or tree. size: bytes of its content."""

    kind: str
    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Introduced:
    """Where a blob first came in: the commit, when it was made (seconds since 1970), and the path it had there."""

    commit: str
    when: int
    path: str


@dataclass
class History:
    """A repository's objects. skipped: what could not be read, and why."""

    own: Path
    common: Path
    skipped: dict[str, str] = field(default_factory=dict)
    _ours: Path = field(default=Path())
    _git: str = ""

    @contextlib.contextmanager
    def opened(self) -> Iterator[History]:
        """Make it ready to be asked; Missing where there is no git."""
        git = shutil.which("git")
        if git is None:
            raise Missing("git is not installed, so no history can be read", remedy="install git")
        with tempfile.TemporaryDirectory(prefix="assay-git-") as made:
            self._git, self._ours = git, Path(made)
            config = self.common / "config"
            text = _text(config, 1 << 20) if config.is_file() else ""
            lay(self._ours, _WIDE.search(text) is not None)
            shallow = self.common / "shallow"
            if shallow.is_file():
                ids = _text(shallow, 16 << 20).split()
                (self._ours / "shallow").write_text("".join(f"{i}\n" for i in ids if _HASH.fullmatch(i)))
            yield self

    def objects(self) -> list[Entry]:
        """Return all objects, in the order of the packs they lie in."""
        form = "--batch-check=%(objecttype) %(objectname) %(objectsize)"
        out: list[Entry] = []
        with self._run(["cat-file", "--batch-all-objects", "--unordered", "--buffer", form]) as run:
            for line in run.lines():
                kind, _, rest = line.partition(b" ")
                id, _, size = rest.partition(b" ")
                if size.isdigit():
                    out.append(Entry(kind.decode(), id.decode(), int(size)))
                elif kind:
                    self.skip(f"object {kind.decode('ascii', 'replace')[:12]}", "git cannot read it")
            if run.failed:
                self.skip("the list of objects", f"git ended early: {run.failed}")
        return out

    def contents(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes]]:
        """Give objects with their bytes, in the order asked. One larger than ``LARGEST`` is told as skipped."""
        for one in entries:
            if one.size > LARGEST:
                self.skip(
                    f"{one.kind} {one.id[:12]}", f"it has {one.size >> 20} MiB, more than {LARGEST >> 20}"
                )
        wanted = [one for one in entries if one.size <= LARGEST]
        at = broken = 0
        while at < len(wanted):
            with self._run(["cat-file", "--batch", "--buffer"], [one.id for one in wanted[at:]]) as run:
                for data in run.batch():
                    if data is None:
                        self.skip(f"{wanted[at].kind} {wanted[at].id[:12]}", "it is missing")
                    else:
                        yield wanted[at], data
                    at += 1
            if at < len(wanted):  # git ended on this one
                broken += 1
                self.skip(
                    f"{wanted[at].kind} {wanted[at].id[:12]}",
                    f"git cannot read it: {run.failed or 'it ended'}",
                )
                at += 1
                if broken > _BROKEN:
                    self.skip(f"{len(wanted) - at:,} objects", f"git ended {_BROKEN} times before them")
                    return

    def introduced(self, commits: Sequence[tuple[int, str]]) -> dict[str, Introduced]:
        """Return blob → where it came in first, by the time of the commits: (seconds since 1970, id)."""
        when = {id: at for at, id in commits}
        ordered = [id for _, id in sorted(commits)]
        out: dict[str, Introduced] = {}
        argv = ["diff-tree", "--stdin", "-r", "-m", "--root", "--no-renames", "-z", "--diff-filter=AMT"]
        with self._run(argv, ordered) as run:
            commit, blob = "", ""
            for part in run.parts():
                if blob:
                    out.setdefault(
                        blob, Introduced(commit, when.get(commit, 0), part.decode("utf-8", "replace"))
                    )
                    blob = ""
                elif part[:1] == b":":
                    fields = part.split(b" ")
                    blob = fields[3].decode() if len(fields) == 5 else ""
                else:
                    commit = part.strip().decode("ascii", "replace")
            if run.failed:
                self.skip("where each file came in", f"git ended early: {run.failed}")
        return out

    def reachable(self) -> set[str]:
        """Return the commits that a branch, a tag, HEAD or another ref leads to."""
        with self._run(["rev-list", "--stdin", "--ignore-missing"], sorted(self.refs())) as run:
            return {line.decode() for line in run.lines()}

    def refs(self) -> set[str]:
        """Return the ids that refs name, packed and loose."""
        found: set[str] = set()
        for head in {self.own / "HEAD", self.common / "HEAD"}:
            with contextlib.suppress(OSError):
                found.add(line_of(head))
        with (
            contextlib.suppress(OSError),
            (self.common / "packed-refs").open(encoding="utf-8", errors="replace") as lines,
        ):
            found |= {
                line.partition(" ")[0].lstrip("^").strip()
                for _, line in zip(range(_REFS), lines, strict=False)
            }
        for at, path in enumerate((self.common / "refs").rglob("*")):
            if at > _REFS:
                break
            with contextlib.suppress(OSError):
                if path.is_file() and not path.is_symlink():
                    found.add(line_of(path))
        return {one for one in found if _HASH.fullmatch(one)}

    def skip(self, what: str, why: str) -> None:
        """Note what could not be read."""
        if len(self.skipped) < 1_000:
            self.skipped.setdefault(what, why)

    def _run(self, args: Sequence[str], asked: Iterable[str] | None = None) -> _Run:
        argv = [self._git, "-c", "core.deltaBaseCacheLimit=256m", "-c", "core.quotePath=false", *args]
        return _Run(argv, environment(self._ours, self.common), asked, self._ours)


class _Run:
    """One git, fed by a thread and read here; ended where it says nothing for long."""

    def __init__(
        self, argv: Sequence[str], env: dict[str, str], asked: Iterable[str] | None, folder: Path
    ) -> None:
        self._asked, self.failed = asked, ""
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
        self._out = cast(io.BufferedReader, self._git.stdout)
        self._last = time.monotonic()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._watch, daemon=True)]
        if asked is not None:
            self._threads.append(threading.Thread(target=self._feed, daemon=True))

    def __enter__(self) -> _Run:
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
            if time.monotonic() - self._last > _STILL:
                self.failed = f"it said nothing for {_STILL:.0f} s"
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
        self._ended()

    def batch(self) -> Iterator[bytes | None]:
        """Give the contents of the objects asked for, None of one that is missing, until git has no more."""
        while head := self._out.readline(4_096):
            self._last = time.monotonic()
            fields = head.split()
            if len(fields) != 3 or not fields[2].isdigit():
                yield None
                continue
            size = int(fields[2])
            data = self._out.read(size)
            if len(data) < size or self._out.read(1) != b"\n":
                break
            yield data
        self._ended()


def repositories(root: Path) -> Iterator[tuple[Path, str]]:
    """Give each repository in a folder: its ``.git`` (or itself, of a bare one), and the name of its tree; links are not followed."""
    todo = [str(root)] if root.is_dir() else []
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as found:
                inside = sorted((e.name, e.is_dir(follow_symlinks=False), e.is_symlink()) for e in found)
        except OSError:
            continue
        folders = {name for name, is_folder, _ in inside if is_folder}
        name = _name(Path(folder), root)
        if {"objects", "refs"} <= folders and any(n == "HEAD" for n, _, _ in inside):
            yield Path(folder), name
            todo += [os.path.join(folder, "modules")] if "modules" in folders else []  # noqa: PTH118
            continue
        todo += [os.path.join(folder, one) for one in folders]  # noqa: PTH118
        if any(n == ".git" and not is_folder and not link for n, is_folder, link in inside):
            yield Path(folder) / ".git", name


def _text(path: Path, most: int) -> str:
    with path.open("rb") as source:
        return source.read(most).decode("utf-8", "replace")


def _name(folder: Path, root: Path) -> str:
    """Return what a repository's files are said to lie in: the folder of a ``.git``, a bare one itself without its ``.git``."""
    name = folder.relative_to(root).as_posix()
    if name in (".", ".git"):
        return ""
    return name.removesuffix("/.git").removesuffix(".git")


def history(git: Path, root: Path) -> History:
    """Return the history that a ``.git`` leads to; ValueError where it lies outside of ``root``, OSError where it cannot be read."""
    bare = (git / "objects").is_dir()
    own, common = (git, git) if bare else places(git)
    if not common.resolve().is_relative_to(root.resolve()):
        raise ValueError(f"its history lies outside of the tree, in {common}")
    return History(own, common)


def made_at(commit: bytes) -> int:
    """Return when a commit was made, in seconds since 1970; 0 where it does not say."""
    found = _WHEN.search(commit)
    return int(found[1]) if found else 0
