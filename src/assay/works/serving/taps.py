"""The taps that an endpoint asks for: what takes note of its questions and answers, and what these counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.capture import counters, packing
from assay.engines.capture.counters import Counted
from assay.engines.capture.writing import COUNTERS
from assay.works import captured

if TYPE_CHECKING:
    from assay.engines.capture.tap import CaptureTap
    from assay.works.home import Home

_TOLD = "told.json"


def of(home: Home, record: Any) -> list[CaptureTap]:
    """Return the taps of an endpoint, for one process. record: of the endpoint, with its ``name`` and its ``capture``.

    ``capture`` holds percent (0 to 100), what (both, input or output), and format (jsonl or parquet). Each tap has ``put``,
    ``counted``, ``flush`` and ``close``, which writes what waits.
    """
    asked = record.capture
    percent = float(asked.get("percent") or 0)
    if percent <= 0:
        return []
    from assay.engines.capture.tap import tap

    secret = captured.secret(home, make=True)
    root = captured.folder(home, record.name)
    more: dict[str, Any] = {}
    if asked.get("format") == "parquet":
        more["closed"] = lambda path: _packed(root, path, secret)
    return [tap(root, secret, percent=percent, what=asked.get("what") or "both", **more)]


def _packed(root: Path, path: Path, secret: bytes) -> None:
    packing.pack(path, secret)
    packing.tidy(root)


def counted(home: Home, endpoint: str) -> Counted:
    """Return what all processes counted of an endpoint's capture, of those too that were killed."""
    return counters.total(captured.folder(home, endpoint) / COUNTERS)


def tell(home: Home, endpoint: str, actor: str = "") -> Counted:
    """Record with an event what was dropped or lost since the last time; return the counts as they stand."""
    now = counted(home, endpoint)
    path = captured.folder(home, endpoint) / COUNTERS / _TOLD
    try:
        before = json.loads(path.read_text())
        told = {"dropped": int(before["dropped"]), "lost": int(before["lost"])}
    except (OSError, ValueError, KeyError, TypeError):
        told = {"dropped": 0, "lost": 0}
    fresh = {"dropped": now.dropped, "lost": now.lost}
    if any(fresh[k] > told[k] for k in fresh):
        with home.office.transaction() as tx:
            tx.record(
                "endpoint.capture.dropped",
                f"endpoint://{endpoint}",
                actor=actor or home.actor,
                detail={
                    "dropped": fresh["dropped"] - told["dropped"],
                    "lost": fresh["lost"] - told["lost"],
                    "captured": now.durable,
                },
            )
        new = path.with_suffix(".new")
        new.write_text(json.dumps(fresh))
        new.rename(path)
    return now


def tell_all(home: Home, actor: str = "") -> None:
    """Record what was dropped or lost of any endpoint since the last time."""
    root = home.root / "capture"
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if (folder / COUNTERS).is_dir():
            tell(home, folder.name, actor)
