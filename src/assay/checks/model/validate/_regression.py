"""Numbers: the root mean square error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.checks.model.validate._judged import Judged
from assay.kernel.report import Chart, Finding
from assay.kernel.severity import Severity
from assay.methods.inwords import p_value

_REAL, _OFF = 0.05, 0.02  # of the p-value and the share, from which on a quantile is told to be another
_LEAST = 50  # rows that are drawn


class Regression(Judged):
    """truth, said: numbers, missing as NaN. quantile: what the predictions are the quantile of, None for the mean."""

    kind, main, lower_is_better = "regression", "rmse", True

    def __init__(self, truth: Any, said: Any, strange: int = 0, quantile: float | None = None) -> None:
        import numpy as np

        from assay.methods import headline

        super().__init__(truth, said, strange)
        self.quantile = quantile
        self.led_by(headline.regression(quantile, self._tail()))
        # R² compares with the mean row by row: two errors apart, each with its interval, hide that one is less
        self.association = "r2" if self.main == "rmse" else ""
        endless = int((~np.isfinite(self.said)).sum())
        if endless:
            message = (
                f"{endless:,} of {len(self.said):,} answers are infinite: no error over all rows is a number."
            )
            remedy = "find out which rows it answers so, and bound its answers"
            self.notes.append(
                Finding("model.validate.infinite_answers", Severity.HIGH, message, {}, remedy, count=endless)
            )

    def _tail(self) -> float:
        """How much of the sum of squares about the mean the hundredth of rows makes up that is furthest out."""
        import numpy as np

        squares = np.sort((self.truth - self.truth.mean()) ** 2)
        whole = float(squares.sum())
        return float(squares[-max(1, len(squares) // 100) :].sum()) / whole if whole else 0.0

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows; of a quantile also the share of rows that lie at it or below."""
        from assay.methods import scores

        truth, said = self.truth[rows], self.said[rows]
        found = self._scored(truth, said) | scores.regression(truth, said)
        return found | {"mean_error": float((said - truth).mean())}

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

    def worthless(
        self,
        who: str,
        whole: dict[str, float],
        guess: dict[str, float],
        spread: Mapping[str, tuple[float, float] | None],
    ) -> list[Finding]:
        """Of answers that are infinite no error can be told, and no model is held against a guess by one."""
        import numpy as np

        lost = int((~np.isfinite(self.said)).sum())
        if not lost:
            return super().worthless(who, whole, guess, spread)
        message = f"{lost:,} of {len(self.said):,} answers are infinite, so that its errors have no mean."
        remedy = "see which rows these are, and bound what it answers"
        return [Finding("model.validate.infinite_answers", Severity.HIGH, message, {}, remedy, count=lost)]

    def more(self, whole: dict[str, float]) -> list[Finding]:
        """Tell a quantile that is another: more or fewer rows lie below it than it says."""
        import numpy as np

        if self.quantile is None:
            return []
        from scipy.stats import binomtest

        n, under, at = (
            len(self.truth),
            int((self.truth < self.said).sum()),
            int((self.truth <= self.said).sum()),
        )
        nearest = int(np.clip(round(self.quantile * n), under, at))
        p = float(binomtest(nearest, n, self.quantile).pvalue)
        if p >= _REAL or abs(nearest / n - self.quantile) < _OFF:
            return []
        message = f"{at / n:.1%} of rows lie at or below its answers, which are to be of the quantile {self.quantile:g} (p {p_value(p)})."
        remedy = "shift its answers by their quantile on rows held out (conformal), or train it on more data"
        return [Finding("model.validate.quantile_off", Severity.MEDIUM, message, {}, remedy)]

    def charts(self) -> list[Chart]:
        """Return what happened beside what was answered, in tenths of the answers: its mean, or of a quantile the share below."""
        import numpy as np

        if len(self.truth) < _LEAST or not np.isfinite(self.said).all():
            return []
        parts = np.array_split(np.argsort(self.said, kind="stable"), 10)
        means = [(float(self.said[p].mean()), p) for p in parts]
        if self.quantile is None:
            title, y = "Truth by answer", "mean truth"
            rows = [{"x": m, "y": float(self.truth[p].mean()), "curve": "model"} for m, p in means]
            rows += [{"x": m, "y": m, "curve": "perfect"} for m in (means[0][0], means[-1][0])]
        else:
            title, y = "Share below by answer", "share at or below"
            rows = [
                {"x": m, "y": float((self.truth[p] <= self.said[p]).mean()), "curve": "model"}
                for m, p in means
            ]
            rows += [{"x": m, "y": self.quantile, "curve": "perfect"} for m in (means[0][0], means[-1][0])]
        alt = f"In tenths of its answers, from {means[0][0]:.4g} to {means[-1][0]:.4g}."
        return [
            Chart(title, "line", tuple(rows), "x", "y", "curve", x_title="mean answer", y_title=y, alt=alt)
        ]

    def described(self) -> str:
        """Return the kind of problem."""
        return "The label holds amounts."

    def strata(self) -> Any:
        """Return what folds are stratified by: tenths of the truth in order."""
        import numpy as np

        return np.argsort(np.argsort(self.truth)) * 10 // len(self.truth)
