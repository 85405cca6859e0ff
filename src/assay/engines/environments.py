"""A virtual environment with the versions that were recorded, built from wheels alone: of a folder, or of pip's index.

Nothing of what is installed runs while it is built; pip works as requirements.py lets it.
"""

from __future__ import annotations

import hashlib
import json
import platform
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from assay.engines import requirements
from assay.engines.folders import sweep
from assay.engines.interpreters import Interpreter, other
from assay.kernel.errors import UsageError


def build(
    asked: Mapping[str, str], pinned: Mapping[str, str], cache: Path, wheels: Path | None = None
) -> Interpreter:
    """Return the Python of an environment that holds ``asked`` (name → version) and what they need, as ``pinned`` says.

    Made once for each content. wheels: a folder that is the only source; else pip's own index. UsageError where a
    version cannot be had.
    """
    if wheels is not None and not wheels.is_dir():
        raise UsageError(f"there is no folder {str(wheels)!r}", remedy="name one that holds wheels")
    folder = cache.resolve() / f"python-{_key(asked, pinned, wheels)}"
    if not folder.is_dir():
        _make(folder, asked, pinned, wheels)
    return other(folder)


def _make(folder: Path, asked: Mapping[str, str], pinned: Mapping[str, str], wheels: Path | None) -> None:
    import venv

    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    lines, bounds = fresh.with_suffix(".txt"), fresh.with_suffix(".pins")
    try:
        venv.EnvBuilder(symlinks=True).create(fresh)
        lines.write_text("".join(f"{n}=={v}\n" for n, v in asked.items()))
        bounds.write_text("".join(f"{n}=={v}\n" for n, v in pinned.items()))
        options = ["--constraint", str(bounds)]
        if wheels is not None:
            options += ["--no-index", "--find-links", str(wheels.resolve())]
        if asked:
            requirements.pip(lines, _packages(fresh), options, "the recorded packages")
        try:
            fresh.rename(folder)
        except OSError:  # another was first
            if not folder.is_dir():
                raise
    finally:
        lines.unlink(missing_ok=True)
        bounds.unlink(missing_ok=True)
        sweep(fresh)


def _packages(folder: Path) -> Path:
    return folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def _key(asked: Mapping[str, str], pinned: Mapping[str, str], wheels: Path | None) -> str:
    held = (
        []
        if wheels is None
        else sorted((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in wheels.glob("*.whl"))
    )
    told = [platform.python_version(), sorted(asked.items()), sorted(pinned.items()), wheels is None, held]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
