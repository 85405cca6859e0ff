"""Keras's own files (.keras), with whichever backend is installed. Runs inside the sandbox only."""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.needed import needed
from assay.engines.models.spec import Spec
from assay.engines.models.torches import TorchModel

_BACKENDS = ("torch", "tensorflow", "jax")


def read(path: Path, folder: Path) -> Any:
    """Load a .keras file: nothing in it that holds code is loaded (safe_mode). ValueError where it cannot be."""
    held = next((b for b in _BACKENDS if find_spec(b) is not None), None)
    if held is None:
        raise ValueError(
            "it is a Keras model, and no backend of Keras is installed: pip install 'assay[keras]'"
        )
    os.environ.setdefault("KERAS_BACKEND", held)
    os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp(prefix="keras"))
    keras = needed("keras", "keras", "a Keras model")
    try:
        model = keras.models.load_model(str(path), compile=False, safe_mode=True)
    except Exception as error:  # noqa: BLE001 - Keras raises what its layers raise
        said = " ".join(str(error).split())
        if "Lambda" in said or "safe_mode" in said or "lambda" in said:
            raise ValueError(
                f"{path.name} holds a Lambda layer, which is code, and is not loaded; make it a layer of Keras's own"
            ) from None
        raise ValueError(f"{path.name} cannot be read by Keras {keras.__version__}: {said[:200]}") from None
    spec = Spec.read(path.parent, folder, folder / "code")
    return (
        KerasOnTorch(model, spec, "keras") if keras.backend.backend() == "torch" else KerasModel(model, spec)
    )


class KerasOnTorch(TorchModel):
    """A Keras model whose tensors are PyTorch's: it has gradients as any module has."""

    framework = "keras"

    def call(self, module: Any, given: Any) -> Any:
        """Ask it as it is asked when it is in use."""
        return module(given, training=False)


class KerasModel:
    """A Keras model on another backend: it answers, and is explained by asking."""

    def __init__(self, model: Any, spec: Spec) -> None:
        self.model, self.spec = model, spec

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        detail: dict[str, Any] = {
            "type": type(self.model).__name__,
            "parameters": int(self.model.count_params()),
        }
        detail |= {"takes": "image", "size": self.spec.size} if self.spec.input == "image" else {}
        return {
            "framework": "keras",
            "format": "keras",
            "features": self.spec.features,
            "classes": self.spec.classes,
            "task": self.spec.task,
            "detail": detail,
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions."""
        found = self.model.predict(self.spec.tensor(table), verbose=0)
        return self.spec.told(np.asarray(found[0] if isinstance(found, (list, tuple)) else found))

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return None: a network has no exact SHAP values."""
        return None
