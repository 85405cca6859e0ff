"""A model's archive opened by whoever was given it: looked at, verified, and laid out in a home of its own that is swept.

Nothing in it is believed before it was verified, and nothing of it names a place of this machine: whatever a step read
then is read from the archive, or not at all.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from assay.engines.archives import Bounds
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, BadInput, Missing, Refused, UsageError
from assay.works.home import Home, loose_scratch
from assay.works.reproduction.target import Target

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.office.registry import PackageRecord

BOUNDS = Bounds(size=64 << 30, members=200_000)
_KEY = 1 << 16


@dataclass(frozen=True)
class Opened:
    """An archive that holds, laid out. found: what ``verify_model`` says of it. digest: of the archive itself."""

    target: Target
    home: Home
    found: Mapping[str, Any]
    digest: str
    left: tuple[Mapping[str, Any], ...]


def is_archive(text: str) -> bool:
    """Whether a text names an archive, and no run or model."""
    if text.endswith(".zip"):
        return True
    try:
        with Path(text).open("rb") as content:
            return content.read(4) == b"PK\x03\x04"
    except (OSError, ValueError):
        return False


def verified(path: Path, key: Path | None = None, log_key: Path | None = None) -> dict[str, Any]:
    """Return what a model's archive says, once all of it holds; Refused with what does not, BadInput if it is hostile.

    key, log_key: the public keys of the hallmark and of the log, from whoever is trusted.
    """
    from assay.engines import zips

    zips.members(path, BOUNDS)
    script: Any = importlib.import_module("assay.office.verify_model")
    given = [_key(k) for k in (key, log_key)]
    try:
        return dict(script.verify(path, *given))
    except script.ODD as error:
        said = str(error) if isinstance(error, script.Forged) else f"{type(error).__name__} {error}".strip()
        raise Refused(
            f"{path.name} is forged or damaged: {said[:300]}", remedy="get it again from its maker"
        ) from None


def _key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as content:
            return content.read(_KEY)
    except OSError:
        raise Missing(f"there is no key {str(path)!r}", remedy="name the file of a public key") from None


@contextlib.contextmanager
def opened(path: Path, key: Path | None = None, log_key: Path | None = None) -> Iterator[Opened]:
    """Open an archive that holds in a home of its own, which is swept afterwards."""
    from assay.engines import zips
    from assay.engines.blobs import digest_file

    with loose_scratch() as scratch:
        kept = scratch / "archive.zip"
        if not path.is_file():
            raise Missing(f"there is no archive {str(path)!r}", remedy="check its path")
        zips.bounded(path, BOUNDS)  # before it is copied: a disk is not filled by what is refused
        shutil.copyfile(path, kept)  # what is verified is what is opened
        try:
            found = verified(kept, key, log_key)
            files = zips.unpack(kept, scratch / "unpacked", BOUNDS)
        except AssayError as error:
            error.where = error.where.replace(kept.name, path.name)
            error.what = error.what.replace(kept.name, path.name)
            raise
        home = Home.create(scratch, {})
        try:
            manifest = json.loads(files["manifest.json"].read_text(encoding="utf-8"))
            _objects(files, manifest["trees"], home.store, scratch)
            target = _target(home, manifest, json.loads(files["rows.json"].read_text(encoding="utf-8")))
            yield Opened(target, home, found, digest_file(kept), tuple(manifest["left_out"]))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, AssayError):
                raise
            raise BadInput("what it records of its run cannot be read", where=path.name) from error
        finally:
            home.close()


def _objects(files: Mapping[str, Path], trees: list[str], store: Store, scratch: Path) -> None:
    """Put every object into a store under the digest of its bytes; folders are laid out and put as folders."""
    for name, path in files.items():
        if name.startswith("objects/") and store.put_file(path) != f"sha256:{name[8:]}":
            raise BadInput(f"{name} does not hold the bytes of its name")
    for number, digest in enumerate(trees):
        folder = scratch / "trees" / str(number)
        folder.mkdir(parents=True)
        for entry in json.loads(store.read(digest, 64 << 20)):
            inner = PurePosixPath(str(entry["path"]))
            if inner.is_absolute() or ".." in inner.parts or not inner.parts:
                raise BadInput(
                    f"the folder {digest[:19]} would be written outside itself: {ascii(str(inner))[:80]}"
                )
            target = folder / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(store.path(f"sha256:{entry['sha256']}"), target)
        if store.put_tree(folder) != digest:
            raise BadInput(f"the folder {digest[:19]} is not what its digest says")


def _target(home: Home, manifest: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> Target:
    from assay.office.registry import PackageRecord
    from assay.office.rows import read
    from assay.office.runs import RunRecord, StepRecord
    from assay.works.provenance.past import Past

    held = {str(r["row"]): str(json.loads(r["state"])["value"]) for r in rows}
    package: PackageRecord = read(PackageRecord, held[f"packages/{manifest['model']}"])
    run = read(RunRecord, held[f"runs/{manifest['run']}"])
    steps = {}
    for name, text in held.items():
        if name.startswith(f"steps/{run.id}/"):
            step = read(StepRecord, text)
            steps[step.name] = replace(step, inputs=_inside(step.inputs), outputs=_inside(step.outputs))
    document = json.loads(home.store.read(str(run.detail["provenance"]), 64 << 20))
    _harmless(document)
    return Target(Past(home, run, document, steps), package)


def _inside(assets: Mapping[str, Any]) -> dict[str, Asset]:
    """Return assets that lie in the archive, or nowhere: where they lay is a place of another machine."""
    found = {n: Asset.from_dict(dict(a)) for n, a in assets.items()}
    return {
        n: replace(a, uri=a.uri if a.kind == "key" else f"object:{a.digest}" if a.digest else "")
        for n, a in found.items()
    }


def _harmless(document: dict[str, Any]) -> None:
    """Take out of a run's document what would reach beyond the archive or ask for less isolation; Refused if it must."""
    from assay.works.provenance.recording import is_path

    bench = document["bench"]
    if bench.get("engine") not in (None, "duckdb"):
        raise Refused(
            f"its tables ran on {str(bench['engine'])[:60]}, which an archive cannot bring",
            remedy="rebuild it in the home that made it",
        )
    document["bench"] = {
        "engine": "duckdb", "isolation": "full", "isolation_then": str(bench.get("isolation")),
        "cores": min(64, max(1, int(bench.get("cores") or 1))),
    }  # fmt: skip
    for raw in document["steps"].values():
        raw["params"].pop("isolation", None)
        for name, value in raw["params"].items():
            if is_path(value):
                value["$path"] = PurePosixPath(str(value["$path"]).replace("\\", "/")).name or "file"
            elif _path_wanted(raw, name):
                raise UsageError(f"its {name} names a file of another machine: {str(value)[:80]!r}")


def _path_wanted(raw: Mapping[str, Any], name: str) -> bool:
    """Whether a step's parameter is a file by its signature, so that a plain text would be read as one of this machine."""
    from assay.works import declared
    from assay.works.signature import signature

    if raw["verb"] not in ("check", "treat") or raw["uses"] == "process":
        return name in ("script", "source")
    loaded = declared.load("check" if raw["verb"] == "check" else "treatment", str(raw["uses"]))
    return any(
        p.type is Path
        and p.role == "value"
        and name in (p.name, p.argument)
        and raw["params"][name] is not None
        for p in signature(loaded.function)
    )
