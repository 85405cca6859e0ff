"""Which column of the data each column after scikit-learn's transformers comes from. Runs inside the sandbox only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_EACH_FOR_ITSELF = {
    "StandardScaler",
    "MinMaxScaler",
    "MaxAbsScaler",
    "RobustScaler",
    "PowerTransformer",
    "QuantileTransformer",
    "Binarizer",
    "OrdinalEncoder",
}
Origins = list[int] | None


def origins(transformer: Any, given: Sequence[int]) -> Origins:
    """Return the column of the data behind each column that a fitted transformer gives; None where one mixes several.

    given: the column of the data behind each column that it takes.
    """
    try:
        return _origins(transformer, list(given))
    except (AttributeError, TypeError, ValueError, IndexError, KeyError):
        return None  # not fitted as expected, or of another version: then it is not known


def _origins(transformer: Any, given: list[int]) -> Origins:
    name = type(transformer).__name__
    if transformer is None or transformer == "passthrough" or name in _EACH_FOR_ITSELF:
        return given
    if transformer == "drop":
        return []
    if not type(transformer).__module__.startswith("sklearn."):
        return None
    if name == "Pipeline":
        return _chain([step for _, step in transformer.steps], given)
    if name == "ColumnTransformer":
        return _columns(transformer, given)
    if name == "FeatureUnion":
        parts = [_origins(part, given) for _, part in transformer.transformer_list]
        return None if any(p is None for p in parts) else [c for p in parts for c in p or []]
    if name == "OneHotEncoder":
        return list(np.repeat(given, transformer._n_features_outs).tolist())
    if name == "KBinsDiscretizer":
        return (
            given if transformer.encode == "ordinal" else list(np.repeat(given, transformer.n_bins_).tolist())
        )
    if name == "SimpleImputer":
        return _imputed(transformer, given)
    if name == "FunctionTransformer":  # nothing, or a function that numpy applies number by number
        alone = transformer.func is None or (
            isinstance(transformer.func, np.ufunc) and transformer.func.nin == 1
        )
        return given if alone else None
    if hasattr(transformer, "get_support"):
        return [c for c, kept in zip(given, transformer.get_support(), strict=True) if kept]
    return None


def _chain(steps: Sequence[Any], given: list[int]) -> Origins:
    found: Origins = given
    for step in steps:
        found = _origins(step, found or [])
        if found is None:
            return None
    return found


def _columns(transformer: Any, given: list[int]) -> Origins:
    wide = max((s.stop for s in transformer.output_indices_.values()), default=0)
    out = [-1] * wide
    for name, part, _ in transformer.transformers_:
        taken = [given[i] for i in transformer._transformer_to_input_indices[name]]
        place = transformer.output_indices_[name]
        found = _origins(part, taken) if taken else []
        if found is None or len(found) != place.stop - place.start:
            return None
        out[place] = found
    return None if -1 in out else out


def _imputed(imputer: Any, given: list[int]) -> Origins:
    """A column without a single value is dropped, and indicators stand behind."""
    known = [True] * len(given)
    if not imputer.keep_empty_features and imputer.statistics_.dtype.kind == "f":
        known = (~np.isnan(imputer.statistics_)).tolist()
    out = [c for c, kept in zip(given, known, strict=True) if kept]
    if imputer.add_indicator:
        out += [given[i] for i in imputer.indicator_.features_]
    return out
