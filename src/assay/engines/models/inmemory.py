"""A model in this process's memory: a Python function, or an object that predicts. It is the caller's own code.

It is asked by the same messages as one in the sandbox, and its answers are checked alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.engines.models import wire
from assay.engines.models.asked import AskedModel, ModelError
from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    import pyarrow

    from assay.engines.models.load import Loaded


def is_model(source: Any) -> bool:
    """Whether an object in memory can be asked: it has ``predict``, or can be called, and is no class."""
    return not isinstance(source, type) and (callable(getattr(source, "predict", None)) or callable(source))


def pin(source: Any) -> Asset:
    """Return it as an asset. Its digest is empty: code in memory cannot be pinned."""
    name = getattr(source, "__name__", "") or type(source).__name__
    return Asset("model", str(name)[:100], f"memory:{id(source):x}", "", "python")


class InMemoryModel(AskedModel):
    """Implements the kernel's Model over a function of a DataFrame, or over an object with ``predict``.

    A function gives what an inference script gives: a column, a matrix of scores, or a frame with prediction and score.
    """

    def __init__(self, asset: Asset, source: Any) -> None:
        if not is_model(source):
            remedy = "give a function, or an object with predict"
            raise UsageError(f"a {type(source).__name__} is no model", remedy=remedy)
        self._take(asset, _loaded(source))

    @classmethod
    def of(cls, asset: Asset, loaded: Loaded) -> InMemoryModel:
        """Return a model that is loaded already."""
        made = cls.__new__(cls)
        made._take(asset, loaded)
        return made

    def _take(self, asset: Asset, loaded: Loaded) -> None:
        self.asset, self.level, self._loaded = asset, "none", loaded
        self._info = self._described(self._ask(b"I", b""))

    def _ask(self, kind: bytes, body: bytes) -> bytes:
        from assay.engines.models.worker import answered

        try:
            if kind == b"I":
                return wire.pack_json(self._loaded.describe())
            return answered(self._loaded, kind, body)
        except Exception as error:
            said = f"{type(error).__name__}: {error}".strip().splitlines()[0][:400]
            raise ModelError(said, where=self.asset.name) from error


def _loaded(source: Any) -> Loaded:
    if callable(getattr(source, "predict", None)):
        from assay.engines.models.estimator import EstimatorModel

        known: Loaded = EstimatorModel.wrapped(source, "python")
        return known
    return _Function(source)


class _Function:
    """A function of a DataFrame, which says nothing of itself."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def describe(self) -> dict[str, Any]:
        return {"framework": "python", "format": "python", "features": [], "classes": [], "task": "unknown"}

    def predict(self, table: pyarrow.Table) -> pyarrow.Table:
        from assay.engines.models.frame import to_pandas, told

        return told(self.function(to_pandas(table)))

    def contributions(self, table: pyarrow.Table, of: str | None = None) -> pyarrow.Table | None:
        return None
