"""The shortest way to ask a model about few rows: no DataFrame where none is needed. Runs inside the sandbox only.

Each gives what the model's own ``predict`` gives for a table, which stays the way for whatever has no shorter one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.engines.serving.inside.booster import predictor
from assay.engines.serving.inside.fault import RowFault


class Quick:
    """Any model, asked through a table. numbers: a matrix of f64, its columns in the model's order, is all that it takes."""

    numbers = False

    def __init__(self, loaded: Any) -> None:
        self.loaded = loaded
        self.said: dict[str, Any] = loaded.describe()
        self.names: list[str] = [str(n) for n in self.said.get("features", ())]
        self.wide = len(self.names)

    def describe(self) -> dict[str, Any]:
        """Return what the model says of itself."""
        return self.said

    def table(self, table: Any) -> dict[str, Any]:
        """Return the answers about the rows of an Arrow table; ValueError where it lacks a column."""
        if self.names:
            lost = [n for n in self.names if n not in table.column_names]
            if lost:
                raise ValueError(f"it wants the column {lost[0]!r}")
            table = table.select(self.names)
        return arrays(self.loaded.predict(table))

    def cells(self, names: Sequence[str], rows: list[list[Any]]) -> dict[str, Any]:
        """Return the answers about rows of single values."""
        from assay.methods.payloads.arrows import table

        named = list(names) or self.names or [str(at) for at in range(len(rows[0]))]
        return self.table(table(dict(zip(named, zip(*rows, strict=True), strict=True))))

    def matrix(self, x: Any) -> dict[str, Any]:
        """Return the answers about a matrix, rows × columns in the model's order."""
        import pyarrow as pa

        names = self.names or [str(at) for at in range(x.shape[1])]
        return self.table(pa.table({n: x[:, at] for at, n in enumerate(names)}))


class QuickMatrix(Quick):
    """A model that takes a matrix of numbers as it is."""

    numbers = True

    def __init__(self, loaded: Any, wide: int, asked: Any) -> None:
        """wide: columns that it takes, 0 where it does not say; asked: from the matrix to answers as arrays."""
        super().__init__(loaded)
        self.wide, self.asked = wide or self.wide, asked

    def matrix(self, x: Any) -> dict[str, Any]:
        """Return the answers about a matrix."""
        if self.wide and x.shape[1] != self.wide:
            raise ValueError(f"it takes {self.wide} columns, not {x.shape[1]}")
        found: dict[str, Any] = self.asked(x)
        return found

    def cells(self, names: Sequence[str], rows: list[list[Any]]) -> dict[str, Any]:
        """Return the answers about rows of values, which may be missing, or numbers that are written as texts."""
        order = _order(names, self.names, len(rows[0]))
        x = np.empty((len(rows), len(order)))
        for to, at in enumerate(order):
            fill(x, to, [row[at] for row in rows], self.names[to] if self.names else str(to))
        return self.matrix(x)


class QuickXgboost(QuickMatrix):
    """A booster, whose categories are looked up by name: what it never saw is missing to it."""

    def __init__(self, loaded: Any) -> None:
        asked = predictor(loaded.booster)
        super().__init__(loaded, int(loaded.booster.num_features()), lambda x: loaded.answers(asked(x)))
        self.numbers = "c" not in loaded.types
        self.codes = _codes(loaded) if not self.numbers else {}

    def cells(self, names: Sequence[str], rows: list[list[Any]]) -> dict[str, Any]:
        """Return the answers about rows of numbers and categories."""
        order = _order(names, self.names, len(rows[0]))
        x = np.empty((len(rows), len(order)))
        for to, at in enumerate(order):
            values = [row[at] for row in rows]
            name = self.names[to] if self.names else str(to)
            codes = self.codes.get(name)
            if codes is None:
                fill(x, to, values, name)
            else:
                x[:, to] = [codes.get(v) if type(v) is str else _code(codes, v) for v in values]
        return self.matrix(x)


