"""What is printed of a monitor's looks at windows: a table of them, what they found, what policy did about it."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator
from typing import Any

import click

from assay.doors.cli import show
from assay.kernel.printable import printable


def executions(found: list[dict[str, Any]], empty: str) -> None:
    """Print a table of executions, the latest first, and why those failed that did; ``empty`` where there is none."""
    most = max((len(e["violations"]) for e in found), default=0)
    rows = []
    for execution, windows in _folded(found):
        count = len(execution["violations"])
        bar = "█" * max(1, round(10 * count / most)) if count else ""
        rows.append(
            {
                "until": execution["end"][:16].replace("T", " "),
                "status": execution["status"],
                "rows": "" if execution["rows"] is None else f"{execution['rows']:,}",
                "by": execution["trigger"]
                + (f", {execution['missed']} left out" if execution["missed"] else ""),
                "violations": f"{bar} {count}".strip()
                if count
                else f"no row came in {windows:,} windows"
                if windows > 1
                else textwrap.shorten(execution["why"], 40, placeholder=" …"),
            }
        )
    columns = (("until", "window until"), ("status", "status"), ("rows", "rows"), ("by", "by"), ("violations", "violations"))  # fmt: skip
    show.table(rows, columns, empty, whole=("until", "status"))
    for why in dict.fromkeys(e["why"] for e in found if len(e["why"]) > 40 and not e["violations"]):
        click.echo("\n" + textwrap.fill(printable(why), 80, break_long_words=False, break_on_hyphens=False))


def _folded(found: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], int]]:
    """Give executions with how many windows each stands for: of windows one after another in which nothing came, the first."""
    for empty, group in itertools.groupby(found, lambda e: e["status"] == "Completed" and e["rows"] == 0):
        members = list(group)
        if empty and len(members) > 1:
            yield members[0] | {"missed": sum(e["missed"] for e in members)}, len(members)
        else:
            yield from ((one, 1) for one in members)


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
                "what": _what(one),
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


def _what(one: dict[str, Any]) -> str:
    channel = str(one["part"]).partition(":")[2]
    return f"{one['verb']} {channel}".strip()


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
        show.table([a | {"what": _what(a)} for a in held], columns, "", whole=("what", "rule"))
