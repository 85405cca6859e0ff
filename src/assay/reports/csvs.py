"""Rows as CSV: a header and a row each, none of whose texts a spreadsheet computes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

_FORMULA = re.compile(r"[\s\"'`]*[=+\-@＝＋－＠]")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows under the names of their columns; lists and mappings as JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(cell, columns))
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def cell(value: Any) -> Any:
    """Return a value as a cell: before a text that a spreadsheet would compute stands an apostrophe; numbers stay as they are.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
