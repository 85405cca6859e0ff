"""Numbers: the root mean square error."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._judged import Judged


class Regression(Judged):
    """truth, said: numbers, missing as NaN."""

    kind, main, lower_is_better = "regression", "rmse", True

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        from assay.methods import scores

        return scores.regression(self.truth[rows], self.said[rows])

    def loss(self) -> Any:
        """Return each row's absolute error."""
        import numpy as np

        return np.abs(self.truth - self.said)

    def guess(self) -> dict[str, float]:
        """Return the scores of always guessing the mean."""
        import numpy as np

        from assay.methods import scores

        return scores.regression(self.truth, np.full(len(self.truth), self.truth.mean()))

    def strata(self) -> Any:
        """Return what folds are stratified by: tenths of the truth in order."""
        import numpy as np

        return np.argsort(np.argsort(self.truth)) * 10 // len(self.truth)
