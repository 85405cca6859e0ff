"""An inference script: model_fn, and perhaps input_fn, predict_fn and output_fn. Runs inside the sandbox only."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from assay.engines.models.frame import to_pandas, told


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
        return told(made)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return None: a script has no SHAP values of its own."""
        return None
