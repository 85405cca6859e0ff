"""Several classes: the mean of the balanced F-scores over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.checks.model.validate._confusion import confusion
from assay.checks.model.validate._judged import Judged, one_class
from assay.kernel.report import Chart, Finding


class Multiclass(Judged):
    """truth, said: the names of classes."""

    kind, main, association = "multiclass", "macro_f1", "mcc"

    def __init__(self, truth: Any, said: Any, strange: int = 0) -> None:
        from assay.methods import headline

        super().__init__(truth, said, strange)
        self.led_by(headline.multiclass())

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        from assay.methods import scores

        return scores.multiclass(self.truth[rows].tolist(), self.said[rows].tolist())

    def guess(self) -> dict[str, float]:
        """Return the scores of always guessing the commonest class."""
        import numpy as np

        from assay.methods import scores

        names, counts = np.unique(self.truth, return_counts=True)
        return scores.multiclass(self.truth.tolist(), [names[counts.argmax()]] * len(self.truth))

    def described(self) -> str:
        """Return the kind of problem, and how many classes there are."""
        many = len(set(self.truth.tolist()))
        return f"The label has {many} classes." if many > 1 else "The label has one class."

    def worthless(
        self,
        who: str,
        whole: dict[str, float],
        guess: dict[str, float],
        spread: Mapping[str, tuple[float, float] | None],
    ) -> list[Finding]:
        """Of labels that are all alike nothing can be told."""
        only = set(self.truth.tolist())
        return one_class(min(only)[:60]) if len(only) == 1 else super().worthless(who, whole, guess, spread)

    def charts(self) -> list[Chart]:
        """Return what is drawn."""
        return [confusion(self.truth.tolist(), self.said.tolist())]
