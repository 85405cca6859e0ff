"""MLflow's tracking store and model registry as a folder of files (``mlruns``), read without MLflow.

A folder for each experiment, in it one for each run: ``meta.yaml``, a file for each parameter and tag, one for each metric
with a line for each value, and the data sets that the run logged; the registered versions lie under ``models``. What is
read, and what is not, is what is read of a store in SQLite. Links are not followed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.engines.digests import digest_file
from assay.engines.folders import Entry, entries
from assay.kernel.asset import Asset
from assay.kernel.canonical import canonical, sha256
from assay.kernel.errors import AssayError, BadInput
from assay.kernel.printable import printable
from assay.methods.document import read as read_yaml
from assay.works.importing.foreign import ForeignRun
from assay.works.importing.mlflow import LONGEST, NAME, Said, data_set, told, version

_META, _ARTIFACTS = "meta.yaml", "artifacts"
_STATUS = ("", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")  # by its number in MLflow's protocol
_POINTS = 256 << 20  # bytes of one metric's file
_DEEPEST = 20  # a name may have slashes in it, which are folders here


def store_in(folder: Path) -> Path | None:
    """Return the store that a folder is, or that lies in it as ``mlruns``; None where there is none."""
    for place in (folder, folder / "mlruns"):
        if place.is_dir() and any((p / _META).is_file() for p in _folders(place)):
            return place
    return None


def read(store: Path) -> Iterator[ForeignRun]:
    """Give every run of a store that is not deleted, oldest first; BadInput where it cannot be read."""
    try:
        made, odd = _versions(store)
        runs = []
        for experiment in _folders(store):
            if experiment.name == "models" or not (experiment / _META).is_file():
                continue
            about = _meta(experiment)
            if about.get("lifecycle_stage", "active") != "active":
                continue
            for folder in _folders(experiment):
                if (folder / _META).is_file() and (meta := _meta(folder)).get("lifecycle_stage") == "active":
                    start = meta.get("start_time")
                    when = start if isinstance(start, int) else 0
                    runs.append((when, folder.name, folder, str(about.get("name"))))
        for _, name, folder, experiment_name in sorted(runs):
            yield _run(folder, experiment_name, made.get(name, []), odd.get(name, {}))
    except OSError as error:
        raise BadInput(
            f"the store cannot be read: {error.strerror}", where=str(error.filename or store)
        ) from None


def digest(store: Path) -> str:
    """Return the digest of what is read of a store: SHA-256 of its manifest, without the artifacts, which may be large."""
    files = (e.path for e in entries(store) if e.is_file and _ARTIFACTS not in e.path.split("/"))
    return sha256(canonical([[printable(path), digest_file(store / path)] for path in sorted(files)]))


def _folders(place: Path) -> list[Path]:
    """Return the folders in a place, in order; what MLflow threw away (``.trash``) is hidden."""
    inside = (p for p in place.iterdir() if not p.name.startswith(".") and not p.is_symlink())
    return sorted(p for p in inside if p.is_dir())


def _meta(folder: Path) -> dict[str, Any]:
    found = read_yaml(folder / _META).plain
    if not isinstance(found, dict):
        raise BadInput("it is no record of MLflow's", where=str(folder / _META))
    return found


def _run(folder: Path, experiment: str, made: list[Asset], odd: Mapping[str, str]) -> ForeignRun:
    meta = _meta(folder)
    status = meta.get("status")
    named = _STATUS[status] if isinstance(status, int) and 0 <= status < len(_STATUS) else str(status)
    said = Said(
        folder.name, experiment, meta.get("user_id"), named, meta.get("start_time"), meta.get("end_time"),
        meta.get("artifact_uri"), meta.get("run_name"),
    )  # fmt: skip
    metrics, skipped = _metrics(folder / "metrics")
    inputs, unknown = _inputs(folder)
    every = {**skipped, **unknown, **odd}
    return told(said, _texts(folder / "params"), metrics, _texts(folder / "tags"), inputs, made, every)


def _texts(folder: Path) -> dict[str, str]:
    out = {}
    for entry in _files(folder):
        with (folder / entry.path).open("rb") as source:
            text = source.read(4 * LONGEST).decode("utf-8", "replace")
        out[entry.path[:NAME]] = text[:LONGEST]
    return out


def _metrics(folder: Path) -> tuple[dict[str, float], dict[str, str]]:
    """Return the latest value of each metric, and those of which none can be read, with why."""
    found: dict[str, float] = {}
    odd: dict[str, str] = {}
    for entry in _files(folder):
        name = entry.path[:NAME]
        if entry.stat.st_size > _POINTS:
            odd[f"metric {name}"] = f"its file has more than {_POINTS >> 20} MB"
            continue
        latest = _latest(folder / entry.path)
        if latest is None:
            odd[f"metric {name}"] = "no line of its file holds a number"
        else:
            found[name] = latest
    return found, odd


def _latest(path: Path) -> float | None:
    """Return the value of the last step, as MLflow does: of one step that of the last time, then the largest."""
    best: tuple[int, int, float] | None = None
    with path.open("rb") as lines:
        for line in lines:
            parts = line.split()
            try:
                point = (int(parts[2]) if len(parts) > 2 else 0, int(parts[0]), float(parts[1]))
            except (ValueError, IndexError):
                continue
            if best is None or point[:2] > best[:2] or (point[:2] == best[:2] and not point[2] <= best[2]):
                best = point
    return None if best is None else best[2] if math.isfinite(best[2]) else math.nan


def _inputs(folder: Path) -> tuple[list[Asset], dict[str, str]]:
    out: dict[str, Asset] = {}
    odd: dict[str, str] = {}
    if not (folder / "inputs").is_dir():
        return [], odd
    for place in _folders(folder / "inputs"):
        try:
            which = str(_meta(place).get("source_id"))
            if not which.isalnum():  # it names a folder
                raise BadInput("it names no data set")
            about = _meta(folder.parent / "datasets" / which)
            asset = data_set(about.get("name"), about.get("digest"))
            out[asset.uri] = asset
        except AssayError as error:
            odd[f"input {place.name[:NAME]}"] = str(error)
    return sorted(out.values(), key=lambda a: a.uri), odd


def _versions(store: Path) -> tuple[dict[str, list[Asset]], dict[str, dict[str, str]]]:
    """Return the registered versions by the run that they are of, and those whose number is none."""
    out: dict[str, list[Asset]] = {}
    odd: dict[str, dict[str, str]] = {}
    if not (store / "models").is_dir():
        return out, odd
    for model in _folders(store / "models"):
        for place in _folders(model):
            if not (place / _META).is_file():
                continue  # an alias
            about = _meta(place)
            run, number = str(about.get("run_id") or ""), about.get("version")
            if not run:
                continue
            if isinstance(number, int):
                out.setdefault(run, []).append(version(about.get("name"), number))
            else:
                odd.setdefault(run, {})[f"a version of {str(about.get('name'))[:NAME]}"] = (
                    "its number is none"
                )
    return out, odd


def _files(folder: Path) -> Iterator[Entry]:
    if folder.is_dir() and not folder.is_symlink():
        yield from (e for e in entries(folder, _DEEPEST) if e.is_file)
