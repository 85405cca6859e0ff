"""A Jupyter notebook as what a reader sees: the source and the outputs of each cell, by number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_PLAIN = ("text/", "application/json", "application/javascript", "application/vnd.")
MOST = 20_000  # cells


def is_notebook(data: bytes) -> bool:
    """Whether bytes look like a notebook's."""
    return data.lstrip()[:1] == b"{" and b'"nbformat"' in data and b'"cells"' in data


def cells(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Give what each part of a notebook is called (``cell 3``, ``cell 3 output``, ``metadata``) and its text.

    ValueError where it is no notebook, or nests deeper than a parser goes.
    """
    try:
        raw = json.loads(data)
    except RecursionError:
        raise ValueError("it nests too deep") from None
    found = raw.get("cells") if isinstance(raw, dict) else None
    if not isinstance(found, list) or len(found) > MOST:
        raise ValueError("it has no list of cells")
    yield "metadata", json.dumps({k: v for k, v in raw.items() if k != "cells"}, indent=1).encode()
    for number, cell in enumerate(found, 1):
        if not isinstance(cell, dict):
            continue
        yield f"cell {number}", _text(cell.get("source"))
        if cell.get("metadata") or cell.get("attachments"):
            yield f"cell {number} metadata", json.dumps(cell.get("metadata"), indent=1).encode()
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            yield f"cell {number} output", _output(output)


def _output(output: Any) -> bytes:
    if not isinstance(output, dict):
        return b""
    parts = [_text(output.get("text")), _text(output.get("traceback")), _text(output.get("evalue"))]
    data = output.get("data")
    for kind, value in data.items() if isinstance(data, dict) else ():
        if str(kind).startswith(_PLAIN):
            parts.append(
                _text(value) if isinstance(value, (str, list)) else json.dumps(value, indent=1).encode()
            )
    return b"\n".join(p for p in parts if p)


def _text(value: Any) -> bytes:
    if isinstance(value, list):
        value = "".join(str(v) for v in value)
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""
