"""Which loader a model's folder needs: decided by content. Runs inside the sandbox only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assay.engines.folders import tail
from assay.methods.preparing import preparation

if TYPE_CHECKING:
    import pyarrow

_LIGHTGBM = b"tree\nversion="
_SKIPPED = {".py", ".txt", ".md", ".yaml", ".yml", ".log"}


class Loaded(Protocol):
    """A loaded model."""

    def describe(self) -> dict[str, Any]:
        """Return framework, format, features, classes, task."""

    def predict(self, table: pyarrow.Table) -> pyarrow.Table:
        """Return predictions."""

    def contributions(self, table: pyarrow.Table, of: str | None = None) -> pyarrow.Table | None:
        """Return exact SHAP values, bias and margin, or None. It may also have background, interactions and inside."""


def load(folder: Path) -> Loaded:
    """Load what lies in ``folder``: a composition, a script with model_fn, or a file of a known format; ValueError otherwise.

    Where a preparation lies beside it, what is asked is prepared first.
    """
    found = _loaded(folder)
    if not (folder / preparation.FILE).is_file():
        return found
    from assay.engines.models.prepared import PreparedModel

    return PreparedModel(found, preparation.Preparation.from_bytes((folder / preparation.FILE).read_bytes()))


def _loaded(folder: Path) -> Loaded:
    if (folder / "composition.json").is_file():
        from assay.engines.models import composed

        return composed.read(folder)
    for script in (folder / "code" / "inference.py", folder / "inference.py"):
        if script.is_file():
            from assay.engines.models.script import ScriptModel

            return ScriptModel(folder, script)
    return load_file(folder)


def load_file(folder: Path) -> Loaded:
    """Load the file of a known format that lies in ``folder``, whatever script lies beside it; ValueError where none does."""
    files = [
        p
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != preparation.FILE and (p.suffix not in _SKIPPED or is_lightgbm(p))
    ]
    if not files:
        raise ValueError("there is no model file in it")
    for path in sorted(files, key=_rank):
        found = _load(path, folder)
        if found is not None:
            return found
    raise ValueError(f"none of {', '.join(p.name for p in files[:5])} is of a known format")


def is_lightgbm(path: Path) -> bool:
    """Whether a file is LightGBM's own: these are texts, and are often called so."""
    with path.open("rb") as content:
        return content.read(len(_LIGHTGBM)) == _LIGHTGBM


def _rank(path: Path) -> tuple[int, str]:
    named = path.stem in ("model", "xgboost-model") or path.name == "xgboost-model"
    return (0 if named else 1, path.name)


def _load(path: Path, folder: Path) -> Loaded | None:
    from assay.methods.mxnet import params

    with path.open("rb") as content:
        head = content.read(4096)
    if _xgboost(head):
        from assay.engines.models.boosters import XgboostModel

        return XgboostModel.read(path)
    if head.startswith(_LIGHTGBM):
        from assay.engines.models.boosters import LightgbmModel

        return LightgbmModel.read(path)
    deep = _deep(path, folder, head)
    if deep is not None:
        return deep
    directory = tail(path, 65_536) if head[:4] == b"PK\x03\x04" else b""  # of a zip, which names its members
    if b"schema.json" in directory:
        from assay.engines.models.estimator import EstimatorModel

        skops: Loaded = EstimatorModel.read_skops(path)
        return skops
    if b"symbol.json" in directory:
        from assay.engines.models.linearlearner import LinearLearnerModel

        return LinearLearnerModel.read_zip(path)
    if head[:8] == params.MAGIC:
        from assay.engines.models.linearlearner import LinearLearnerModel

        return LinearLearnerModel.read_files(path)
    if head[:4] == b"CBM1":
        from assay.engines.models.catboosts import CatboostModel

        return CatboostModel.read(path)
    if path.suffix == ".onnx":
        from assay.engines.models.onnx import OnnxModel
        from assay.engines.models.spec import Spec

        return OnnxModel(path, Spec.read(path.parent, folder))
    if (
        head[:1] == b"\x80"
        or head[:2] in (b"\x1f\x8b", b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"BZ")
        or head[:6] == b"\xfd7zXZ\x00"
    ):
        from assay.engines.models.estimator import EstimatorModel

        pickled: Loaded = EstimatorModel.read_joblib(path)
        return pickled
    if head[:6] == b"\x93NUMPY" or b".npy" in directory:
        from assay.engines.models.contents import ContentsModel

        return ContentsModel.of_numpy(path)
    return None


def _deep(path: Path, folder: Path, head: bytes) -> Loaded | None:
    """Return a network; ValueError for what is one and cannot be read, None for what is none."""
    from assay.engines.models import torchweights

    kind = torchweights.kind(path) if head[:4] == b"PK\x03\x04" else ""
    if path.suffix == ".safetensors" or head.startswith(torchweights.OLD):
        kind = "weights"
    if kind == "keras":
        from assay.engines.models.kerases import read

        keras: Loaded = read(path, folder)
        return keras
    if kind == "weights" and torchweights.code(path, folder) is None:
        from assay.engines.models.contents import ContentsModel

        if path.suffix == ".safetensors":
            return ContentsModel.of_safetensors(path)
        return ContentsModel.of_torch(path, head.startswith(torchweights.OLD))
    if kind:
        from assay.engines.models.torches import TorchModel

        return TorchModel.read(path, folder, kind)
    if head[:8] == b"\x89HDF\r\n\x1a\n":
        raise ValueError(
            f"{path.name} is HDF5, which is not read; save the model with Keras 3 as a .keras file"
        )
    if path.name in ("saved_model.pb", "keras_metadata.pb"):
        raise ValueError(
            "it is a SavedModel of TensorFlow's, which is not read; save it as a .keras file, or as ONNX with tf2onnx"
        )
    return None


def _xgboost(head: bytes) -> bool:
    json_like = head.lstrip()[:1] == b"{" and b'"learner"' in head
    # UBJSON writes the length of a name before it, behind the letter of an integer type
    binary = head[:1] == b"{" and head[1:2] in (b"i", b"U", b"I", b"l", b"L") and b"learner" in head[:64]
    return json_like or binary or head[:4] == b"binf"
