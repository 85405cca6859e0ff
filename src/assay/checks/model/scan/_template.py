"""Chat and prompt templates (Jinja) that reach out of themselves, wherever a format keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kernel.severity import Severity
from assay.methods.modelfiles.templates import harms

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View


def judge(source: str, view: View, ground: Ground, key: str, **where: Any) -> bool:
    """Note what a template reaches for. Gives whether it could be read to its end."""
    try:
        found = harms(source)
    except ValueError as error:
        return ground.not_understood(view, f"its template {key[:60]} cannot be read ({error})", **where)
    if found:
        what, line = found[0]
        more = f", and {len(found) - 1} more such" if len(found) > 1 else ""
        ground.find(
            "template_code",
            Severity.CRITICAL,
            f"The template {key[:60]} of {view.place} reaches out of itself in line {line}: {ascii(what)[1:-1][:200]}{more}.",
            view,
            remedy="do not render it; put a template in its place that you have read",
            refs=("CWE-1336", "CWE-94"),
            line=line,
            **where,
        )
    return True
