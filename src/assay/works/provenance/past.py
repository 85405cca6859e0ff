"""A run of the past, as it was recorded: found by what a person types, and read back as a pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, Missing
from assay.kernel.report import Report
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate
from assay.methods.document import Place
from assay.works.order import arrange
from assay.works.pipeline import Pipeline
from assay.works.provenance.recording import is_path, path_of
from assay.works.step import Ref, Step

if TYPE_CHECKING:
    from assay.office.runs import RunRecord, StepRecord
    from assay.works.home import Home

_LARGEST = 64 << 20  # bytes of a document or report


@dataclass
class Past:
    """A run: its row, what it recorded of itself, and its steps as they ended."""

    home: Home
    run: RunRecord
    document: Mapping[str, Any]
    steps: Mapping[str, StepRecord]
    _reports: dict[str, Report | None] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the run's id."""
        return self.run.id

    def report(self, step: str) -> Report | None:
        """Return the report of a step; None where it has none or it is gone."""
        if step not in self._reports:
            found = self.steps.get(step)
            self._reports[step] = _report(self.home, found.report) if found and found.report else None
        return self._reports[step]

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """Return each thing that steps read or made, by the name that pipelines have for it."""
        out: dict[str, Asset] = {}
        for step in self.steps.values():
            for asset in step.inputs.values():
                if asset.name in self.document.get("data", {}):
                    out.setdefault(asset.name, asset)
            for name, asset in step.outputs.items():
                out[str(Ref(step.name, name))] = asset
        return out

    @cached_property
    def pipeline(self) -> Pipeline:
        """Return its pipeline. Paths stay as they were written; ``replay`` lays the files out."""
        steps = {n: _step(n, raw) for n, raw in self.document["steps"].items()}
        data = dict(self.document["data"])
        needs = arrange(steps, frozenset(data))
        about = self.document["pipeline"]
        return Pipeline(
            self.run.pipeline,
            Path(about["file"]["name"]),
            data,
            {n: steps[n] for n in needs},
            needs,
            {},
            about["seed"],
            dict(about.get("settings", {})),
        )

    @property
    def scored(self) -> list[str]:
        """Return the steps that judge a model, in order."""
        return [n for n, s in self.pipeline.steps.items() if s.uses == "model.validate"]

    @property
    def trained(self) -> list[str]:
        """Return the steps that train, in order."""
        return [n for n, s in self.pipeline.steps.items() if s.verb == "train"]


def _step(name: str, raw: Mapping[str, Any]) -> Step:
    def ref(text: str) -> Ref:
        base, _, output = text.partition(".")
        return Ref(base, output or "out")

    gate = raw["gate"]
    at = None if gate["at"] == "none" else Severity.parse(gate["at"])
    return Step(
        name,
        raw["verb"],
        raw["uses"],
        Place("the record of the run", 1),
        inputs={n: ref(t) for n, t in raw["inputs"].items()},
        reports=dict(raw["reports"]),
        keys=dict(raw["keys"]),
        trainers=dict(raw["trainers"]),
        params={n: Path(path_of(v)) if is_path(v) else v for n, v in raw["params"].items()},
        gate=Gate(at, bool(gate["incomplete"])),
        after=None if raw["after"] is None else tuple(raw["after"]),
        seed=raw["seed"],
    )


def _report(home: Home, digest: str) -> Report | None:
    try:
        return Report.from_dict(json.loads(home.store.read(digest, _LARGEST)))
    except (AssayError, ValueError, LookupError, TypeError):
        return None


def past(home: Home, text: str) -> Past:
    """Return the run that a text names: an id or the beginning of one, ``last``, ``last~1``, or a model of the registry.

    Missing where there is none, or where it recorded nothing of itself (runs of an earlier Assay).
    """
    from assay.office import registry, runs

    if text.startswith("registry://"):
        record = registry.get(home.office, text)
        if not record.run:
            raise Missing(f"{record.urn} was registered from a file, and no run made it", remedy="name a run")
        return read(home, runs.get(home.office, record.run))
    return read(home, runs.get(home.office, text))


def read(home: Home, run: RunRecord) -> Past:
    """Return a run with all that was recorded of it."""
    from assay.office import runs

    digest = run.detail.get("provenance")
    if not digest and run.parent:
        raise Missing(f"the run {run.id} is a part of the run {run.parent}", remedy="name that run")
    if not digest:
        raise Missing(
            f"the run {run.id} recorded nothing of its pipeline: an earlier Assay made it",
            remedy="run the pipeline again, and name that run",
        )
    document = json.loads(home.store.read(str(digest), _LARGEST))
    return Past(home, run, document, {s.name: s for s in runs.steps_of(home.office, run.id)})
