"""The inventory as one self-contained page: no network, no script; what asks for a person stands first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from assay.kernel.inventory import Entry, Inventory
from assay.kernel.printable import printable_page
from assay.reports.html import template
from assay.reports.numbers import counted, moment

_SOON = timedelta(days=30)
_CLASS = {"APPROVED": "pass", "REJECTED": "fail", "EXPIRED": "fail", "PENDING": "incomplete"}
_USED = ("PENDING", "APPROVED", "EXPIRED", "REJECTED")
_MOST = 12  # of each kind of wish


def page(inventory: Inventory) -> str:
    """Return the page of an inventory."""
    entries = inventory.entries
    tally = {s: sum(e.status == s for e in entries) for s in (*_USED, "ARCHIVED", "RETIRED")}
    names = list(dict.fromkeys(e.name for e in entries))
    shown = template("inventory.html.j2").render(
        inventory=inventory,
        title="Inventory of models",
        tally={s: n for s, n in tally.items() if n},
        models=[(name, [e for e in reversed(entries) if e.name == name]) for name in names],
        wishes=wishes(inventory),
        classes=_CLASS,
        decided=decided,
        matrix=_matrix(inventory),
    )
    return printable_page(shown).rstrip("\n") + "\n"


def wishes(inventory: Inventory) -> list[dict[str, Any]]:
    """Return what asks for a person, gravest first: a sentence, and the versions that it is about."""
    used = [e for e in inventory.entries if e.status in _USED]
    now = datetime.fromisoformat(inventory.at)
    soon = [
        e
        for e in used
        if e.status == "APPROVED" and e.expires and datetime.fromisoformat(e.expires) - now < _SOON
    ]
    live = [e for e in used if e.stage or e.aliases]
    found = (
        (
            "fail",
            "in use, by a stage or an alias, without an approval that holds",
            [e for e in live if e.status != "APPROVED"],
        ),
        ("fail", "with an approval that has run out", [e for e in used if e.status == "EXPIRED"]),
        ("incomplete", "with an approval that runs out within 30 days", soon),
        ("incomplete", "awaiting a decision", [e for e in used if e.status == "PENDING"]),
        ("incomplete", "without an owner", [e for e in used if not e.owners]),
        ("incomplete", "without a risk tier", [e for e in used if not e.tier]),
        ("incomplete", "with questions that nobody has answered", [e for e in used if e.open]),
    )
    return [
        {
            "class": kind,
            "said": said,
            "entries": of[:_MOST],
            "more": max(0, len(of) - _MOST),
            "count": len(of),
        }
        for kind, said, of in found
        if of
    ]


def _matrix(inventory: Inventory) -> dict[str, Any] | None:
    """Return how many versions in use stand in which tier and stage, the riskiest first; None where nobody said either."""
    used = [e for e in inventory.entries if e.status in _USED and (e.tier or e.stage)]
    if not used:
        return None
    tiers = _order(reversed(inventory.tiers), (e.tier for e in used))
    stages = _order(inventory.stages, (e.stage for e in used))
    rows = [(t, [sum(e.tier == t and e.stage == s for e in used) for s in stages]) for t in tiers]
    return {"stages": stages, "rows": rows}


def _order(known: Any, met: Any) -> Sequence[str]:
    return list(dict.fromkeys([*known, *sorted(m for m in set(met) if m), ""]))


def decided(entry: Entry) -> str:
    """Return in one sentence what was decided upon a version, and what is awaited."""
    ended = entry.ended
    if ended:
        word = "Retired" if entry.status == "RETIRED" else "Archived"
        then = f" Use {ended['successor']} in its place." if ended.get("successor") else ""
        return f"{word} by {ended['by']}, {moment(ended['at'])}: {ended['reason']}.{then}"
    if entry.status in ("APPROVED", "EXPIRED", "REJECTED"):
        people = ", ".join(a["by"] for a in entry.approvals) or entry.decided_by
        word = "Rejected" if entry.status == "REJECTED" else "Approved"
        said = f"{word} by {people}, {moment(entry.decided_at)}: {entry.reason}."
        if entry.expires:
            said += f" {'Ran' if entry.status == 'EXPIRED' else 'Runs'} out {moment(entry.expires)}."
        return said
    given = ", ".join(a["by"] for a in entry.pending)
    return f"Awaits {counted(entry.awaited, 'approvals')}{f'; approved by {given}' if given else ''}."
