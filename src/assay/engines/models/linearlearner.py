"""A model of Amazon SageMaker's built-in Linear Learner, asked without MXNet. Runs inside the sandbox only.

Its ``model.tar.gz`` holds ``model_algo-1``, a zip of ``mx-mod-symbol.json``, ``mx-mod-0000.params`` and two JSON files
about the training; or those files as they are. It knows its columns by their order alone.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.contributed import contributed, output
from assay.engines.models.frame import in_order, predictions
from assay.methods.mxnet import params
from assay.methods.mxnet.symbol import Symbol

_LARGEST = 1 << 30
_DATA = "data"
_ABOUT = ("additional-params.json", "meta.json")


class LinearLearnerModel:
    """A linear model: weights of the shape (outputs, features), float32."""

    def __init__(self, symbol: bytes, weights: bytes, about: dict[str, Any] | None = None) -> None:
        self.symbol, self.given = Symbol(symbol), params.parse(weights)
        if _DATA not in self.symbol.variables():
            raise ValueError("its symbol takes no data")
        dense = [v for k, v in self.given.items() if k.endswith("weight") and getattr(v, "ndim", 0) == 2]
        if not dense:
            raise ValueError("it holds no weights")
        self.mean: Any = None
        self.columns: list[str] = []  # of the data that it was last given
        about = about or {}
        self.about = about
        outputs, self.width = dense[0].shape
        kind = str(_found(about, "predictor_type") or "")
        self.classes: list[Any] = []
        if kind == "multiclass_classifier" or (self.symbol.head == "softmax" and outputs > 1):
            self.classes = list(range(outputs))
        elif kind == "binary_classifier" or (not kind and self.symbol.head == "logistic"):
            self.classes = [0, 1]
        given = _found(about, "threshold")
        # A margin says yes above 0, a probability above a half, unless the training chose otherwise
        self.threshold = (
            float(given)
            if isinstance(given, (int, float)) and not isinstance(given, bool)
            else 0.5
            if self.symbol.head in ("logistic", "softmax")
            else 0.0
        )

    @classmethod
    def read_zip(cls, path: Path) -> LinearLearnerModel:
        """Read ``model_algo-1``."""
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if sum(archive.getinfo(n).file_size for n in names) > _LARGEST:
                raise ValueError("it unpacks to more than 1 GB")
            symbol = _one(names, "-symbol.json", "symbol.json")
            weights = _one(names, ".params", "params")
            about: dict[str, bytes] = {n: archive.read(n) for n in names if n.rpartition("/")[2] in _ABOUT}
            return cls(archive.read(symbol), archive.read(weights), _about(about))

    @classmethod
    def read_files(cls, weights: Path) -> LinearLearnerModel:
        """Read the unpacked files that lie beside the parameters."""
        beside = {p.name: p for p in sorted(weights.parent.iterdir()) if p.is_file()}
        symbol = beside[_one(list(beside), "-symbol.json", "symbol.json")]
        about = {n: p.read_bytes() for n, p in beside.items() if n in _ABOUT}
        return cls(symbol.read_bytes(), weights.read_bytes(), _about(about))

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        task = "regression" if not self.classes else "binary" if len(self.classes) == 2 else "multiclass"
        return {
            "framework": "sagemaker-linear-learner",
            "format": "mxnet",
            "features": [],
            "classes": self.classes,
            "task": task,
            "detail": {"features": int(self.width), "head": self.symbol.head, "threshold": self.threshold},
        }

    def _matrix(self, table: pa.Table) -> Any:
        """Columns are taken in their order; a missing value is not a number that it can take."""
        frame = in_order(table, self.width)
        values = frame.to_numpy(dtype=np.float64)
        if np.isnan(values).any():
            lost = frame.columns[np.isnan(values).any(axis=0)][0]
            raise ValueError(f"it takes no missing values, and {str(lost)[:60]!r} has some")
        return values

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions."""
        values = self._matrix(table)
        out = np.asarray(self.symbol.compute({**self.given, _DATA: values}), dtype=np.float64)
        out = out.reshape(len(values), -1)
        if not self.classes:
            return predictions(out[:, 0])
        if len(self.classes) == 2:
            score = out[:, -1]
            return predictions((score > self.threshold).astype(int), score)
        return predictions(out.argmax(axis=1), out, self.classes)

    def background(self, table: pa.Table) -> None:
        """Measure it against the mean of these rows."""
        self.mean = self._matrix(table).mean(axis=0)
        self.columns = list(table.column_names)

    def _linear(self, values: Any) -> Any:
        """Return rows × outputs before the last function."""
        out = self.symbol.compute({**self.given, _DATA: values}, before=True)
        return np.asarray(out, dtype=np.float64).reshape(len(values), -1)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return exact linear SHAP; None before a background is named.

        Its weights are what its answers change by, each column alone going from 0 to 1.
        """
        if self.mean is None:
            return None
        values = self._matrix(table)
        base, weights = self._linear(self.mean[None])[0], self._weights()[0]
        margin = self._linear(values)
        wanted, sign = output(margin, self.classes, of)
        found = (values - self.mean) * weights.T[wanted]
        return contributed(
            table.column_names,
            found * sign[:, None],
            base[wanted] * sign,
            margin[np.arange(len(margin)), wanted] * sign,
            unit=self._unit(),
            method="exact linear SHAP",
        )

    def _unit(self) -> str:
        if self.symbol.head in ("logistic", "softmax"):
            return "log-odds"
        return "margin" if self.classes else "output"

    def _weights(self) -> tuple[Any, Any]:
        """Return inputs × outputs of weights, and the intercept of each output: what it answers to 0, and to 1 in a column."""
        at = self._linear(np.vstack([np.zeros(self.width), np.eye(self.width)]))
        return at[1:] - at[0], at[0]

    def inside(self) -> dict[str, Any]:
        """Return its coefficients."""
        weights, intercept = self._weights()
        return {
            "kind": "linear",
            "unit": self._unit(),
            "names": self.columns or [f"column {i}" for i in range(1, self.width + 1)],
            "classes": [str(c) for c in self.classes],
            "coefficients": weights.T.tolist(),
            "intercept": intercept.tolist(),
        }


def _one(names: list[str], *endings: str) -> str:
    found = [n for n in names if n.endswith(endings[0]) or n.rpartition("/")[2] in endings[1:]]
    if len(found) != 1:
        raise ValueError(f"it holds {len(found)} files that end in {endings[0]}, where one is expected")
    return found[0]


def _about(files: dict[str, bytes]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for content in files.values():
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            out |= found
    return out


def _found(about: dict[str, Any], key: str) -> Any:
    """Return the value of a key, at the top or one level down."""
    if key in about:
        return about[key]
    for value in about.values():
        if isinstance(value, dict) and key in value:
            return value[key]
    return None
