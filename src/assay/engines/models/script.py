"""An inference script: model_fn, and perhaps input_fn, predict_fn and output_fn. Runs inside the sandbox only."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.frame import predictions, to_pandas


class ScriptModel:
    """A model behind SageMaker's inference contract; predict_fn is given a DataFrame."""

    def __init__(self, folder: Path, script: Path) -> None:
        sys.path.insert(0, str(script.parent))
        spec = importlib.util.spec_from_file_location("inference", script)
        if spec is None or spec.loader is None:
            raise ValueError(f"{script.name} cannot be loaded")
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        if not hasattr(self.module, "model_fn"):
            raise ValueError(f"{script.name} has no model_fn")
        self.model = self.module.model_fn(str(folder))

    def describe(self) -> dict[str, Any]:
        """Return what the model that it made says of itself."""
        features = [str(n) for n in getattr(self.model, "feature_names_in_", ())]
        return {
            "framework": "script",
            "format": "script",
            "features": features,
            "classes": [],
            "task": "unknown",
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions: a column, a matrix of scores, or a DataFrame with prediction and score."""
        frame = to_pandas(table)
        predict = getattr(self.module, "predict_fn", None)
        made = predict(frame, self.model) if predict else self.model.predict(frame)
        if hasattr(made, "columns"):
            wanted = [c for c in made.columns if c == "prediction" or str(c).startswith("score")]
            return pa.Table.from_pandas(made[wanted], preserve_index=False)
        values = np.asarray(made)
        if values.ndim == 2 and values.shape[1] > 1:
            return predictions(values.argmax(axis=1), values)
        values = values.reshape(len(values), -1)[:, 0]
        if (
            np.issubdtype(values.dtype, np.floating)
            and len(values)
            and values.min() >= 0
            and values.max() <= 1
        ):
            return predictions((values > 0.5).astype(int), values)
        return predictions(values)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return None: a script has no SHAP values of its own."""
        return None
