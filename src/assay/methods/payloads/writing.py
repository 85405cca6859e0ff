"""Answers, and rows, into the bytes of a form."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from assay.kernel.serving import Rows
from assay.methods.payloads.kinds import accepted

_JSON = msgspec.json.Encoder()
_NUMBERS = (int, float)


def write(
    columns: Mapping[str, Sequence[Any]], accept: str = "", *, content_type: str = ""
) -> tuple[bytes, str]:
    """Return an answer and its content type. columns: prediction, score …, each a value a row.

    accept: of the question, and content_type its own form, which is taken where anything is fine. CSV has a line a row and
    no header; JSON is ``{"predictions": [{"prediction": …, "score": …}]}``; JSON lines an object a row. What is not a finite
    number is null, or empty in CSV. PayloadRefused (406) where Accept asks for no form that is written.
    """
    kind = accepted(accept, content_type)
    if kind.name == "csv":
        return _csv((), list(zip(*columns.values(), strict=True))), "text/csv; charset=utf-8"
    if kind.name in ("json", "jsonlines"):
        names = list(columns)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        if kind.name == "json":
            return _JSON.encode({"predictions": rows}), kind.media
        return _JSON.encode_lines(rows), kind.media
    from assay.methods.payloads import arrows

    return arrows.write(arrows.table(columns), kind.name), kind.media


def write_rows(rows: Rows, content_type: str) -> bytes:
    """Return rows as a payload, which ``read`` reads again. CSV has a header where the columns have names.

    PayloadRefused (406) for a form that is not written.
    """
    kind = accepted(content_type)
    if kind.text:
        rows = rows.as_cells()
    if not kind.text:
        from assay.methods.payloads import arrows

        table = rows.table
        if table is None:
            names = rows.names or tuple(str(at) for at in range(len((rows.cells or [[]])[0])))
            table = arrows.table(dict(zip(names, zip(*(rows.cells or []), strict=True), strict=True)))
        return arrows.write(table, kind.name)
    cells = rows.cells or []
    if kind.name == "csv":
        return _csv(rows.names, cells)
    if kind.name == "jsonlines":
        made = [dict(zip(rows.names, row, strict=True)) for row in cells] if rows.names else cells
        return _JSON.encode_lines(made)
    if rows.names:
        return _JSON.encode({"columns": rows.names, "data": cells})
    return _JSON.encode({"instances": cells})


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    if not names and all(type(v) in _NUMBERS and v - v == 0 for row in rows for v in row):
        return "".join([",".join(map(repr, row)) + "\n" for row in rows]).encode()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if names:
        writer.writerow(names)
    writer.writerows([[_field(value) for value in row] for row in rows])
    return out.getvalue().encode()


def _field(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value - value != 0:
        return ""
    return _JSON.encode(value).decode() if isinstance(value, (list, tuple)) else value
