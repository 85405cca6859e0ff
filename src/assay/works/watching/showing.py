"""What was seen to by a watch, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from assay.works.watching.rescanning import Rescanned
from assay.works.watching.scanning import Looked

_MOST = 200  # findings of one image


def told_arrival(looked: Looked) -> dict[str, Any]:
    """Return an arrival as JSON."""
    checks = [v.report.check for v in looked.verdicts]
    return {"schema": "assay.arrival/1", **asdict(looked.arrival), "checks": checks, "passed": looked.passed}


def told_image(found: Rescanned) -> dict[str, Any]:
    """Return an image that was judged anew as JSON."""
    outcome = found.verdict.outcome if found.verdict else "error"
    fresh = [f.to_dict(found.name) for f in found.fresh[:_MOST]]
    closed = [{"rule": f.rule, "fingerprint": f.fingerprint, "where": f.where} for f in found.closed[:_MOST]]
    return {"schema": "assay.rescanned/1", "image": found.name, "digest": found.digest, "outcome": outcome, "new": fresh,
            "closed": closed, "why": found.why}  # fmt: skip
