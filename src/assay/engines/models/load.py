"""Which loader a model's folder needs: decided by content. Runs inside the sandbox only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assay.engines.folders import tail

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
    """Load what lies in ``folder``: a composition, a script with model_fn, or a file of a known format; ValueError otherwise."""
    if (folder / "composition.json").is_file():
        from assay.engines.models import composed

        return composed.read(folder)
    for script in (folder / "code" / "inference.py", folder / "inference.py"):
        if script.is_file():
            from assay.engines.models.script import ScriptModel

            return ScriptModel(folder, script)
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and (p.suffix not in _SKIPPED or _trees(p))]
    if not files:
        raise ValueError("there is no model file in it")
    found = [m for m in (_load(p) for p in sorted(files, key=_rank)) if m is not None]
    if not found:
        raise ValueError(f"none of {', '.join(p.name for p in files[:5])} is of a known format")
    return found[0]


def _trees(path: Path) -> bool:
    """LightGBM's own files are texts, and are often called so."""
    with path.open("rb") as content:
        return content.read(len(_LIGHTGBM)) == _LIGHTGBM


def _rank(path: Path) -> tuple[int, str]:
    named = path.stem in ("model", "xgboost-model") or path.name == "xgboost-model"
    return (0 if named else 1, path.name)


def _load(path: Path) -> Loaded | None:
    from assay.methods.mxnet import params

    with path.open("rb") as content:
        head = content.read(4096)
    if _xgboost(head):
        from assay.engines.models.boosters import XgboostModel

        return XgboostModel.read(path)
    if head.startswith(_LIGHTGBM):
        from assay.engines.models.boosters import LightgbmModel

        return LightgbmModel.read(path)
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

        return OnnxModel(path)
    if (
        head[:1] == b"\x80"
        or head[:2] in (b"\x1f\x8b", b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"BZ")
        or head[:6] == b"\xfd7zXZ\x00"
    ):
        from assay.engines.models.estimator import EstimatorModel

        pickled: Loaded = EstimatorModel.read_joblib(path)
        return pickled
    return None


def _xgboost(head: bytes) -> bool:
    json_like = head.lstrip()[:1] == b"{" and b'"learner"' in head
    # UBJSON writes the length of a name before it, behind the letter of an integer type
    binary = head[:1] == b"{" and head[1:2] in (b"i", b"U", b"I", b"l", b"L") and b"learner" in head[:64]
    return json_like or binary or head[:4] == b"binf"
