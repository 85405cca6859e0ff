"""The page of a run: what every step said, as one file that needs no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.works.home import IDENTITY_NOTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.kernel.span import Span
    from assay.reports.view import RunView
    from assay.works.done import RunResult
    from assay.works.home import Home


_ABOUT = {
    "train": "The training script, run in the sandbox.",
    "process": "A script of the team's own, run over the tables in the sandbox.",
    "model.register": "The package enters the registry as PENDING, and is struck with its hallmark.",
}


def view(result: RunResult, home: Home, actor: str, spans: Sequence[Span] = ()) -> RunView:
    """Return a run as reports show it. Places are told from the home's folder: a page may be sent to others."""
    from assay.methods.traces.path import timeline
    from assay.reports.view import RunView, StepView
    from assay.works.declared import KINDS, listing
    from assay.works.drawing import of_run
    from assay.works.registering import tool

    about = _ABOUT | {
        item.name: item.summary
        for kind in KINDS
        for item in listing(kind)
        if item.name in {d.step.uses for d in result.steps}
    }
    steps = tuple(
        StepView(
            name=d.step.name,
            uses=d.step.uses,
            kind=d.step.verb,
            outcome=d.outcome,
            cached=d.cached,
            seconds=d.seconds,
            verdict=d.verdict,
            note=d.note,
            about=about.get(d.step.uses, ""),
        )
        for d in result.steps
    )
    return RunView(
        id=result.id,
        pipeline=result.pipeline.name,
        outcome=result.outcome,
        started=result.started,
        seconds=result.seconds,
        actor=actor,
        actor_note=IDENTITY_NOTE,
        steps=steps,
        model=model_dict(result),
        hallmark=_hallmark(result, home),
        made=of_run(result),
        timeline=timeline(spans) if spans else None,
        notes=(),
        tool=tool(),
    )


def model_dict(result: RunResult) -> dict[str, Any] | None:
    """Return the registered model as a run's JSON shows it."""
    if result.registered is None:
        return None
    record = result.registered.record
    return {
        "name": record.name,
        "version": record.version,
        "status": record.status,
        "digest": record.digest,
    }


def _hallmark(result: RunResult, home: Home) -> dict[str, Any] | None:
    if result.registered is None or result.registered.hallmark is None:
        return None
    from assay.office.hallmark import STATEMENT

    path = result.registered.hallmark
    if path.is_relative_to(home.root.parent):
        path = path.relative_to(home.root.parent)
    return {"path": str(path), "statement": str(path.with_name(STATEMENT)), "says": "examined, not approved"}


def write_page(result: RunResult, home: Home, actor: str, spans: Sequence[Span] = ()) -> Path:
    """Write report.html and run.json into the run's folder, and return the page's path."""
    from assay.reports.html import run_page

    folder = home.folder("runs", result.id)
    page = folder / "report.html"
    page.write_text(run_page(view(result, home, actor, spans)), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(run_dict(result, page), indent=1), encoding="utf-8")
    return page


def run_dict(result: RunResult, page: Path | None = None) -> dict[str, Any]:
    """Return a run as JSON (assay.run/1)."""
    page = page or result.page
    hallmark = result.registered.hallmark if result.registered else None
    return {
        "schema": "assay.run/1",
        "id": result.id,
        "pipeline": result.pipeline.name,
        "outcome": result.outcome,
        "steps": [
            {
                "name": d.step.name,
                "uses": d.step.uses,
                "outcome": d.outcome,
                "cached": d.cached,
                "inputs": {n: a.to_dict() for n, a in d.inputs.items()},
                "outputs": {n: a.to_dict() for n, a in d.outputs.items()},
                "report": d.report,
                "seconds": d.seconds,
                "note": d.note,
            }
            for d in result.steps
        ],
        "model": model_dict(result),
        "report": str(page) if page else None,
        "hallmark": str(hallmark) if hallmark else None,
        "started": result.started,
        "seconds": round(result.seconds, 3),
    }
