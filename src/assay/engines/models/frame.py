"""From an Arrow table to what a model's library takes, and back. Runs inside the sandbox only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from assay.engines.pixels import is_pixels, unpacked


def to_pandas(table: pa.Table, features: Sequence[str] = ()) -> pd.DataFrame:
    """Return the named columns as a DataFrame: text stays text, decimals become numbers, pictures arrays."""
    if features:
        table = table.select(list(features))
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if is_pixels(table.schema.field(name)):
            columns[name] = pd.Series(
                [None if c is None else unpacked(c) for c in column.to_pylist()], dtype=object
            )
            continue
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        columns[name] = column.to_pandas()
    return pd.DataFrame(columns)


def in_order(table: pa.Table, wide: int, *, numbers: bool = True) -> pd.DataFrame:
    """Return the columns of a table for a model that knows them by their order alone; ValueError where they cannot be they.

    wide: how many it takes, 0 where it does not say.
    """
    if wide and table.num_columns != wide:
        raise ValueError(
            f"it takes {wide} columns in the order of its training, not {table.num_columns}: name the label with "
            "--label, and leave out what it does not take"
        )
    frame = to_pandas(table)
    lost = [str(n) for n in frame.columns if frame[n].dtype.kind not in "biuf"] if numbers else []
    if lost:
        raise ValueError(f"it takes numbers, and {lost[0][:60]!r} is none")
    return frame


def as_number(column: pd.Series) -> pd.Series:
    """Return a column as numbers, which it may hold as texts; ValueError where a value is none.

    A model that is given words for the codes it was trained on would answer as if all were missing.
    """
    found = pd.to_numeric(column, errors="coerce")
    lost = column[found.isna() & column.notna()]
    if len(lost):
        raise ValueError(
            f"it takes numbers in {str(column.name)[:60]!r}, which holds {str(lost.iloc[0])[:40]!r}: give it the data "
            "as it was coded for training, or save the coding with the model, as a pipeline"
        )
    return found


def predictions(prediction: Any, scores: Any = None, classes: Sequence[Any] = ()) -> pa.Table:
    """Return the table that a model answers with: prediction, and score (binary) or score_<class>."""
    return tabled(answers(prediction, scores, classes))


def answers(prediction: Any, scores: Any = None, classes: Sequence[Any] = ()) -> dict[str, Any]:
    """Return what a model answers as arrays: prediction, and score (binary) or score_<class>."""
    columns = {"prediction": np.asarray(prediction)}
    if scores is not None:
        scores = np.asarray(scores, dtype=np.float64)
        if scores.ndim == 1:
            columns["score"] = scores
        elif scores.shape[1] == 2:
            columns["score"] = scores[:, 1]
        else:
            names = classes if len(classes) == scores.shape[1] else range(scores.shape[1])
            columns |= {f"score_{name}": scores[:, i] for i, name in enumerate(names)}
    return columns


def tabled(columns: dict[str, Any]) -> pa.Table:
    """Return answers as a table."""
    return pa.table({name: _array(values) for name, values in columns.items()})


def labelled(outputs: Any, chances: Any = None) -> pa.Table:
    """Return the answer of a model that gives a row several labels: the numbers of its outputs that say yes, as one text.

    outputs: rows × labels of 0 and 1. chances: their probabilities, rows × labels, or a matrix of no and yes for each.
    """
    from assay.methods import multilabel

    yes = np.asarray(outputs.toarray() if hasattr(outputs, "toarray") else outputs)
    unique, inverse = np.unique(yes.astype(bool), axis=0, return_inverse=True)
    texts = [multilabel.bounded({str(i) for i in np.flatnonzero(row)}) for row in unique]
    columns = {"prediction": pa.array(texts, pa.string()).take(pa.array(inverse.ravel()))}
    if isinstance(chances, list):
        chances = np.stack([c[:, 1] if c.shape[1] > 1 else yes[:, i] for i, c in enumerate(chances)], axis=1)
    if chances is not None and np.asarray(chances).shape == yes.shape:
        columns |= {f"score_{i}": pa.array(np.asarray(chances)[:, i]) for i in range(yes.shape[1])}
    return pa.table(columns)


def _array(values: Any) -> pa.Array:
    values = values.reshape(len(values), -1)[:, 0] if values.ndim > 1 else values
    if values.dtype == object:
        kinds = {type(v) for v in values}
        return pa.array(values.tolist()) if len(kinds) <= 1 else pa.array([str(v) for v in values])
    return pa.array(values)


def plain(values: Sequence[Any]) -> list[Any]:
    """Return classes as JSON values."""
    return [v.item() if hasattr(v, "item") else v for v in values]


def told(made: Any) -> pa.Table:
    """Return what a function of one's own gave: a column, a matrix of scores, or a frame with prediction and score.

    One column of numbers from 0 to 1 is taken as scores of yes.
    """
    if isinstance(made, pa.Table):
        made = made.to_pandas()
    if hasattr(made, "columns"):
        wanted = [c for c in made.columns if c == "prediction" or str(c).startswith("score")]
        if "prediction" not in wanted:
            raise ValueError("it gives a frame without a column prediction")
        return pa.Table.from_pandas(made[wanted], preserve_index=False)
    values = np.asarray(made)
    if values.ndim == 0:
        raise ValueError(f"it gives one {type(made).__name__} and not an answer a row")
    if values.ndim > 2:
        shape = " x ".join(map(str, values.shape))
        raise ValueError(f"it gives {shape} numbers and not a row of answers for each row")
    if values.ndim == 2 and values.shape[1] > 1:
        return predictions(values.argmax(axis=1), values)
    values = values.reshape(len(values), -1)[:, 0]
    if np.issubdtype(values.dtype, np.floating) and len(values) and values.min() >= 0 and values.max() <= 1:
        return predictions((values > 0.5).astype(int), values)
    return predictions(values)
