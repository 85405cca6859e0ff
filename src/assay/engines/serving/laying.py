"""What of a package a replica is given: the model, unpacked where it is an archive, and the code beside it; no reports, no cards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from assay.engines import archives
from assay.kernel.errors import BadInput
from assay.methods.preparing import preparation

_ABOUT = "package.json"
_TARS = (".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tar.xz")


def lay_out(package: Path, into: Path) -> Path:
    """Copy what a replica needs of a package, or of any folder or file that holds a model, into a fresh folder; return it.

    BadInput where there is no model in it.
    """
    shutil.rmtree(into, ignore_errors=True)
    if package.is_file():
        return _model(package, into)
    if not package.is_dir():
        raise BadInput("there is no model", where=str(package))
    if not (package / _ABOUT).is_file():
        shutil.copytree(package, into, symlinks=True)
        return into
    model = artifact(package)
    if model.is_dir():
        shutil.copytree(model, into, symlinks=True)
    else:
        _model(model, into)
    if (package / "code").is_dir() and not (into / "code").exists():
        shutil.copytree(package / "code", into / "code", symlinks=True)
    (into / preparation.FILE).unlink(
        missing_ok=True
    )  # the package's own says what is done to rows, and no model's
    for name in ("inference.py", "assay.json", preparation.FILE):
        if (package / name).is_file() and not (into / name).exists():
            shutil.copyfile(package / name, into / name)
    return into


def artifact(package: Path) -> Path:
    """Return the model's file of a package; BadInput where there is none."""
    found = sorted(p for p in package.iterdir() if p.name == "model" or p.name.startswith("model."))
    if not found:
        raise BadInput("the package holds no model", where=str(package))
    return found[0]


def about(package: Path) -> dict[str, object]:
    """Return what a package says of itself, nothing where it is none."""
    path = package / _ABOUT
    raw = json.loads(path.read_bytes()) if path.is_file() else {}
    return raw if isinstance(raw, dict) else {}


def _model(path: Path, into: Path) -> Path:
    if path.name.endswith(_TARS):
        archives.unpack(path, into)
        return into
    into.mkdir(parents=True)
    shutil.copyfile(path, into / path.name)
    return into
