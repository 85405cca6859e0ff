"""Training by the caller's own code, in this process: an estimator, fitted or not, or a function of rows and labels."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.engines.models.inmemory import InMemoryModel
from assay.engines.trainers.weighing import checked
from assay.kernel.asset import Asset
from assay.kernel.errors import TrainingFailed, UsageError
from assay.kernel.handles import Model

if TYPE_CHECKING:
    import pyarrow


def is_trainer(source: Any) -> bool:
    """Whether an object in memory can train: it has ``fit``, or can be called."""
    return callable(getattr(source, "fit", None)) or callable(source)


class InMemoryTrainer:
    """Implements the kernel's Trainer over the caller's own estimator or function.

    An estimator (or its class) is cloned and fitted to a DataFrame of all columns but the label. A function is called
    with that DataFrame, the labels, ``sample_weight`` where there are weights, and the hyperparameters by name; it gives
    a fitted object with ``predict``, or a function of a DataFrame.
    """

    def __init__(self, asset: Asset, source: Any) -> None:
        if not is_trainer(source):
            remedy = "give an estimator, or a function of rows and labels"
            raise UsageError(f"a {type(source).__name__} trains nothing", remedy=remedy)
        self.asset = asset
        self.source = source() if isinstance(source, type) else source
        self.hyperparameters: Mapping[str, Any] = {}
        self.spent = 0.0

    def within(self, limits: Mapping[str, Any]) -> InMemoryTrainer:
        """Refuse limits: the caller's own process has none."""
        if limits:
            raise UsageError(
                "what runs in this process has no limits", remedy="leave them out, or name a script"
            )
        return self

    @contextlib.contextmanager
    def fit(
        self,
        rows: pyarrow.Table,
        *,
        label: str,
        labels: Sequence[str] = (),
        weights: Any = None,
        weight_column: str | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
    ) -> Iterator[Model]:
        """Fit a clone, or call the function, and give the model; TrainingFailed with what it raises."""
        given = dict(self.hyperparameters) | dict(hyperparameters or {})
        weight = None if weights is None else checked(weights, rows.num_rows)
        clock = time.perf_counter()
        try:
            model = self._fitted(rows, [label, *labels], weight, given)
        except Exception as error:
            said = f"{type(error).__name__}: {error}".strip().splitlines()[0][:400]
            raise TrainingFailed(said, where=self.asset.name) from error
        finally:
            self.spent += time.perf_counter() - clock
        yield model

    def _fitted(self, rows: pyarrow.Table, labels: list[str], weight: Any, given: dict[str, Any]) -> Model:
        from assay.engines.models.frame import to_pandas
        from assay.engines.models.refit import Named, estimated, learned

        truth, rest = learned(rows, labels), rows.drop_columns(labels)
        if not callable(getattr(self.source, "fit", None)):
            weighted = {} if weight is None else {"sample_weight": weight}
            return InMemoryModel(self.asset, self.source(to_pandas(rest), truth, **weighted, **given))
        known = tuple(map(str, getattr(self.source, "feature_names_in_", ()))), ()
        fitted, names = estimated(self.source, rest, truth, weight, given, known, frames=True)
        return InMemoryModel.of(self.asset, fitted if names is None else Named(fitted, names))
