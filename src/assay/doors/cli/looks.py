"""What is printed of a monitor's looks at windows: a table of them, what they found, what policy did about it."""

from __future__ import annotations

import textwrap
from typing import Any

import click

from assay.doors.cli import show
from assay.kernel.printable import printable
from assay.methods.monitor.empty import folded, told
from assay.methods.remedies.parts import named


def executions(found: list[dict[str, Any]], empty: str) -> None:
    """Print a table of executions, the latest first, and why those failed that did; ``empty`` where there is none."""
    most = max((len(e["violations"]) for e in found), default=0)
    rows = []
    for windows in folded(found, lambda e: (e["status"], e["rows"])):
        execution, missed = windows[0], sum(e["missed"] for e in windows)
        count = len(execution["violations"])
        bar = "█" * max(1, round(10 * count / most)) if count else ""
        rows.append(
            {
                "until": execution["end"][:16].replace("T", " "),
                "status": execution["status"],
                "rows": "" if execution["rows"] is None else f"{execution['rows']:,}",
                "by": execution["trigger"] + (f", {missed} left out" if missed else ""),
                "violations": f"{bar} {count}".strip()
                if count
                else told(len(windows)) or textwrap.shorten(execution["why"], 40, placeholder=" …"),
            }
        )
    columns = (("until", "window until"), ("status", "status"), ("rows", "rows"), ("by", "by"), ("violations", "violations"))  # fmt: skip
    show.table(rows, columns, empty, whole=("until", "status"))
    for why in dict.fromkeys(e["why"] for e in found if len(e["why"]) > 40 and not e["violations"]):
        click.echo("\n" + textwrap.fill(printable(why), 80, break_long_words=False, break_on_hyphens=False))


def deeds(found: list[dict[str, Any]], empty: str = "") -> None:
    """Print a table of what policy did; ``empty`` where that is nothing."""
    if not found and not empty:
        return
    rows = []
    for one in found:
        detail = one["detail"]
        said = detail.get("why") or detail.get("answer") or ""
        if detail.get("blocked"):
            said = f"refused: {', '.join(detail['blocked'])}"
        elif detail.get("model"):
            said = f"{detail['model']} beside {detail.get('against') or 'nothing'}"
        elif detail.get("revision"):
            said = f"{one['target']} is at revision {detail['revision']}"
        rows.append(
            {
                **one,
                "at": one["at"][5:16].replace("T", " "),
                "what": named(one["verb"], one["part"]),
                "said": textwrap.shorten(str(said), 200, placeholder=" …"),
            }
        )
    click.echo()
    columns = (
        ("id", "id"),
        ("at", "since"),
        ("what", "what"),
        ("rule", "rule"),
        ("state", "state"),
        ("said", ""),
    )
    show.table(rows, columns, empty, whole=("id", "at", "state"))


def violations(execution: dict[str, Any]) -> None:
    """Print the first ten violations of a window."""
    if execution["violations"]:
        click.echo()
        show.findings(execution["violations"][:10], "")


def held(execution: dict[str, Any]) -> None:
    """Tell what policy would have done about a window, and what held it back."""
    held = [a for a in execution.get("actions") or () if a["state"] == "held"]
    if held:
        click.echo()
        columns = (("what", "held back"), ("rule", "rule"), ("why", "why"))
        show.table(
            [a | {"what": named(a["verb"], a["part"])} for a in held], columns, "", whole=("what", "rule")
        )
