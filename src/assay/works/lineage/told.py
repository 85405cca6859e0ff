"""A lineage with what the office knows of it: the runs and steps that its edges name, their reports, tables and packages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError
from assay.methods.search.moments import written

if TYPE_CHECKING:
    from assay.kernel.asset import Asset
    from assay.office.registry import PackageRecord
    from assay.office.runs import Edge, RunRecord, StepRecord
    from assay.works.home import Home

_LARGEST = 16 << 20  # bytes of a report


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step that has ended, the run that it was a part of where there was one, and what its report says."""

    record: StepRecord
    run: RunRecord | None = None
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def began(self) -> str:
        """Return when it began, "" where nothing says so."""
        return str(self.report.get("started") or (self.run.started if self.run else ""))

    @property
    def ended(self) -> str:
        """Return when it ended, "" where nothing says so."""
        try:
            return written(datetime.fromisoformat(self.began) + timedelta(seconds=self.record.seconds))
        except (ValueError, OverflowError):
            return self.began

    @property
    def told(self) -> dict[str, Any]:
        """Return what it was told: hyperparameters by their own names, and other parameters."""
        given = dict(self.report.get("params") or {})
        hyper = given.pop("hyperparameters", None)
        return given | dict(hyper if isinstance(hyper, Mapping) else {})

    @property
    def metrics(self) -> dict[str, float]:
        """Return the metrics of the whole, those of no group."""
        return _whole(self.report)


@dataclass(frozen=True, slots=True)
class Told:
    """edges: as they were found. steps: by run and name. things: by urn, as a step read or made them.

    tables: by digest, what is known of columns and rows. packages: by urn. measured: of each, the metrics of the checks of it.
    """

    edges: Sequence[Edge]
    steps: Mapping[tuple[str, str], Stepped] = field(default_factory=dict)
    things: Mapping[str, Asset] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    packages: Mapping[str, PackageRecord] = field(default_factory=dict)
    measured: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Return the name of each thing, by urn."""
        return {e.source: e.from_name for e in self.edges} | {e.target: e.to_name for e in self.edges}


def told(home: Home, edges: Sequence[Edge]) -> Told:
    """Gather what is known around some edges; what is gone is left out."""
    from assay.office import registry, runs
    from assay.works import datasets

    steps: dict[tuple[str, str], Stepped] = {}
    things: dict[str, Asset] = {}
    wanted = {(e.run, e.step) for e in edges if e.run and not e.kind}
    for run_id in dict.fromkeys(run for run, _ in wanted):
        try:
            run = runs.get(home.office, run_id)
        except AssayError:
            continue
        for record in runs.steps_of(home.office, run_id):
            for name in {record.name, record.uses}:  # a registration's edge bears the name of what it does
                if (run_id, name) in wanted:
                    steps[run_id, name] = Stepped(record, run, _report(home, record.report))
                    assets = (*record.inputs.values(), *record.outputs.values())
                    things |= {a.digest or a.uri: a for a in assets}
    urns = {urn for e in edges for urn in (e.source, e.target)}
    tables = {u: k for u in urns if u.startswith("sha256:") and (k := datasets.known(home.office, u))}
    packages = {r.urn: r for r in registry.listing(home.office) if r.urn in urns}
    reports = {urn: [_report(home, d) for d in p.reports.values()] for urn, p in packages.items()}
    measured = {
        urn: {
            str(r["check"]): _whole(r) for r in held if str(r.get("check")).startswith("model.") and _whole(r)
        }
        for urn, held in reports.items()
    }
    return Told(edges, steps, things, tables, packages, measured)


def grouped(edges: Iterable[Edge]) -> dict[tuple[str, str], list[Edge]]:
    """Return the edges of each step of each run; what a person says of two things is no step."""
    out: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        if not edge.kind:
            out.setdefault((edge.run, edge.step), []).append(edge)
    return out


def _whole(report: Mapping[str, Any]) -> dict[str, float]:
    found = report.get("metrics") or []
    return {m["name"]: m["value"] for m in found if not m.get("of") and m.get("value") is not None}


def _report(home: Home, digest: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(home.store.read(digest, _LARGEST)) if digest else {}
    except (AssayError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
