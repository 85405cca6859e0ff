"""Training anew by a script-mode script: each fit is a job of its own in the sandbox, its model scanned, then loaded."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines import training
from assay.engines.folders import sweep
from assay.engines.isolation import Level, Limits
from assay.engines.isolation.limits import read_limits
from assay.engines.models import open_model
from assay.engines.trainers.weighing import weighed
from assay.kernel.asset import Asset
from assay.kernel.errors import Refused, TrainingFailed, UsageError
from assay.kernel.handles import Model

if TYPE_CHECKING:
    import pyarrow

    from assay.engines.interpreters import Interpreter
    from assay.engines.tracing import Recorder


@dataclass
class ScriptTrainer:
    """Implements the kernel's Trainer over a script.

    vouch: called with the file of each model that a script left, before it is loaded; it raises Refused for one that is
    not to be. ran: called with the isolation that each job ran under.
    """

    asset: Asset
    script: Path  # in the folder of its code
    hyperparameters: Mapping[str, Any]
    limits: Limits
    level: Level
    scratch: Path
    requirements_cache: Path
    seed: int
    vouch: Callable[[Path], object]
    ran: Callable[[str], object]
    recorder: Recorder | None = None
    python: Interpreter | None = None
    threads: int | None = None
    spent: float = 0.0
    _fits: int = 0

    def within(self, limits: Mapping[str, Any]) -> ScriptTrainer:
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
        """Run the script on rows as the channel ``train``, and open the model that it leaves.

        The script knows its labels by itself. TrainingFailed says how it ended, and its last line.
        """
        if weights is not None:
            if weight_column is None:
                raise UsageError(
                    f"{self.script.name} reads its weights from a column, and none is named",
                    remedy="name the column that it reads",
                )
            rows = weighed(rows, weights, weight_column)
        self._fits += 1
        scratch = Path(tempfile.mkdtemp(prefix="fit", dir=self.scratch))
        clock = time.perf_counter()
        try:
            path = self._trained(rows, dict(self.hyperparameters) | dict(hyperparameters or {}), scratch)
            asset = Asset("model", f"{self.script.stem}, fit {self._fits}", str(path), "", "tar.gz")
            opened = open_model(
                path, asset, scratch=scratch, level=self.level, limits=self.limits, recorder=self.recorder
            )
            with opened as model:
                yield model
        finally:
            self.spent += time.perf_counter() - clock
            sweep(scratch)

    def _trained(self, rows: pyarrow.Table, hyperparameters: Mapping[str, Any], scratch: Path) -> Path:
        import pyarrow as pa

        try:
            channel = training.write_channel(rows.schema, rows.to_batches(), scratch / "channels" / "train")
        except pa.ArrowException as error:
            raise TrainingFailed(
                f"the rows cannot be written as CSV: {str(error)[:200]}", where=self.script.name
            ) from None
        made = training.train(
            self.script,
            {"train": channel},
            hyperparameters,
            limits=self.limits,
            level=self.level,
            scratch=scratch / "job",
            requirements_cache=self.requirements_cache,
            seed=self.seed,
            recorder=self.recorder,
            python=self.python,
            threads=self.threads,
        )
        self.ran(made.ended.level)
        if made.model is None:
            raise TrainingFailed(f"the script {made.said}.{made.last_words}", where=self.script.name)
        try:
            self.vouch(made.model)
        except Refused as error:
            raise TrainingFailed(
                f"the model that it left is refused: {error}", where=self.script.name
            ) from None
        return made.model
