"""ONNX models through ONNX Runtime, where it is installed. Runs inside the sandbox only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.frame import predictions, to_pandas


class OnnxModel:
    """One input matrix, or an input a column."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.inputs = self.session.get_inputs()

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        named = [i.name for i in self.inputs] if len(self.inputs) > 1 else []
        return {"framework": "onnx", "format": "onnx", "features": named, "classes": [], "task": "unknown"}

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions: the first output, with the second as scores."""
        frame = to_pandas(table)
        if len(self.inputs) == 1:
            feed = {self.inputs[0].name: frame.to_numpy(dtype=np.float32)}
        else:
            feed = {
                i.name: frame[[i.name]].to_numpy(dtype=object if "string" in i.type else np.float32)
                for i in self.inputs
            }
        out = self.session.run(None, feed)
        scores = out[1] if len(out) > 1 else None
        if isinstance(scores, list):  # a sequence of class → probability
            scores = np.array([[row[k] for k in sorted(row)] for row in scores])
        return predictions(np.asarray(out[0]).reshape(len(frame), -1)[:, 0], scores)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return None: it has no SHAP values of its own."""
        return None
