"""What a model answers when it is asked for contributions. Runs inside the sandbox only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

ABOUT = b"assay"


def contributed(
    names: Sequence[str],
    values: Any,
    base: Any,
    margin: Any,
    *,
    unit: str,
    method: str,
    space: str = "the columns of the data",
) -> pa.Table:
    """Return rows × (features, bias, margin) as a table; what they are stands in the schema's metadata.

    values: rows × features; base: a row each, or one for all; margin: the model's own answer in ``unit``, made by
    its own library and not by adding the values up.
    """
    rows = len(margin)
    columns = [pa.array(np.ascontiguousarray(values[:, i], dtype=np.float64)) for i in range(values.shape[1])]
    columns += [
        pa.array(np.array(np.broadcast_to(np.asarray(v, dtype=np.float64), (rows,)))) for v in (base, margin)
    ]
    about = json.dumps({"unit": unit, "method": method, "space": space})
    schema = pa.schema(
        [pa.field(str(n), pa.float64()) for n in (*names, "bias", "margin")], metadata={ABOUT: about.encode()}
    )
    return pa.Table.from_arrays(columns, schema=schema)


def output(margin: Any, classes: Sequence[Any], of: str | None) -> tuple[Any, Any]:
    """Return which output is explained for each row, and its sign; ValueError for a class that it does not know.

    margin: rows × outputs. Without a class named it is the class predicted, and of two classes the last. One output
    for two classes speaks for the last; the first is its contrary.
    """
    rows, outputs = margin.shape
    sign = np.ones(rows)
    if of is None:
        return (margin.argmax(axis=1) if outputs > 1 else np.zeros(rows, dtype=np.int64)), sign
    names = [str(c) for c in classes]
    if of not in names:
        raise ValueError(f"it has no class {of[:60]!r}; its classes are {', '.join(names[:10]) or 'none'}")
    at = names.index(of)
    if outputs == 1:
        return np.zeros(rows, dtype=np.int64), sign if at == len(names) - 1 else -sign
    return np.full(rows, at), sign
