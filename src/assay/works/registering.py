"""Registration: a package is built, entered in the book as PENDING, and marked when every gate passed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.verdict import Verdict
from assay.works import package

if TYPE_CHECKING:
    from assay.office.registry import PackageRecord
    from assay.works.bench import Bench
    from assay.works.home import Home

TOOL = "assay"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What stands behind a model that is to be registered."""

    home: Home
    bench: Bench
    run: str
    pipeline: str
    actor: str
    verdicts: Mapping[str, Verdict]
    inputs: Mapping[str, Asset]
    code: Asset | None
    environment: Mapping[str, Any]
    isolation: str


@dataclass(frozen=True, slots=True)
class Registered:
    """The package as it now is. new: whether this act registered it. hallmark: the bundle's path, or None."""

    record: PackageRecord
    new: bool
    hallmark: Path | None


def _check_name(name: str) -> None:
    fine = name and len(name) <= 128 and all(c.isalnum() or c in "-_." for c in name) and name[0].isalnum()
    if not fine:
        raise UsageError(f"a model cannot be called {name!r}", remedy="use letters, digits, -, _ and .")


def enter(candidate: Candidate, model: Asset, name: str, metadata: Mapping[str, Any]) -> Registered:
    """Register ``model`` as the next version of ``name``, or return the version that it already is.

    Objects first, then row and event together; then the mark, which is an event of its own. Each part is safe to
    repeat: a run that was cut short finishes what it began.
    """
    from assay.engines.blobs import digest_tree
    from assay.office import registry

    _check_name(name)
    home = candidate.home
    fresh = home.folder("scratch") / f"package-{os.getpid()}-{candidate.run}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        package.build(_contents(candidate, model, name, metadata), fresh)
        digest = digest_tree(fresh)
        files = package.keep(fresh, home.store)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    record = _same(home, name, digest)
    new = record is None
    if record is None:
        with home.office.transaction() as tx:
            record = registry.register(
                tx,
                name,
                digest=digest,
                files=files,
                reports={s: files[f"reports/{s}.json"] for s in candidate.verdicts},
                run=candidate.run,
                actor=candidate.actor,
                metadata={**metadata, "artifact": _artifact(model), "format": model.format},
            )
    passed = all(v.passed for v in candidate.verdicts.values())
    hallmark = mark(home, record, candidate.actor, candidate.isolation) if passed else None
    return Registered(registry.get(home.office, f"{name}@{record.version}"), new, hallmark)


def _same(home: Home, name: str, digest: str) -> PackageRecord | None:
    from assay.office import registry

    found = [r for r in registry.listing(home.office) if r.name == name and r.digest == digest]
    return found[-1] if found else None


def _artifact(model: Asset) -> str:
    suffix = f".{model.format}" if model.format and model.format != "folder" else ""
    return f"model{suffix}"


def _contents(candidate: Candidate, model: Asset, name: str, metadata: Mapping[str, Any]) -> package.Contents:
    bench = candidate.bench
    return package.Contents(
        artifact=bench.path(model),
        artifact_name=_artifact(model),
        code=bench.path(candidate.code) if candidate.code else None,
        environment=candidate.environment,
        inputs=candidate.inputs,
        reports={s: v.to_dict(tool()) for s, v in candidate.verdicts.items()},
        about={"name": name, "pipeline": candidate.pipeline, **metadata},
    )


def tool() -> dict[str, str]:
    """Return who wrote a document."""
    from assay import __version__

    return {"name": TOOL, "version": __version__}


def place_of(home: Home, record: PackageRecord) -> Path:
    """Return the folder that holds a package and its marks."""
    return home.folder("packages", record.name, str(record.version))


def mark(home: Home, record: PackageRecord, actor: str, isolation: str) -> Path:
    """Strike the hallmark beside the package, once; return the bundle's path.

    It says that the package was examined and every gate passed, never that it is approved.
    """
    from assay.office import hallmark

    place = place_of(home, record)
    folder = package.lay_out(place, record.files, home.store)
    bundle_path, statement_path = place / package.BUNDLE, place / package.STATEMENT
    if bundle_path.is_file() and statement_path.is_file():
        return bundle_path
    bundle, statement = hallmark.strike_and_record(
        home.office, record, folder, keyring=home.keyring, actor=actor, extra={"isolation": isolation}
    )
    for path, content in ((bundle_path, bundle), (statement_path, statement)):
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(content)
        fresh.replace(path)
    return bundle_path
