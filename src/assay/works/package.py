"""A model package on disk: the artifact, its code, environment, data digests and reports; the marks beside it.

packages/NAME/VERSION/package/…            what is signed
packages/NAME/VERSION/model.sig            OpenSSF model signing bundle
packages/NAME/VERSION/hallmark.intoto.json what the office examined, and its place in the ledger
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import canonical, plain

if TYPE_CHECKING:
    from assay.engines.blobs import Store

BUNDLE = "model.sig"
STATEMENT = "hallmark.intoto.json"


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a package. reports: step → the verdict's JSON."""

    artifact: Path
    artifact_name: str
    code: Path | None
    environment: Mapping[str, Any]
    inputs: Mapping[str, Asset]
    reports: Mapping[str, Mapping[str, Any]]
    about: Mapping[str, Any]


def build(contents: Contents, folder: Path) -> None:
    """Write a package into ``folder``. The same contents give the same bytes."""
    folder.mkdir(parents=True)
    shutil.copyfile(contents.artifact, folder / contents.artifact_name)
    if contents.code is not None and contents.code.is_dir():
        shutil.copytree(
            contents.code, folder / "code", symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    _write(folder / "environment.json", contents.environment)
    _write(
        folder / "inputs.json", {n: {"name": a.name, "digest": a.digest} for n, a in contents.inputs.items()}
    )
    _write(folder / "package.json", {"schema": "assay.package/1", **contents.about})
    (folder / "reports").mkdir()
    for step, report in contents.reports.items():
        _write(folder / "reports" / f"{step}.json", report)


def _write(path: Path, value: Any) -> None:
    path.write_bytes(canonical(plain(value)) + b"\n")


def keep(folder: Path, store: Store) -> dict[str, str]:
    """Put each file of a package into the store, and return path → digest."""
    return {
        path.relative_to(folder).as_posix(): store.put_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def lay_out(place: Path, files: Mapping[str, str], store: Store) -> Path:
    """Lay a package out from the store under ``place``/package, whole or not at all; return the folder."""
    folder = place / "package"
    if folder.is_dir():
        return folder
    fresh = place / f".package-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    for name, digest in files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with store.open(digest) as source, path.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
    fresh.rename(folder)
    return folder


def load_json(path: Path) -> Any:
    """Return a small JSON file of a package."""
    return json.loads(path.read_bytes())
