"""Runs and what was made from what, asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record
from assay.works.work import utc_now


def runs_list(home: Home, actor: str, *, limit: int = 20) -> Json:
    """List the latest runs."""
    from assay.office import runs

    return listed("runs", [plain_record(r) for r in runs.listing(home.office, limit)])


def runs_show(home: Home, actor: str, *, run: str) -> Json:
    """Show one run, by its id or the beginning of it; the latest for "". Its report lies in this home, moved or not."""
    from assay.office import runs

    record = runs.get(home.office, run)
    path = home.root / "runs" / record.id / "run.json"
    if path.is_file() and not home.office.past:
        shown = dict(json.loads(path.read_text()))
        page = path.with_name("report.html")
        return shown | {"report": str(page)} if page.is_file() else shown
    steps = [_step(s) for s in runs.steps_of(home.office, record.id)] if home.office.past else []
    return {"schema": "assay.run/1", **plain_record(record)} | ({"steps": steps} if steps else {})


def _step(record: Any) -> Json:
    told = plain_record(record)
    return {name: told[name] for name in ("name", "uses", "outcome", "cached", "report", "seconds")}


def lineage_of(home: Home, actor: str, *, urn: str, up: bool = True, format: str = "json") -> Any:
    """Show what something was made from (up), or what was made from it (down): json, dot, mermaid, openlineage or prov."""
    from assay.office import runs
    from assay.works import lineage

    edges = runs.lineage(home.office, urn, up)
    if format == "dot":
        return lineage.as_dot(edges)
    if format == "mermaid":
        return lineage.as_mermaid(edges)
    if format == "prov":
        return lineage.as_prov(edges, home.id)
    if format == "openlineage":
        return listed("events", lineage.as_openlineage(edges, home.id, utc_now()))
    return listed("edges", [plain_record(e) for e in edges]) | {"of": urn, "up": up}


def associate(home: Home, actor: str, *, source: str, target: str, kind: str, withdraw: bool = False) -> Json:
    """Say how two things belong together, or take back what was said."""
    from assay.works.associating import associate as associated

    edge, event = associated(home, source, target, kind, actor, withdraw=withdraw)
    return {"schema": "assay.edge/1", **plain_record(edge), "event": event}


VERBS: Mapping[str, Callable[..., Any]] = {
    "runs.list": runs_list,
    "runs.show": runs_show,
    "lineage": lineage_of,
    "associate": associate,
}
