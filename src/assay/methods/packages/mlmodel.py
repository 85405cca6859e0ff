"""A model's file: what it is by its first bytes and name, and its digest. It is never loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO

from assay.methods.packages.package import LONGEST, Package

_FORMATS = {
    "safetensors": "safetensors", "gguf": "GGUF", "ggml": "GGML", "onnx": "ONNX", "pt": "PyTorch", "pth": "PyTorch",
    "pt2": "PyTorch", "ckpt": "PyTorch", "pkl": "pickle", "pickle": "pickle", "joblib": "joblib", "skops": "skops",
    "h5": "HDF5", "hdf5": "HDF5", "keras": "Keras", "tflite": "TensorFlow Lite", "ubj": "XGBoost", "cbm": "CatBoost",
    "mlmodel": "Core ML", "pmml": "PMML", "pb": "TensorFlow", "engine": "TensorRT", "plan": "TensorRT",
    "msgpack": "Flax", "npz": "NumPy",
}  # fmt: skip
_LEAST = 64  # bytes: what is shorter holds no model


def read(source: IO[bytes], path: str, size: int) -> Iterator[Package]:
    """Give the model as a component. Its version is the beginning of its digest: it has no other."""
    if size < _LEAST:
        return
    made = hashlib.sha256()
    while part := source.read(1 << 20):
        made.update(part)
    name = path.rpartition("/")[2]
    digest = made.hexdigest()
    about = {"format": _FORMATS.get(name.rpartition(".")[2].lower(), ""), "bytes": size}
    yield Package("mlmodel", name[:LONGEST], digest[:12], path=path, digests={"SHA-256": digest}, about=about)
