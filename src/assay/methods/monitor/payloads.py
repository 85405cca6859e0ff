"""The rows of a captured payload: CSV and JSON in the shapes that endpoints speak."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec

_WRAPPED = ("instances", "predictions", "inputs", "dataframe_records", "outputs", "results")
_decode = msgspec.json.Decoder().decode
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


def json_rows(text: str) -> Named:
    """Return the rows of a JSON payload and the names of their columns, none where it names none.

    One object is a row, a list of objects rows; ``instances``, ``predictions``, ``inputs`` and pandas' forms are unwrapped; an
    object of equally long lists is columns; a list of plain values is one row; several JSON texts, a line each, are rows.
    ValueError for what is neither.
    """
    try:
        value = _decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise ValueError("no JSON") from error
        try:
            value = [_decode(line) for line in lines]
        except (msgspec.DecodeError, RecursionError):
            raise ValueError("no JSON") from error
    return of_value(value)


def of_value(value: Any) -> Named:
    """Return the rows of a JSON value."""
    if isinstance(value, dict):
        return _of_object(value)
    if not isinstance(value, list):
        return (), [[value]]
    if value and all(isinstance(v, dict) for v in value):
        return _of_objects(value)
    if value and all(isinstance(v, list) for v in value):
        return (), [[_flat(c) for c in row] for row in value]
    return (), [[_flat(c) for c in value]]


def _of_object(value: dict[str, Any]) -> Named:
    columns, data = value.get("columns"), value.get("data")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(r, list) for r in data):
        return tuple(map(str, columns)), [[_flat(c) for c in row] for row in data]
    for key in (*_WRAPPED, "dataframe_split"):
        if key in value and isinstance(value[key], (list, dict)):
            inner = value[key]
            if isinstance(inner, list) and inner and not any(isinstance(v, (dict, list)) for v in inner):
                return (), [[v] for v in inner]  # an answer a row
            return of_value(inner)
    lists = [v for v in value.values() if isinstance(v, list)]
    if len(lists) == len(value) == 1 and "features" in value:
        return (), [[_flat(c) for c in lists[0]]]
    if lists and len(lists) == len(value) and len({len(v) for v in lists}) == 1:
        return tuple(value), [[_flat(c) for c in row] for row in zip(*lists, strict=True)]
    return _of_objects([value])


def _of_objects(values: list[dict[str, Any]]) -> Named:
    if all(len(v) == 1 and isinstance(v.get("features"), list) for v in values):
        return (), [[_flat(c) for c in v["features"]] for v in values]
    names: dict[str, int] = {}
    rows = []
    for value in values:
        row: list[Any] = [None] * len(names)
        for key, cell in value.items():
            cells = enumerate(cell) if isinstance(cell, list) and key in _EXPANDED else ()
            pairs = [(f"{key}_{i}", c) for i, c in cells] or [(key, _flat(cell))]
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
