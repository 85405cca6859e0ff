"""The page of a tracked run: its parameters, its metrics and their series drawn, what it read and made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.report import Report
from assay.kernel.verdict import Gate, Verdict
from assay.works.home import IDENTITY_NOTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.kernel.span import Span
    from assay.office.runs import RunRecord
    from assay.works.home import Home


def write_page(
    home: Home, record: RunRecord, report: Report, outcome: str, model: str | None, spans: Sequence[Span] = ()
) -> Path:
    """Write report.html and run.json into the run's folder, and return the page's path."""
    from assay.methods.traces.path import timeline
    from assay.reports.html import run_page
    from assay.reports.view import RunView, StepView
    from assay.works.drawing import of_tracked
    from assay.works.registering import tool

    folder = home.folder("runs", record.id)
    page = folder / "report.html"
    verdict = Verdict(report, Gate(None))
    about = f"Recorded by the code itself, in the experiment {record.experiment}."
    step = StepView(
        record.pipeline, report.check, "tracked", outcome, False, report.seconds, verdict, report.error, about
    )
    view = RunView(
        id=record.id,
        pipeline=record.pipeline,
        outcome=outcome,
        started=record.started,
        seconds=report.seconds,
        actor=record.actor,
        actor_note=IDENTITY_NOTE,
        steps=(step,),
        made=of_tracked(record.pipeline, outcome, report, model),
        tool=tool(),
        timeline=timeline(spans) if spans else None,
    )
    page.write_text(run_page(view), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(as_json(record, report, outcome, model, page), indent=1))
    return page


def as_json(
    record: RunRecord, report: Report, outcome: str, model: str | None, page: Path | None
) -> dict[str, Any]:
    """Return the run as JSON (assay.run/1)."""
    name, _, version = (model or "").partition("@")
    return {
        "schema": "assay.run/1",
        "id": record.id,
        "pipeline": record.pipeline,
        "experiment": record.experiment,
        "parent": record.parent,
        "outcome": outcome,
        "params": dict(report.params),
        "metrics": [m.to_dict() for m in report.metrics],
        "tags": dict(report.data.get("tags", {})),
        "series": dict(report.data.get("series", {})),
        "error": report.error or None,
        "steps": [
            {
                "name": "tracked",
                "uses": report.check,
                "outcome": outcome,
                "cached": False,
                "inputs": {n: a.to_dict() for n, a in report.inputs.items()},
                "outputs": {a.name: a.to_dict() for a in report.outputs},
                "report": None,
                "seconds": report.seconds,
                "note": report.error,
            }
        ],
        "model": {"name": name, "version": int(version)} if version else None,
        "report": str(page) if page else None,
        "hallmark": None,
        "started": record.started,
        "seconds": report.seconds,
    }
