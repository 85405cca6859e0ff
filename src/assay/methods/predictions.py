"""A table and the predictions for it, from a model or from columns of the table."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from assay.kernel.errors import UsageError
from assay.kernel.handles import Model, Table


def gather(
    subject: Any, data: Any, predicted: str | None, score: str | None, label: str | None = None
) -> tuple[pa.Table, pa.ChunkedArray, pa.Table | None]:
    """Return (the table, its predictions, the table of scores or None); UsageError where one is not given.

    A model answers for ``data``; a table holds its predictions in the column ``predicted``, and scores in ``score``. A
    model that knows its columns by their order alone is given all but ``label``.
    """
    if isinstance(subject, Model) and not isinstance(subject, Table):
        if data is None:
            raise UsageError("a model is judged on data", remedy="name it: --data TABLE")
        table = data.arrow()
        asked = (
            table if subject.info.features or label not in table.column_names else table.drop_columns(label)
        )
        answers = subject.predict(asked)
        scores = [c for c in answers.column_names if c == "score" or c.startswith("score_")]
        return table, answers.column("prediction"), answers.select(scores) if scores else None
    if predicted is None:
        raise UsageError(
            "which column holds the predictions?", remedy="say --predicted COLUMN, or name a model"
        )
    table = subject.arrow()
    scores_of = pa.table({"score": table.column(score)}) if score else None
    return table, table.column(predicted), scores_of


def answers(model: Model, table: pa.Table, label: str | None) -> tuple[pa.ChunkedArray, pa.Table | None]:
    """Return a model's predictions for a table, and its scores where it has some; it is never shown the label."""
    hidden = not model.info.features and label in table.column_names
    said = model.predict(table.drop_columns(label) if hidden else table)
    scores = [c for c in said.column_names if c == "score" or c.startswith("score_")]
    return said.column("prediction"), said.select(scores) if scores else None
