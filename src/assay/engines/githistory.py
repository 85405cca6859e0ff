"""Every object of a git repository, read once: blobs, commits and tags, reachable or not, packed or loose.

git itself reads the objects, with a configuration of ours and none that came with the repository (see gitstate), out of a store
of ours that leads to the files in the tree alone (gitobjects): no hook, no filter, no program is started, nothing is fetched,
nothing is written. An object that git cannot read is told, and the next is read. What a history may unpack to is bounded.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.engines.folders import entries
from assay.engines.gitobjects import Store, inside
from assay.engines.gitrun import STILL, Run
from assay.engines.gitstate import WIDE, environment, lay, line_of, places
from assay.kernel.errors import BadInput, Missing

LARGEST = 64 << 20  # bytes of an object that is read
_SOON = 40.0  # seconds that git may look for the files that one commit brings in
MOST = 8_000_000  # objects of one history that are read, trees left out
LEAST, TIMES = 2 << 30, 500  # bytes that a history may unpack to: so many, and so many times what it takes
_PATHS, _EACH = 2_000_000, 500  # files that commits may bring in: so many, and so many more a commit
_BROKEN = 200  # times that git may end on an object
_REFS = 200_000
_OURS = (
    "-c",
    "core.deltaBaseCacheLimit=256m",
    "-c",
    "core.quotePath=false",
    "-c",
    "core.multiPackIndex=false",
)
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LINK = b"160000"  # the mode of a commit of another repository
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
    root: Path
    skipped: dict[str, str] = field(default_factory=dict)
    _ours: Path = field(default=Path())
    _git: str = ""
    _left: int = 0

    @contextlib.contextmanager
    def opened(self) -> Iterator[History]:
        """Make it ready to be asked; Missing where there is no git."""
        git = shutil.which("git")
        if git is None:
            raise Missing("git is not installed, so no history can be read", remedy="install git")
        with tempfile.TemporaryDirectory(prefix="assay-git-") as made:
            self._git, self._ours = git, Path(made)
            lay(self._ours, WIDE.search(self._text("config", 1 << 20)) is not None)
            ids = [i for i in self._text("shallow", 16 << 20).split() if _HASH.fullmatch(i)]
            if ids:
                self.skip(
                    f"what came before {len(ids):,} {'commit' if len(ids) == 1 else 'commits'}",
                    "not here, as in a shallow clone; nothing is fetched: git fetch --unshallow brings it",
                )
                (self._ours / "shallow").write_text("".join(f"{i}\n" for i in ids))
            store = Store(self.root.resolve(), self.skip)
            store.lay(self.common / "objects", self._ours)
            self._left = LEAST + TIMES * store.size
            yield self

    def _text(self, name: str, most: int) -> str:
        """Return a file beside the objects, nothing where it is no file of the tree; what is past ``most`` is left and told."""
        path = self.common / name
        if not path.is_file() or not inside(path, self.root):
            return ""
        with path.open("rb") as source:
            data = source.read(most + 1)
        if len(data) > most:
            self.skip(name, f"it has more than {most >> 20} MiB")
        return data[:most].decode("utf-8", "replace")

    def objects(self) -> list[Entry]:
        """Return all blobs, commits and tags, in the order of the packs they lie in."""
        form = "--batch-check=%(objecttype) %(objectname) %(objectsize)"
        out: list[Entry] = []
        with self._run(["cat-file", "--batch-all-objects", "--unordered", "--buffer", form]) as run:
            for line in run.lines():
                kind, _, rest = line.partition(b" ")
                id, _, size = rest.partition(b" ")
                if kind == b"tree" and size.isdigit():
                    continue
                if len(out) == MOST:
                    self.skip(f"what is past {MOST:,} objects", "no more are read of one history")
                    break
                if size.isdigit():
                    out.append(
                        Entry(kind.decode("ascii", "replace"), id.decode("ascii", "replace"), int(size))
                    )
                elif kind:
                    self.skip(f"object {kind.decode('ascii', 'replace')[:12]}", "git cannot read it")
            if run.failed:
                self.skip("the list of objects", f"git ended early: {run.failed}")
        return out

    def contents(self, asked: Sequence[Entry]) -> Iterator[tuple[Entry, bytes]]:
        """Give objects with their bytes, in the order asked. One larger than ``LARGEST`` is told as skipped."""
        wanted = list(self._affordable(asked))
        at = broken = 0
        while at < len(wanted):
            with self._run(["cat-file", "--batch", "--buffer"], [one.id for one in wanted[at:]]) as run:
                for data in run.batch(one.size for one in wanted[at:]):
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

    def _affordable(self, asked: Sequence[Entry]) -> Iterator[Entry]:
        """Give those that are read: none of more than ``LARGEST``, and in all as much as a history may unpack to."""
        over = 0
        for one in asked:
            if one.size > LARGEST:
                self.skip(
                    f"{one.kind} {one.id[:12]}", f"it has {one.size >> 20} MiB, more than {LARGEST >> 20}"
                )
            elif one.size > self._left:
                over += 1
            else:
                self._left -= one.size
                yield one
        if over:
            self.skip(f"{over:,} objects", f"all would unpack to more than {TIMES} times what they take")

    def introduced(self, commits: Sequence[tuple[int, str]]) -> dict[str, Introduced]:
        """Return blob → where it came in first, by the time of the commits: (seconds since 1970, id)."""
        when = {id: at for at, id in commits}
        ordered = [id for _, id in sorted(commits)]
        out: dict[str, Introduced] = {}
        left = _PATHS + _EACH * len(ordered)
        argv = ["diff-tree", "--stdin", "-r", "-m", "--root", "--no-renames", "-z", "--diff-filter=AMT"]
        with self._run(argv, ordered, _SOON) as run:
            commit, blob = "", ""
            for part in run.parts():
                if blob:
                    out.setdefault(
                        blob, Introduced(commit, when.get(commit, 0), part.decode("utf-8", "replace"))
                    )
                    blob = ""
                elif part[:1] == b":":
                    fields = part.split(b" ")
                    blob = (
                        fields[3].decode("ascii", "replace")
                        if len(fields) == 5 and fields[1] != _LINK
                        else ""
                    )
                    left -= 1
                    if left < 0:  # a few trees, each of which holds another many times over
                        run.failed = "its trees name more files than are looked at"
                        break
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
            found |= self._named(head)
        packed = self._text("packed-refs", 64 << 20).split("\n", _REFS)
        found |= {line.partition(" ")[0].lstrip("^").strip() for line in packed[:_REFS]}
        refs = self.common / "refs"
        try:
            if refs.is_dir() and inside(refs, self.root):
                for at, one in enumerate(entries(refs)):
                    if at > _REFS:
                        self.skip("refs", f"there are more than {_REFS:,}")
                        break
                    if one.is_file:
                        found |= self._named(refs / one.path)
        except BadInput as error:
            self.skip("refs", str(error)[:200])
        return {one for one in found if _HASH.fullmatch(one)}

    def _named(self, ref: Path) -> set[str]:
        """Return the id in a file of one, nothing where it is none of the tree."""
        with contextlib.suppress(OSError, ValueError):
            if not ref.is_symlink() or inside(ref, self.root):
                return {line_of(ref)}
        return set()

    def skip(self, what: str, why: str) -> None:
        """Note what could not be read."""
        if len(self.skipped) < 1_000:
            self.skipped.setdefault(what, why)

    def _run(self, args: Sequence[str], asked: Iterable[str] | None = None, still: float = STILL) -> Run:
        return Run([self._git, *_OURS, *args], environment(self._ours, self._ours), asked, self._ours, still)


def repositories(root: Path) -> Iterator[tuple[Path, str]]:
    """Give each repository in a folder: its ``.git`` (or itself, of a bare one), and the name of its tree; links are not followed."""
    todo = [str(root)] if root.is_dir() else []
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as found:
                found_here = sorted((e.name, e.is_dir(follow_symlinks=False), e.is_symlink()) for e in found)
        except OSError:
            continue
        folders = {name for name, is_folder, _ in found_here if is_folder}
        name = _name(Path(folder), root)
        head = "refs" in folders or any(n == "HEAD" for n, _, _ in found_here)
        if "objects" in folders and (head or folder.endswith("/.git")):
            yield Path(folder), name
            todo += [os.path.join(folder, "modules")] if "modules" in folders else []  # noqa: PTH118
            continue
        todo += [os.path.join(folder, one) for one in folders]  # noqa: PTH118
        if any(n == ".git" and not is_folder and not link for n, is_folder, link in found_here):
            yield Path(folder) / ".git", name


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
    if not inside(common, root) or not inside(own, root):
        raise ValueError(f"its history lies outside of the tree, in {common}")
    return History(own, common, root)


def made_at(commit: bytes) -> int:
    """Return when a commit was made, in seconds since 1970; 0 where it does not say."""
    found = _WHEN.search(commit)
    return int(found[1]) if found else 0
