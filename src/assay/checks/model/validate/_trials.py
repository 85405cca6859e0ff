"""Models trained anew and asked about rows they have not seen: what each said, what failed, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.checks.model.validate._answers import Answers, One
from assay.checks.model.validate._options import Way
from assay.checks.model.validate._several import Several
from assay.kernel.errors import BadInput
from assay.kernel.handles import Work
from assay.kernel.report import Finding, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.folds import Fold

_IN_A_ROW = 2  # trainings that fail one after another: the next would too


class Told(NamedTuple):
    """What a model that was trained on a fold said of the rows it was tested on, and of those it was trained on."""

    fold: Fold
    test: Answers
    train: Answers | None


@dataclass
class Trials:
    """Trains and asks, one fold after another, within a time.

    table: the rows of all folds, as they are trained on. look: how models are asked. hidden: columns that training does not
    see. of: how many trainings are foreseen.
    """

    table: Any
    look: One | Several
    hidden: tuple[str, ...]
    work: Work
    seconds: float
    of: int = 0
    done: int = 0
    spent: dict[int, tuple[Any, float]] = field(
        default_factory=dict
    )  # by trainer: it, and its seconds before
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    _running: int = 0
    _broken: set[int] = field(default_factory=set)

    def run(self, way: Way, fold: Fold, what: str, *, seen: bool = True) -> Told | None:
        """Train on a fold and ask; None where it fails, where two before did, or where time is up.

        what: what it is called in findings. seen: ask about the rows that it was trained on too.
        """
        self.done += 1
        key = id(way.trainer)
        self.spent.setdefault(key, (way.trainer, way.trainer.spent))
        if key in self._broken:
            self.skipped.append(Skipped(what, "the trainings before it failed"))
            return None
        if sum(t.spent - before for t, before in self.spent.values()) > self.seconds:
            self.skipped.append(Skipped(what, "the time for training was up (--minutes)"))
            return None
        self.work.progress(self.done, max(self.of, self.done), what)
        try:
            told = self._asked(way, fold, seen)
        except BadInput as error:
            self.failed.append((what, str(error)))
            self._running += 1
            if self._running >= _IN_A_ROW:
                self._broken.add(key)
            return None
        self._running = 0
        return told

    def _asked(self, way: Way, fold: Fold, seen: bool) -> Told:
        import pyarrow as pa

        shown = self.table.drop_columns(list(self.hidden)) if self.hidden else self.table
        train, test = (shown.take(pa.array(rows)) for rows in (fold.train, fold.test))
        labels = self.look.labels if isinstance(self.look, Several) else (self.look.label,)
        fit = way.trainer.fit if len(labels) == 1 else partial(way.trainer.fit, labels=labels[1:])
        with fit(train, label=labels[0], hyperparameters=way.hyperparameters) as model:
            said = self.look.again(model, self.look.view(test))
            return Told(fold, said, self.look.again(model, self.look.view(train)) if seen else None)

    def findings(self) -> list[Finding]:
        """Return a finding for each training that failed, and put each into what was skipped."""
        out = []
        for what, why in self.failed:
            out.append(
                Finding(
                    "model.validate.fold_failed",
                    Severity.HIGH,
                    f"Training for {what} failed: {why}",
                    {"fold": what},
                    "look at the rows of that fold; what fails there would fail on new data too",
                )
            )
            self.skipped.append(Skipped(what, "its training failed"))
        return out
