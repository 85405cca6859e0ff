"""The rows of a captured payload, whoever wrote it: nothing is refused that can be read, since it was answered already."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec

from assay.methods.payloads import jsons
from assay.methods.payloads.refused import PayloadRefused

_ANSWERS = ("predictions", "outputs", "results")  # what answers are wrapped in
Named = tuple[tuple[str, ...], list[list[Any]]]


def csv_lines(text: str) -> list[str]:
    """Return the rows of a CSV payload, each as one line of CSV; blank lines are left out, and an end of line too."""
    body = text.rstrip("\r\n")
    if "\n" not in body and "\r" not in body:
        return [body] if body.strip() else []
    if '"' not in body:
        return [line for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    out, buffer = [], io.StringIO()
    write = csv.writer(buffer, lineterminator="")
    for row in csv.reader(io.StringIO(body, newline=""), strict=True):
        if row:
            write.writerow(row)
            out.append(buffer.getvalue())
            buffer.seek(0)
            buffer.truncate()
    return out


def json_rows(text: str, *, columns: bool = True) -> Named:
    """Return the rows of a captured JSON payload, question or answer, and the names of their columns, none where it names none.

    Read as an endpoint reads its questions (jsons.unwrapped), and beside that what answers are wrapped in; several JSON texts, a line
    each, are rows; lists of scores become a column each, and other nested values their JSON. columns: whether an object of equally
    long lists, with no envelope around it, is columns, or one row of lists. ValueError for what is no JSON.
    """
    try:
        found = jsons.decoded(text)
    except (msgspec.DecodeError, RecursionError) as error:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise ValueError("no JSON") from error
        try:
            return _shaped([jsons.decoded(line) for line in lines], ())
        except (msgspec.DecodeError, RecursionError):
            raise ValueError("no JSON") from error
    try:
        rows, names = jsons.unwrapped(found, (*jsons.ENVELOPES, *_ANSWERS), alone=False, columns=columns)
    except PayloadRefused:  # columns of unlike lengths: a row of lists
        rows, names = [found], ()
    return _shaped(rows, names)


def _shaped(rows: Any, names: Sequence[str]) -> Named:
    if not isinstance(rows, list):
        rows = [rows]
    if names:
        return tuple(names), [[_flat(c) for c in row] for row in rows]
    if rows and all(isinstance(row, dict) for row in rows):
        held = [jsons.features(row) for row in rows]
        if not all(isinstance(row, list) for row in held):
            return _of_objects(rows)
        rows = held
    if rows and all(isinstance(row, list) for row in rows):
        return (), [[_flat(c) for c in row] for row in rows]
    return (), [[_flat(value)] for value in rows]


def _of_objects(values: list[dict[str, Any]]) -> Named:
    names: dict[str, int] = {}
    rows = []
    for value in values:
        row: list[Any] = [None] * len(names)
        for key, cell in value.items():
            cells = enumerate(cell) if isinstance(cell, list) and key in _EXPANDED else ()
            pairs = [(f"{key}_{i}", c) for i, c in cells] or [(key, cell)]
            for name, one in pairs:
                at = names.setdefault(name, len(names))
                if at >= len(row):
                    row.append(None)
                row[at] = _flat(one)
        rows.append(row)
    for row in rows:
        row += [None] * (len(names) - len(row))
    return tuple(names), rows


_EXPANDED = frozenset({"score", "scores", "probability", "probabilities", "predicted_probabilities"})


def _flat(cell: Any) -> Any:
    """Return a cell as a plain value; what is nested is its JSON."""
    if isinstance(cell, (dict, list)):
        return msgspec.json.encode(cell).decode()
    return cell


def output_name(name: str) -> str:
    """Return the name that a column of an answer has here: prediction, score, score_<class>, or its own."""
    low = name.lower()
    if low in ("prediction", "predicted_label", "predicted", "predictions"):
        return "prediction"
    for stem in ("probability", "probabilities", "scores", "score", "predicted_probability"):
        if low == stem:
            return "score"
        if low.startswith(f"{stem}_"):
            return f"score_{name[len(stem) + 1 :]}"
    return name


def unnamed_outputs(width: int) -> list[str]:
    """Return the names of an answer's columns that has none: the prediction, then scores."""
    if width <= 2:
        return ["prediction", "score"][:width]
    return ["prediction", *(f"score_{i}" for i in range(width - 1))]
