"""Numbers: the root mean square error."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._judged import Judged


class Regression(Judged):
    """truth, said: numbers, missing as NaN. quantile: what the predictions are the quantile of, None for the mean."""

    kind, main, lower_is_better = "regression", "rmse", True

    def __init__(self, truth: Any, said: Any, strange: int = 0, quantile: float | None = None) -> None:
        from assay.methods import headline

        super().__init__(truth, said, strange)
        self.quantile = quantile
        self.led_by(headline.regression(quantile, self._tail()))

    def _tail(self) -> float:
        """How much of the sum of squares about the mean the hundredth of rows makes up that is furthest out."""
        import numpy as np

        squares = np.sort((self.truth - self.truth.mean()) ** 2)
        whole = float(squares.sum())
        return float(squares[-max(1, len(squares) // 100) :].sum()) / whole if whole else 0.0

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows; of a quantile also the share of rows that lie at it or below."""
        from assay.methods import scores

        return self._scored(self.truth[rows], self.said[rows]) | scores.regression(
            self.truth[rows], self.said[rows]
        )

    def _scored(self, truth: Any, said: Any) -> dict[str, float]:
        from assay.methods import scores

        if self.quantile is None:
            return {}
        return {
            "pinball": scores.pinball(truth, said, self.quantile),
            "share_below": float((truth <= said).mean()),
        }

    def loss(self) -> Any:
        """Return each row's absolute error."""
        import numpy as np

        return np.abs(self.truth - self.said)

    def guess(self) -> dict[str, float]:
        """Return the scores of always guessing the mean, or the quantile."""
        import numpy as np

        from assay.methods import scores

        always = self.truth.mean() if self.quantile is None else np.quantile(self.truth, self.quantile)
        said = np.full(len(self.truth), always)
        found = scores.regression(self.truth, said)
        if self.main == "mae":  # of absolute errors the median is the best constant
            found["mae"] = float(np.abs(self.truth - np.median(self.truth)).mean())
        return self._scored(self.truth, said) | found

    def described(self) -> str:
        """Return the kind of problem."""
        return "The label holds amounts."

    def strata(self) -> Any:
        """Return what folds are stratified by: tenths of the truth in order."""
        import numpy as np

        return np.argsort(np.argsort(self.truth)) * 10 // len(self.truth)
