"""A model package on disk: the artifact, its code, environment, data digests and reports; the marks beside it.

packages/NAME/VERSION/package/…            what is signed; in card/, the model card where one was written;
                                           input_schema.json, what its rows look like, where its training rows are known;
                                           preparation.json, what is done to a row before the model, where anything is
packages/NAME/VERSION/model.sig            OpenSSF model signing bundle
packages/NAME/VERSION/hallmark.intoto.json what the office examined, and its place in the ledger
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import canonical, plain
from assay.methods.inputschema import schema as inputschema
from assay.methods.preparing import preparation

if TYPE_CHECKING:
    from assay.engines.blobs import Store


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a package. reports: step → the verdict, as ``document`` writes it. card: file → its bytes.

    schema, preparation: the bytes of the input schema and of the preparation, empty where there is none.
    """

    artifact: Path
    artifact_name: str
    code: Path | None
    environment: Mapping[str, Any]
    inputs: Mapping[str, Asset]
    reports: Mapping[str, bytes]
    about: Mapping[str, Any]
    card: Mapping[str, bytes] = field(default_factory=dict)
    schema: bytes = b""
    preparation: bytes = b""


def build(contents: Contents, folder: Path) -> None:
    """Write a package into ``folder``. The same contents give the same bytes."""
    folder.mkdir(parents=True)
    shutil.copyfile(contents.artifact, folder / contents.artifact_name)
    if contents.code is not None and contents.code.is_dir():
        shutil.copytree(
            contents.code, folder / "code", symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    environment = {"schema": "assay.environment/1", **contents.environment}
    (folder / "environment.json").write_bytes(document(environment))
    inputs = {n: {"name": a.name, "digest": a.digest} for n, a in contents.inputs.items()}
    (folder / "inputs.json").write_bytes(document({"schema": "assay.inputs/1", "inputs": inputs}))
    (folder / "package.json").write_bytes(document({"schema": "assay.package/1", **contents.about}))
    (folder / "reports").mkdir()
    for step, report in contents.reports.items():
        (folder / "reports" / f"{step}.json").write_bytes(report)
    if contents.schema:
        (folder / inputschema.FILE).write_bytes(contents.schema)
    if contents.preparation:
        (folder / preparation.FILE).write_bytes(contents.preparation)
    if contents.card:
        (folder / "card").mkdir()
    for name, content in contents.card.items():
        (folder / "card" / name).write_bytes(content)


def document(value: Any) -> bytes:
    """Return the bytes of a JSON file of a package: the same value gives the same bytes."""
    return canonical(plain(value)) + b"\n"


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
