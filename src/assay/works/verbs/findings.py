"""What was found, asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assay.kernel.severity import Severity
from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record


def findings_list(home: Home, actor: str, *, severity: str = "info", check: str | None = None) -> Json:
    """List what was found, gravest first."""
    from assay.office import findings

    at = Severity.parse(severity)
    return listed(
        "findings", [plain_record(f) for f in findings.listing(home.office, severity=at, check=check)]
    )


def findings_show(home: Home, actor: str, *, fingerprint: str) -> Json:
    """Show one finding, by its fingerprint or the beginning of it."""
    from assay.office import findings

    return {"schema": "assay.finding/1", **plain_record(findings.get(home.office, fingerprint))}


VERBS: Mapping[str, Callable[..., Any]] = {
    "findings.list": findings_list,
    "findings.show": findings_show,
}
