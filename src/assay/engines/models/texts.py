"""Models of one text: a pipeline that begins with a vectoriser takes a series of texts and no table. Inside the sandbox."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

_VECTORISERS = {"CountVectorizer", "TfidfVectorizer", "HashingVectorizer"}


def takes_text(estimator: Any) -> bool:
    """Whether an estimator of scikit-learn's begins with a vectoriser of texts, inside a search or a union too."""
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    name = type(estimator).__name__
    if name == "Pipeline" and estimator.steps:
        return takes_text(estimator.steps[0][1])
    if name == "FeatureUnion" and estimator.transformer_list:
        return all(takes_text(part) for _, part in estimator.transformer_list)
    return name in _VECTORISERS


def the_text(table: pa.Table) -> pd.Series:
    """Return the table's one column of texts, cells without one as empty texts; ValueError where there is not one."""
    found = [
        n
        for n, kind in zip(table.column_names, table.schema.types, strict=True)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ]
    if len(found) != 1:
        raise ValueError(
            f"it reads one text, and {', '.join(found[:5]) or 'none'} of the data's columns are texts; "
            "give it the one alone"
        )
    series: pd.Series = table.column(found[0]).to_pandas().fillna("")
    return series
