"""Python files rewritten so that credentials come from the default chain or the environment: shown first, written when asked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assay.engines.gitstate import is_wide
from assay.kernel.errors import Missing, UsageError
from assay.methods.secrets.applied import binary_patch
from assay.methods.secrets.chain import LARGEST, rewrite, shown_diff
from assay.methods.secrets.engine import Blob, Engine


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file with what would change, its secrets masked, and whether it was written. patch: what git applies."""

    file: str
    diff: str
    written: bool
    patch: str


def rewritten(paths: list[Path], write: bool) -> list[Rewritten]:
    """Return what changes in the Python files named, and in those of folders named; links are not followed.

    Of a folder what is hidden or installed (``.venv``, ``site-packages``) is left out: it is not the owner's to change.

    write: whether they are changed, each whole or not at all. UsageError where a path is no Python file or folder.
    """
    out = []
    for path in _files(paths):
        before = path.read_bytes() if path.stat().st_size <= LARGEST else b""
        hits = [
            h
            for _, many in Engine(datetime.now(UTC).isoformat()).search([Blob(before, path.as_posix())])
            for h in many
        ]
        after = rewrite(before, [(h.start, h.stop) for h in hits]) if hits else None
        if after is None:
            continue
        if write:
            fresh = path.with_name(f".{path.name}.{os.getpid()}")
            fresh.write_bytes(after)
            fresh.chmod(path.stat().st_mode & 0o7777)
            fresh.replace(path)
        out.append(
            Rewritten(
                str(path),
                shown_diff(path.as_posix(), before, after, [h.secret for h in hits]),
                write,
                _patch(path, before, after),
            )
        )
    return out


def _patch(path: Path, before: bytes, after: bytes) -> str:
    """Return the change as git applies it at the top of the repository, or where a file is in none, in the folder of now."""
    whole = path.absolute()
    top = next((p for p in whole.parents if (p / ".git").exists()), None)
    base = top or (Path.cwd() if whole.is_relative_to(Path.cwd()) else whole.parent)
    return binary_patch(whole.relative_to(base).as_posix(), before, after, wide=bool(top and is_wide(top)))


def _files(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise Missing(f"there is no file {str(path)!r}", remedy="check the path")
        if path.is_dir():
            every = (p for p in path.rglob("*.py") if p.is_file() and not p.is_symlink())
            found += sorted(p for p in every if not _elsewhere(p.relative_to(path).parts))
        elif path.suffix == ".py" and path.is_file() and not path.is_symlink():
            found.append(path)
        else:
            raise UsageError(f"{path} is no Python file", remedy="name Python files, or a folder of them")
    return found


def _elsewhere(parts: tuple[str, ...]) -> bool:
    return any(one.startswith(".") or one in ("site-packages", "node_modules") for one in parts)
