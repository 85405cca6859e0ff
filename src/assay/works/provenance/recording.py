"""What a run records of itself before its first step: its pipeline as resolved, its code, where it runs, its seeds.

A document (``assay.provenance/1``) in the store, named by the run. What each step read and made, and its report, are in
the step's own row. From both the run can be told from another and carried out again.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import plain
from assay.kernel.errors import AssayError
from assay.works.pipeline import Pipeline
from assay.works.scripts import copy_code
from assay.works.step import Step

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.works.bench import Bench
    from assay.works.home import Home

SCHEMA = "assay.provenance/1"
MOST_KEPT = 64 << 20  # bytes of a data file of which a copy is kept, so that a run can be looked at again
_PATH = "$path"


def record(pipeline: Pipeline, bench: Bench) -> str:
    """Put the document of a run that begins into the store, and return its digest."""
    from assay.engines.surroundings import surroundings

    store = bench.store
    document = {
        "schema": SCHEMA,
        "pipeline": {
            "name": pipeline.name,
            "file": {"name": pipeline.file.name, "digest": store.put_file(pipeline.file)},
            "seed": pipeline.seed,
            "settings": dict(pipeline.settings),
        },
        "data": dict(pipeline.data),
        "steps": {name: _step(step, pipeline, store) for name, step in pipeline.steps.items()},
        "git": _git(pipeline.file.resolve().parent, store),
        "environment": surroundings(bench.home.settings.image if bench.home else ""),
        "bench": {
            "isolation": bench.isolation,
            "engine": bench.engine,
            "cores": bench.cores,
            "memory": bench.memory,
        },
    }
    # Not canonical, which sorts: the first input of a step is its subject, and steps stand in their order.
    return store.put_bytes(json.dumps(plain(document), ensure_ascii=False).encode())


def record_script(name: str, script: Path | None, seed: int | None, home: Home) -> str:
    """Put the document of a run outside pipelines into the store: its script, or none in a notebook; no step."""
    from assay.engines.surroundings import surroundings

    store, settings = home.store, home.settings
    file = {"name": script.name, "digest": store.put_file(script)} if script else {"name": "", "digest": ""}
    document = {
        "schema": SCHEMA,
        "pipeline": {"name": name, "file": file, "seed": seed, "settings": {}},
        "data": {},
        "steps": {},
        "git": _git(script.resolve().parent if script else Path.cwd(), store),
        "environment": surroundings(settings.image),
        "bench": {
            "isolation": settings.isolation,  # nothing of it is replayed; its tables are looked into as the home says
            "engine": settings.engine,
            "cores": settings.cores,
            "memory": settings.memory,
        },
    }
    return store.put_bytes(json.dumps(plain(document), ensure_ascii=False).encode())


def _step(step: Step, pipeline: Pipeline, store: Store) -> dict[str, Any]:
    base = pipeline.file.resolve().parent
    return {
        "verb": step.verb,
        "uses": step.uses,
        "inputs": {n: str(ref) for n, ref in step.inputs.items()},
        "reports": dict(step.reports),
        "keys": dict(step.keys),
        "trainers": dict(step.trainers),
        "params": _params(step, base, store),
        "gate": {"at": str(step.gate), "incomplete": step.gate.allow_incomplete},
        "after": None if step.after is None else list(step.after),
        "seed": step.seed,
    }


def _params(step: Step, base: Path, store: Store) -> dict[str, Any]:
    """Return the parameters; a file is its name and digest, a script its name and the digest of all that goes with it."""
    out: dict[str, Any] = {}
    for name, value in step.params.items():
        if step.script is not None and name == "script":
            source = step.params.get("source")
            out[name] = {_PATH: str(value), **_code(base / value, base / source if source else None, store)}
        elif isinstance(value, Path):
            out[name] = {_PATH: str(value), **_kept(base / value, store)}
        else:
            out[name] = plain(value)
    return out


def _code(script: Path, source: Path | None, store: Store) -> dict[str, Any]:
    """Keep a script's code as the job will be given it; what cannot be kept is told by the step that needs it."""
    with tempfile.TemporaryDirectory(prefix="assay-code-") as folder:
        code = Path(folder, "code")
        try:
            copy_code(script, source, code)
            return {"digest": store.put_tree(code), "tree": True}
        except (AssayError, OSError):
            return {"digest": "", "tree": True}


def _kept(path: Path, store: Store) -> dict[str, Any]:
    try:
        if path.is_dir():
            return {"digest": store.put_tree(path), "tree": True}
        return {"digest": store.put_file(path), "tree": False}
    except (AssayError, OSError):
        return {"digest": "", "tree": path.is_dir()}


def _git(folder: Path, store: Store) -> dict[str, Any] | None:
    from assay.engines.gitstate import look

    found = look(folder)
    if found is None:
        return None
    return {
        "commit": found.commit,
        "branch": found.branch,
        "dirty": found.dirty,
        "diff": store.put_bytes(found.diff) if found.diff else None,
        "cut": found.cut,
        "problem": found.problem,
    }


def keep_data(asset: Asset, store: Store) -> None:
    """Keep a copy of a data file that is not too large, whose digest is that of its bytes: later it may be another."""
    path = Path(asset.uri)
    if "://" in asset.uri or "::" in asset.uri or not asset.digest or store.has(asset.digest):
        return
    try:
        if path.is_file() and path.stat().st_size <= MOST_KEPT:
            store.put_file(path)
    except OSError:
        return


def is_path(value: Any) -> bool:
    """Whether a recorded parameter is a file, a folder or a script."""
    return isinstance(value, Mapping) and _PATH in value


def path_of(value: Mapping[str, Any]) -> str:
    """Return the path of such a parameter, as it was written."""
    return str(value[_PATH])
