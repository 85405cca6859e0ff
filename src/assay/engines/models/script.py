"""An inference script: model_fn, and perhaps input_fn, predict_fn and output_fn. Runs inside the sandbox only.

SageMaker's contract: model_fn(folder) makes the model. predict_fn(frame, model) is given a DataFrame. Where there is none,
the model's own predict is; a PyTorch module is given what input_fn(CSV, "text/csv") makes of the rows, or, without one,
the tensor that assay.json beside it describes. gradient_fn(frame, model), which may be added, returns answers (rows, or
rows × outputs) and their gradients (rows × columns, or rows × outputs × columns): what integrated gradients need.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.contributed import output
from assay.engines.models.frame import to_pandas, told
from assay.engines.models.paths import along, baselines
from assay.engines.models.spec import Spec


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
        self.spec = Spec.read(folder, script.parent)
        self.behind: Any = None
        self.network: Any = None
        if _is_module(self.model) and not hasattr(self.module, "predict_fn"):
            from assay.engines.models.torches import TorchModel

            self.network = TorchModel(self.model, self.spec, "script")

    def describe(self) -> dict[str, Any]:
        """Return what the model that it made says of itself."""
        named = self.spec.features or list(getattr(self.model, "feature_names_in_", []))
        detail = {"takes": "image", "size": self.spec.size} if self.spec.input == "image" else {}
        return {
            "framework": "script" if self.network is None else "pytorch",
            "format": "script",
            "features": [str(n) for n in named],
            "classes": self.spec.classes,
            "task": self.spec.task,
            "detail": detail,
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions: a column, a matrix of scores, or a DataFrame with prediction and score."""
        predict = getattr(self.module, "predict_fn", None)
        if self.network is not None:
            read = getattr(self.module, "input_fn", None)
            return self.network.predict(table) if read is None else self._read(read, table)
        frame = to_pandas(table)
        made = predict(frame, self.model) if predict else self.model.predict(frame)
        return told(made)

    def _read(self, read: Any, table: pa.Table) -> pa.Table:
        """Ask a module about what its script makes of rows as CSV, as it is sent to an endpoint: no names, in order."""
        torch = self.network.torch
        given = read(to_pandas(table).to_csv(index=False, header=False), "text/csv")
        with torch.no_grad():
            found = self.network.answers(given).cpu().numpy()
        if len(found) != table.num_rows:
            raise ValueError(f"it answers {len(found)} rows for {table.num_rows}")
        made: pa.Table = self.spec.told(found)
        return made

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return None: a script has no SHAP values of its own."""
        return None

    def background(self, table: pa.Table) -> None:
        """Take these rows as what a baseline is made of."""
        if self.network is not None:
            self.network.background(table)
        elif hasattr(self.module, "gradient_fn"):
            found = _numbers(table)
            self.behind = None if found is None else found[1]

    def gradients(self, table: pa.Table, of: str | None, how: str) -> pa.Table | None:
        """Return integrated gradients, where the script gives gradients or its model is a module; None elsewhere."""
        if self.network is not None and not hasattr(self.module, "input_fn"):
            return self.network.gradients(table, of, how)
        slope = getattr(self.module, "gradient_fn", None)
        found = _numbers(table) if slope is not None else None
        if slope is None or found is None:
            return None
        frame, rows = found

        def asked(points: Any) -> tuple[Any, Any]:
            answers, gradients = slope(type(frame)(points, columns=frame.columns), self.model)
            answers, gradients = np.asarray(answers, dtype=float), np.asarray(gradients, dtype=float)
            answers = answers.reshape(len(points), -1)
            return answers, gradients.reshape(len(points), answers.shape[1], points.shape[1])

        first = asked(rows)[0]
        chosen, sign = output(first, self.spec.classes, of)
        if (sign < 0).any():
            raise ValueError(
                f"gradient_fn gives one output, of {self.spec.classes[-1]!r}: ask about that class"
            )

        def ask(points: Any, which: Any) -> tuple[Any, Any]:
            answers, gradients = asked(points)
            index = np.arange(len(points))
            return answers[index, chosen[which]], gradients[index, chosen[which]]

        names = [str(c) for c in frame.columns]
        behind = baselines(self.behind, how, rows.shape[1])
        return along(names, range(len(names)), rows, behind, ask, "output")


def _numbers(table: pa.Table) -> tuple[Any, Any] | None:
    """Return a table as a frame and a matrix; None where a column holds no numbers."""
    frame = to_pandas(table)
    try:
        return frame, frame.to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _is_module(model: Any) -> bool:
    """Whether what a script made is a PyTorch module; a script that never imported PyTorch made none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)