def arrays(table: Any) -> dict[str, Any]:
    """Return the columns of an Arrow table as arrays."""
    return {
        name: column.to_numpy(zero_copy_only=False)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def quick(loaded: Any) -> Quick:
    """Return the shortest way there is to ask what was loaded."""
    kind = type(loaded).__name__
    if kind == "PreparedModel":
        from assay.engines.serving.inside.prepared import QuickPrepared

        return QuickPrepared(loaded, quick(loaded.model))
    if kind == "XgboostModel" and ("c" not in loaded.types or _codes(loaded)):
        return QuickXgboost(loaded)
    if kind == "LightgbmModel" and not _categories(loaded.booster):
        return QuickMatrix(
            loaded, int(loaded.booster.num_feature()), lambda x: loaded.answers(loaded.booster.predict(x))
        )
    if kind == "OnnxModel" and loaded.takes_matrix:
        wide = loaded.inputs[0].shape[1]
        return QuickMatrix(loaded, wide if isinstance(wide, int) else 0, lambda x: arrays(loaded.matrix(x)))
    if kind == "EstimatorModel" and not loaded.several and not loaded.reads and _of_numbers(loaded.estimator):
        return QuickMatrix(loaded, int(getattr(loaded.estimator, "n_features_in_", 0) or 0), _unnamed(loaded))
    return Quick(loaded)


_TRUTHS = {
    "True": 1.0,
    "true": 1.0,
    "TRUE": 1.0,
    "False": 0.0,
    "false": 0.0,
    "FALSE": 0.0,
}  # as a CSV has them


def fill(x: Any, to: int, values: list[Any], name: str) -> None:
    """Put values into a column of a matrix: numbers, texts of numbers and of truths, missing ones as NaN. RowFault for any other."""
    try:
        x[:, to] = values  # None becomes NaN
        return
    except (TypeError, ValueError, OverflowError):
        pass
    for row, value in enumerate(values):
        try:
            x[row, to] = np.nan if value is None else _TRUTHS[value] if value in _TRUTHS else float(value)
        except (TypeError, ValueError, OverflowError):
            raise RowFault(row, f"it takes numbers in {name[:60]!r}, and is given something else") from None


def _order(names: Sequence[str], wanted: Sequence[str], wide: int) -> Sequence[int]:
    """Return where each column that the model takes stands in a row."""
    if not names or not wanted or list(names) == list(wanted):
        return range(wide)
    place = {name: at for at, name in enumerate(names)}
    lost = [name for name in wanted if name not in place]
    if lost:
        raise ValueError(f"it wants the column {lost[0][:60]!r}")
    return [place[name] for name in wanted]


def _codes(loaded: Any) -> dict[str, dict[str | None, float]]:
    """Return each column's categories and their codes, in the order in which the booster keeps them; none where it does not."""
    try:
        found = loaded.booster.get_categories(export_to_arrow=True).to_arrow()
    except (AttributeError, ValueError, TypeError):
        return {}
    made: dict[str, dict[str | None, float]] = {}
    for name, values in found:
        if values is not None:
            made[name] = {str(v): float(at) for at, v in enumerate(values.to_pylist())}
    wanted = [n for n, t in zip(loaded.names, loaded.types, strict=False) if t == "c"]
    return made if wanted and all(n in made for n in wanted) else {}


def _code(codes: dict[str | None, float], value: Any) -> float | None:
    """Return the code of a category that is no text: 3 and 3.0 are both ``3`` where the model knows that alone."""
    if value is None:
        return None
    found = codes.get(str(value))
    if found is None and isinstance(value, float) and value.is_integer():
        found = codes.get(str(int(value)))
    return found


def _categories(booster: Any) -> bool:
    """Whether a LightGBM booster learned categories."""
    if booster.pandas_categorical:
        return True
    said = next(
        (
            li
            for li in booster.model_to_string(num_iteration=1).splitlines()
            if li.startswith("feature_infos=")
        ),
        "",
    )
    return any(i[:1] not in ("[", "n") for i in said.removeprefix("feature_infos=").split())


def _of_numbers(estimator: Any) -> bool:
    """Whether an estimator is scikit-learn's own through and through, and none of its parts chooses columns or runs a function."""
    if not type(estimator).__module__.startswith("sklearn."):
        return False
    if hasattr(estimator, "steps"):
        return all(part in (None, "passthrough") or _of_numbers(part) for _, part in estimator.steps)
    name = type(estimator).__name__
    if name in (
        "ColumnTransformer",
        "FunctionTransformer",
        "FeatureUnion",
        "TargetEncoder",
        "OrdinalEncoder",
        "OneHotEncoder",
    ):
        return False
    parts = [*estimator.get_params(deep=True).values(), getattr(estimator, "best_estimator_", None)]
    inner = [p for p in parts if hasattr(p, "get_params")]
    return all(
        type(p).__module__.startswith("sklearn.")
        and type(p).__name__ not in ("ColumnTransformer", "FunctionTransformer")
        for p in inner
    )


def _unnamed(loaded: Any) -> Any:
    """Return what asks an estimator about a matrix; that the columns have no names is known here, and not worth a warning."""
    import warnings

    def asked(x: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return loaded.answers(x)

    return asked
