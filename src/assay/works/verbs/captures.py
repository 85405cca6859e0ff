"""What endpoints captured, asked and changed: counted, exported as plain files, joined with ground truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assay.kernel.errors import Missing
from assay.works import captured
from assay.works.home import Home
from assay.works.verbs.shape import Json


def capture_show(home: Home, actor: str, *, name: str) -> Json:
    """Tell what was captured of an endpoint, and what was dropped or lost."""
    from assay.works.serving import taps

    root = captured.folder(home, name)
    _there(home, name)
    now = taps.counted(home, name)
    files = [p for p in root.rglob("*") if p.name.endswith((".sealed", ".parquet", ".jsonl"))]
    return {
        "schema": "assay.capture/1",
        "endpoint": name,
        "captured": now.durable,
        "dropped": now.dropped,
        "lost": now.lost,
        "files": len(files),
        "bytes": sum(p.stat().st_size for p in files),
        "folder": str(root),
    }


def _there(home: Home, name: str) -> None:
    """Raise Missing where there is neither a capture nor an endpoint of that name."""
    from assay.office import endpoints

    if not captured.folder(home, name).is_dir():
        endpoints.get(home.office, name)


def capture_export(
    home: Home,
    actor: str,
    *,
    name: str,
    to: str,
    format: str = "jsonl",
    since: str = "",
    until: str = "",
    truth: bool = False,
) -> Json:
    """Write an endpoint's captured events as plain files in SageMaker's layout; the log keeps who did, and of what period."""
    from assay.engines.capture import sources, truths
    from assay.engines.capture.exporting import export

    bounds = "&".join(f"{k}={v}" for k, v in (("from", since), ("to", until)) if v)
    _there(home, name)
    if not captured.folder(home, name).is_dir():
        return {"schema": "assay.export/1", "endpoint": name, "events": 0, "files": 0, "to": to}
    asset = captured.pin(f"{captured.SCHEME}{name}{'?' if bounds else ''}{bounds}", home.store, home)
    root, truth_root = captured.roots(asset, home)
    manifest = sources.read(home.store, asset.digest, root, truth_root)
    secret = captured.secret(home)
    labels = truths.of_manifest(manifest, secret) if truth and manifest.truths else None
    events, files, damaged = export(manifest, to, format=format, secret=secret, labels=labels)
    detail = {"events": events, "files": files, "damaged": damaged, "to": to, "format": format}
    period = {k: v for k, v in (("from", since), ("to", until)) if v}
    with home.office.transaction() as tx:
        seq = tx.record(
            "endpoint.capture.export",
            f"endpoint://{name}",
            actor=actor,
            inputs={"capture": asset.digest},
            detail=detail | period,
        )
    return {"schema": "assay.export/1", "endpoint": name, **detail, **period, "event": seq}


def truth(home: Home, actor: str, *, name: str, source: str) -> Json:
    """Take in ground truth of an endpoint: SageMaker's JSON lines, or a table of ids and labels."""
    from assay.engines.capture import sources, truths

    _there(home, name)
    if not Path(source).exists():
        raise Missing(f"there is no file {source!r}", remedy="check the path")
    if sources.is_capture(source):
        given = truths.of_files(Path(source))
    else:
        columns, damaged = _columns(home, source)
        given = truths.of_table(columns, source, time.time(), damaged)
    made = truths.keep(
        captured.truth_folder(home, name), captured.secret(home, make=True), given.labels, time.time()
    )
    detail = {"labels": len(given.labels), "damaged": given.damaged, "files": len(made)}
    with home.office.transaction() as tx:
        seq = tx.record("endpoint.truth", f"endpoint://{name}", actor=actor, detail=detail)
    return {"schema": "assay.truth/1", "endpoint": name, **detail, "event": seq}


def _columns(home: Home, source: str) -> tuple[Mapping[str, Any], int]:
    """Return a table's columns of ids and labels, as they are written (an id keeps its zeros), and how many rows were left out."""
    from assay.engines.capture.truths import IDS, LABELS, TIMES
    from assay.engines.tables import open_table

    with home.scratch() as scratch, open_table(source, scratch=scratch, texts=True) as table:
        wanted = [c.name for c in table.columns if c.name.lower() in (*IDS, *LABELS, *TIMES)]
        found: Mapping[str, Any] = table.arrow(wanted or None).to_pydict()
        return found, sum(f.count for f in table.problems)


VERBS: Mapping[str, Callable[..., Json]] = {
    "endpoint.capture.show": capture_show,
    "endpoint.capture.export": capture_export,
    "endpoint.truth": truth,
}
