"""What git says of a folder: its commit, its branch, and what differs from the commit.

git runs over a repository's objects and index with a configuration of ours: one that came with a folder may name
programs (filters, monitors, hooks), and looking at a folder must start none of them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from assay.engines.regular import opened

MOST = 1 << 20  # bytes of a diff that are kept
_SECONDS = 5.0
WIDE = re.compile(r"(?im)^\s*objectformat\s*=\s*sha256\s*$")  # in a repository's configuration
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class GitState:
    """commit, branch: empty where there is none. diff: of tracked files under the folder, cut at MOST bytes.

    problem: why the diff could not be had; then ``diff`` is empty and says nothing.
    """

    commit: str
    branch: str
    diff: bytes = b""
    cut: bool = False
    problem: str = ""

    @property
    def dirty(self) -> bool | None:
        """Whether tracked files differ from the commit; None where that is not known."""
        return None if self.problem else bool(self.diff)


def look(folder: Path) -> GitState | None:
    """Return the state of the repository that a folder lies in; None where it lies in none."""
    found = next((p for p in (folder, *folder.parents) if (p / ".git").exists()), None)
    if found is None:
        return None
    try:
        own, common = places(found / ".git")
        commit, branch = _head(own, common)
    except (OSError, ValueError) as error:
        return GitState("", "", problem=f"the repository cannot be read: {str(error)[:120]}")
    if not commit:
        return GitState("", branch, problem="nothing is committed yet")
    try:
        diff, cut = _diff(found, own, common, commit, folder)
    except (OSError, subprocess.SubprocessError) as error:
        return GitState(commit, branch, problem=f"git gave no diff: {type(error).__name__}")
    return GitState(commit, branch, diff, cut)


def places(git: Path) -> tuple[Path, Path]:
    """Return the folder of HEAD and index, and the one of refs and objects: they differ in a linked work tree.

    ValueError where ``.git`` is a file that names no folder; OSError where it cannot be read.
    """
    if git.is_dir():
        return git, git
    text = line_of(git)
    if not text.startswith("gitdir: "):
        raise ValueError(".git names no folder")
    own = (git.parent / text[8:]).resolve()
    shared = own / "commondir"
    return own, (own / line_of(shared)).resolve() if shared.is_file() else own


def is_wide(top: Path) -> bool:
    """Whether the repository whose tree begins in a folder names its objects by SHA-256; not where that cannot be read."""
    try:
        with opened(places(top / ".git")[1] / "config", follow=True) as source:
            return WIDE.search(source.read(1 << 20).decode("utf-8", "replace")) is not None
    except (OSError, ValueError):
        return False


def _head(own: Path, common: Path) -> tuple[str, str]:
    text = line_of(own / "HEAD")
    if not text.startswith("ref: "):
        return (text if _HASH.fullmatch(text) else ""), ""
    ref = text[5:]
    if ".." in ref or ref.startswith("/"):
        raise ValueError("HEAD names no branch")
    for place in (own / ref, common / ref):
        if place.is_file() and _HASH.fullmatch(line_of(place)):
            return line_of(place), ref.removeprefix("refs/heads/")
    packed = common / "packed-refs"
    if packed.is_file():
        with packed.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                value, _, name = line.strip().partition(" ")
                if name == ref and _HASH.fullmatch(value):
                    return value, ref.removeprefix("refs/heads/")
    return "", ref.removeprefix("refs/heads/")


def line_of(path: Path) -> str:
    """Return the first line of a file, cut at 4 KB; OSError where it cannot be read, or is no regular file."""
    with opened(path, follow=True) as source:
        return source.read(4096).partition(b"\n")[0].decode("utf-8", "replace").strip()


def lay(ours: Path, wide: bool, commit: str = "") -> None:
    """Lay a repository of ours without objects into an empty folder. wide: whether names are SHA-256's."""
    (ours / "refs").mkdir()
    (ours / "objects").mkdir()
    (ours / "HEAD").write_text((commit or "ref: refs/heads/none") + "\n")
    kind = "[extensions]\n\tobjectformat = sha256\n" if wide else ""
    (ours / "config").write_text(f"[core]\n\trepositoryformatversion = {int(wide)}\n{kind}")


def environment(ours: Path, common: Path) -> dict[str, str]:
    """Return what git is started with: the repository's objects, a configuration of ours, and nothing of this machine's."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "GIT_DIR": str(ours),
        "GIT_OBJECT_DIRECTORY": str(common / "objects"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOC_LIMIT": "512m",  # of one object, however large it says that it is
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _diff(top: Path, own: Path, common: Path, commit: str, folder: Path) -> tuple[bytes, bool]:
    git = shutil.which("git")
    if git is None:
        raise FileNotFoundError("git")
    with tempfile.TemporaryDirectory(prefix="assay-git-") as made:
        ours = Path(made)
        lay(ours, len(commit) == 64, commit)
        if (own / "index").is_file():
            shutil.copyfile(own / "index", ours / "index")
        env = environment(ours, common) | {"GIT_WORK_TREE": str(top)}
        argv = [git, "diff", "--no-ext-diff", "--no-textconv", "--no-color", commit, "--", str(folder)]
        with tempfile.TemporaryFile(dir=made) as out:
            subprocess.run(
                argv, cwd=top, env=env, stdout=out, stderr=subprocess.DEVNULL, timeout=_SECONDS, check=True
            )
            out.seek(0)
            data = out.read(MOST + 1)
    return data[:MOST], len(data) > MOST
