"""A git repository: each checkpoint a commit of one file; who pushes it elsewhere has it witnessed there too."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from assay.engines.witnesses.witness import MOST, Kept, Witness
from assay.kernel.errors import Missing, UsageError

_OWN = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "user.name=assay",
    "-c",
    "user.email=assay@localhost",
    "-c",
    "commit.gpgsign=false",
)
_SECONDS = 60


class Repository(Witness):
    """The file is named after the log, so that one repository serves several."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise Missing(f"there is no folder {path!r}", remedy="make it with git init")

    def _git(self, *words: str) -> str:
        command = ["git", "-C", str(self.path), *_OWN, *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except FileNotFoundError:
            raise Missing("there is no git here", remedy="install it: apt install git") from None
        except subprocess.TimeoutExpired:
            raise UsageError("git does not answer", where=str(self.path)) from None
        if done.returncode:
            raise UsageError(f"git refuses: {done.stderr.strip()[:200]}", where=str(self.path))
        return done.stdout

    def keep(self, size: int, note: str) -> Kept:
        """Commit the checkpoint; one that is there already is not committed again."""
        name = _name(note)
        (self.path / name).write_text(note, encoding="utf-8")
        self._git("add", "--", name)
        if self._git("status", "--porcelain", "--", name).strip():
            self._git("commit", "-q", "-m", f"{note.partition(chr(10))[0]}: {size} events", "--", name)
        return Kept(self._git("rev-parse", "HEAD").strip())

    def seen(self) -> list[str]:
        """Return the checkpoints of the latest commits, of every log that the repository serves."""
        commits = self._git("log", f"-{MOST}", "--format=%H", "--name-only", "--", "*.checkpoint").split("\n")
        out, commit = [], ""
        for line in commits:
            if line.endswith(".checkpoint"):
                out.append(self._git("show", f"{commit}:{line}"))
            elif line:
                commit = line
        return out


def _name(note: str) -> str:
    origin = note.partition("\n")[0]
    return hashlib.sha256(origin.encode()).hexdigest()[:16] + ".checkpoint"
