"""All that is recorded of one run: what it did, where and from what it ran, which data it read and made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError
from assay.works import datasets

if TYPE_CHECKING:
    from assay.office.runs import RunRecord, StepRecord
    from assay.works.home import Home

_LARGEST = 64 << 20
_MACHINE = (
    "python",
    "implementation",
    "system",
    "release",
    "machine",
    "processor",
    "cpus",
    "gpus",
    "memory",
    "image",
)


def told(home: Home, record: RunRecord) -> dict[str, Any]:
    """Return a run as JSON (assay.run/1), with ``provenance``, ``datasets``, ``contexts`` and how many ``parts`` it has."""
    from assay.office import contexts, runs

    out = _shown(home, record)
    out |= {
        "experiment": record.experiment or record.pipeline,
        "parent": record.parent,
        "actor": record.actor,
    }
    out["provenance"] = provenance(home, record)
    out["datasets"] = _datasets(home, record)
    out["contexts"] = contexts.of(home.office, f"run/{record.id}")
    parts = runs.listing(home.office, 10_000, parent=record.id)
    out["parts"] = len(parts)
    return out


def _shown(home: Home, record: RunRecord) -> dict[str, Any]:
    from assay.office import runs
    from assay.works.verbs.shape import plain_record

    path = home.root / "runs" / record.id / "run.json"
    if record.outcome != "running" and path.is_file() and not home.office.past:
        shown = dict(json.loads(path.read_text()))
        page = path.with_name("report.html")
        return shown | {"report": str(page)} if page.is_file() else shown
    raw = {"schema": "assay.run/1", **plain_record(record)}
    if record.detail.get("tracked") and record.outcome == "running" and not home.office.past:
        return raw | _so_far(home, record)
    steps = [_step(s) for s in runs.steps_of(home.office, record.id)]
    return raw | ({"steps": steps} if steps else {})


def _step(record: StepRecord) -> dict[str, Any]:
    return {n: getattr(record, n) for n in ("name", "uses", "outcome", "cached", "report", "seconds")}


def _so_far(home: Home, record: RunRecord) -> dict[str, Any]:
    """Return what the journal of a run that is under way says; it is nobody's word but the run's own yet."""
    from assay.works.tracking import journal
    from assay.works.tracking.ending import journal_of
    from assay.works.tracking.gathered import gather

    found = gather(journal.read(journal_of(home, record.id)))
    return {
        "params": found.params,
        "tags": found.tags,
        "metrics": [m.to_dict() for m in found.metrics],
        "series": {name: s.to_dict() for name, s in found.series.items()},
    }


def provenance(home: Home, record: RunRecord) -> dict[str, Any] | None:
    """Return where and from what a run ran; None where it recorded nothing of itself, or that is gone."""
    digest = record.detail.get("provenance")
    try:
        raw = json.loads(home.store.read(str(digest), _LARGEST)) if digest else None
    except (AssayError, ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict):
        return None
    environment = dict(raw.get("environment") or {})
    about, steps = dict(raw.get("pipeline") or {}), dict(raw.get("steps") or {})
    seeds = {n: s["seed"] for n, s in steps.items() if s.get("seed") is not None}
    seeds |= {n: s["params"]["seed"] for n, s in steps.items() if s.get("params", {}).get("seed") is not None}
    code = {
        n: p
        for n, s in steps.items()
        for p in s.get("params", {}).values()
        if isinstance(p, dict) and "$path" in p
    }
    return {
        "document": digest,
        "file": about.get("file"),
        "git": raw.get("git"),
        "seed": about.get("seed"),
        "seeds": record.detail.get("seeds") or seeds,
        "code": {n: {"path": p["$path"], "digest": p.get("digest")} for n, p in code.items()},
        "environment": {n: environment.get(n) for n in _MACHINE},
        "packages": dict(environment.get("packages") or {}),
        "bench": raw.get("bench"),
    }


def _datasets(home: Home, record: RunRecord) -> list[dict[str, Any]]:
    """Return each table that the run read or made, with its columns and profile where they are known."""
    from assay.office import runs

    out: dict[str, dict[str, Any]] = {}
    for step in runs.steps_of(home.office, record.id):
        for side, assets in (("read", step.inputs), ("made", step.outputs)):
            for asset in assets.values():
                if asset.kind == "table" and (asset.digest or asset.uri) not in out:
                    seen = datasets.known(home.office, asset.digest) if asset.digest else None
                    about = {
                        k: v for k, v in (seen or {}).items() if k not in ("schema", "digest", "name", "seen")
                    }
                    named = {"name": asset.name, "digest": asset.digest, "uri": asset.uri, "first": side}
                    out[asset.digest or asset.uri] = named | about
    return list(out.values())
