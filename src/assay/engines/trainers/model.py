"""Training anew what a fitted model says of how it was trained, inside the sandbox that loads it."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.folders import sweep
from assay.engines.isolation import Level, Limits
from assay.engines.isolation.limits import read_limits
from assay.engines.models import open_model
from assay.engines.models.asked import ModelError
from assay.engines.trainers.weighing import weighed
from assay.kernel.asset import Asset
from assay.kernel.errors import TrainingFailed
from assay.kernel.handles import Model

if TYPE_CHECKING:
    import pyarrow

    from assay.engines.tracing import Recorder

_WEIGHT = "weight of the row"
LIMITS = Limits(memory=8 << 30, seconds=900)


@dataclass
class ModelTrainer:
    """Implements the kernel's Trainer over a fitted estimator or booster, which was scanned before.

    path: where it lies. Each fit has a worker of its own, so that nothing is remembered from one to the next. ran: called
    with the isolation of each.
    """

    asset: Asset
    path: Path
    level: Level
    scratch: Path
    ran: Callable[[str], object]
    recorder: Recorder | None = None
    limits: Limits = LIMITS
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    spent: float = 0.0

    def within(self, limits: Mapping[str, Any]) -> ModelTrainer:
        """Return it under other limits for each fit."""
        return replace(self, limits=read_limits(limits, self.limits))

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
        """Open the model in a new worker, fit a clone of it to rows, and give that; weights are its sample_weight.

        TrainingFailed where its configuration does not suffice, and where the fit raises or runs past its limits.
        """
        column = None
        if weights is not None:
            column = _WEIGHT
            rows = weighed(rows, weights, column)
        scratch = Path(tempfile.mkdtemp(prefix="refit", dir=self.scratch))
        given = dict(self.hyperparameters) | dict(hyperparameters or {})
        clock = time.perf_counter()
        try:
            with open_model(
                self.path,
                self.asset,
                scratch=scratch,
                level=self.level,
                limits=self.limits,
                recorder=self.recorder,
            ) as model:
                self.ran(model.level)
                try:
                    model.refit(rows, label, column, given, labels)
                except ModelError as error:
                    raise TrainingFailed(error.what, where=error.where, remedy=error.remedy) from None
                yield model
        finally:
            self.spent += time.perf_counter() - clock
            sweep(scratch)
