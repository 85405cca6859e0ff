"""The inventory as CSV (RFC 4180): a row a version. No cell is a formula, whatever somebody called a model.

A spreadsheet computes a cell that begins with ``=``, ``+``, ``-`` or ``@`` (also full-width, also after blanks and quotes),
and one that splits at another mark than the comma sees more beginnings than there are; before each stands an apostrophe.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
import io
import re

from assay.kernel.inventory import Entry, Inventory
from assay.kernel.printable import printable

COLUMNS = (
    "model", "version", "status", "stage", "aliases", "tags", "tier", "owners", "purpose", "registered_by", "registered_at",
    "decided_by", "decided_at", "reason", "approved_by", "expires", "approvals_awaited", "questions_open", "lacking",
    "ended_by", "ended_at", "ended_why", "successor", "image", "hallmark", "card", "digest", "run",
)  # fmt: skip
_FORMULA = re.compile(r"(^|[,;|\t\r\n])([\s\"'`]*)(?=[=+\-@＝＋－＠])")
_LINES = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")


def rows(inventory: Inventory) -> str:
    """Return it as text, the names of the columns first, every cell quoted."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in inventory.entries:
        writer.writerow([cell(value) for value in _row(entry)])
    return out.getvalue()


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet computes, on one line."""
    text = printable(_LINES.sub(" ", str(value)))
    return _FORMULA.sub(r"\1\2'", text)


def _row(entry: Entry) -> tuple[object, ...]:
    ended = entry.ended
    tags = "; ".join(f"{k}: {v}" if v else k for k, v in entry.tags.items())
    return (
        entry.name, entry.version, entry.status, entry.stage, ", ".join(entry.aliases), tags, entry.tier,
        ", ".join(entry.owners), entry.purpose, entry.registered_by, entry.registered_at, entry.decided_by,
        entry.decided_at, entry.reason, ", ".join(a["by"] for a in entry.approvals), entry.expires, entry.awaited,
        ", ".join(entry.open), "; ".join(entry.lacking), ended.get("by", ""), ended.get("at", ""),
        ended.get("reason", ""), ended.get("successor", ""), entry.image.get("digest", ""),
        "yes" if entry.hallmark else "no", "complete" if entry.complete_card else "", entry.digest, entry.run,
    )  # fmt: skip
