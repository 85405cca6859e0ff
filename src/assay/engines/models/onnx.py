"""ONNX models through ONNX Runtime, where it is installed. Runs inside the sandbox only.

One input of numbers takes the columns as a matrix (those that assay.json names, in its order), one of texts the text, one
of four dimensions a picture, and several inputs a column each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.frame import in_order, predictions, to_pandas
from assay.engines.models.needed import needed
from assay.engines.models.spec import Spec
from assay.engines.models.texts import the_text

_TYPES = {
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
    "tensor(string)": object,
}
_PICTURES = 32


class OnnxModel:
    """One input matrix, one of texts or of pictures, or an input a column."""

    def __init__(self, path: Path, spec: Spec | None = None) -> None:
        runtime = needed("onnxruntime", "onnx", "an ONNX model")
        self.spec = spec or Spec()
        try:
            self.session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - ONNX Runtime's exceptions have no base of their own
            said = str(error).strip().splitlines()[0][:200]
            raise ValueError(
                f"{path.name} cannot be read by ONNX Runtime {runtime.__version__}: {said}"
            ) from None
        self.inputs = self.session.get_inputs()
        alone = self.inputs[0] if len(self.inputs) == 1 else None
        self.reads = alone is not None and "string" in alone.type and not self.spec.features
        self.looks = self.spec.input == "image" or (alone is not None and len(alone.shape) == 4)

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        named = [i.name for i in self.inputs] if len(self.inputs) > 1 else self.spec.features
        detail = {"takes": "text"} if self.reads else {"takes": "image"} if self.looks else {}
        return {
            "framework": "onnx",
            "format": "onnx",
            "features": named,
            "classes": self.spec.classes,
            "task": self.spec.task,
            "detail": detail,
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions: the first output, with the second as scores; or as assay.json says."""
        size = self._fixed() or (_PICTURES if self.looks else table.num_rows)
        parts = [
            self._answers(table.slice(at, size)) for at in range(0, max(table.num_rows, 1), max(size, 1))
        ]
        return pa.concat_tables(parts) if len(parts) > 1 else parts[0]

    def _fixed(self) -> int | None:
        """Return how many rows it takes at a time, where it was exported for so many."""
        first = self.inputs[0].shape[0] if self.inputs and self.inputs[0].shape else None
        return first if isinstance(first, int) and first > 0 else None

    def _answers(self, table: pa.Table) -> pa.Table:
        return self.told(self.session.run(None, self._feed(table)), table.num_rows)

    @property
    def takes_matrix(self) -> bool:
        """Whether a matrix of numbers, of any number of rows, is all that it takes."""
        one = self.inputs[0] if len(self.inputs) == 1 else None
        plain = one is not None and len(one.shape) == 2 and "string" not in one.type and not self._fixed()
        return plain and not self.spec.features and not self.looks

    def matrix(self, x: Any) -> pa.Table:
        """Return predictions about a matrix, where that is what it takes."""
        (one,) = self.inputs
        given = x.astype(np.float32).astype(_TYPES.get(one.type, np.float32), copy=False)
        return self.told(self.session.run(None, {one.name: given}), len(x))

    def told(self, out: Any, rows: int) -> pa.Table:
        """Return what the outputs of a session mean."""
        if self.spec.output:
            return self.spec.told(np.asarray(out[0]))
        first = np.asarray(out[0])
        if len(out) == 1 and first.ndim > 1 and first.size > rows:
            scores = first.reshape(rows, -1)  # a network's only output: one number for each class
            return predictions(scores.argmax(axis=1), scores)
        second: Any = out[1] if len(out) > 1 else None
        if isinstance(second, list):  # a sequence of class → probability
            second = np.array([[row[k] for k in sorted(row)] for row in second])
        return predictions(first.reshape(rows, -1)[:, 0], second)

    def _feed(self, table: pa.Table) -> dict[str, Any]:
        if len(self.inputs) > 1:
            frame = to_pandas(table)
            return {
                i.name: frame[[i.name]].to_numpy(dtype=_TYPES.get(i.type, np.float32)) for i in self.inputs
            }
        (one,) = self.inputs
        kind = _TYPES.get(one.type, np.float32)
        if self.reads:
            texts = the_text(table).to_numpy(dtype=object)
            return {one.name: texts if len(one.shape) == 1 else texts[:, None]}
        if self.looks:
            return {one.name: self._seen(one).tensor(table).astype(kind)}
        wide = one.shape[-1] if len(one.shape) == 2 and isinstance(one.shape[-1], int) else 0
        given = (
            self.spec.tensor(table)
            if self.spec.features
            else in_order(table, wide).to_numpy(dtype=np.float32)
        )
        return {one.name: given.astype(kind)}

    def _seen(self, one: Any) -> Spec:
        """Return how pictures are given: as assay.json says, or as the input's own shape does."""
        if self.spec.input == "image":
            return self.spec
        last = one.shape[3] in (1, 3) and one.shape[1] not in (1, 3)
        sides = one.shape[1:3] if last else one.shape[2:4]
        size = list(sides) if all(isinstance(s, int) and s > 0 for s in sides) else []
        divide = 1.0 if "uint8" in one.type else 255.0
        return Spec(input="image", size=size, channels_last=last, divide=divide)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return None: it has no SHAP values of its own."""
        return None
