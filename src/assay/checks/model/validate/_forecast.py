"""Numbers in the order of time: errors beside those of the value one season before."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._judged import Judged
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

_DRAWN = 300
_NOTABLE = 0.2


class Forecast(Judged):
    """truth, said: finite numbers, by series and within each by time; series: integers; season: rows to look back."""

    kind, main = "forecast", "mase"
    yardstick, no_better_than = "naive forecast", "the value one season before"

    def __init__(self, truth: Any, said: Any, series: Any, season: int) -> None:
        from assay.methods import forecasts, headline

        super().__init__(truth, said)
        self.series, self.season = series, season
        self.before = forecasts.naive(truth, series, season)
        self.data["season"] = season
        self.led_by(headline.forecast(season))

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        from assay.methods import forecasts

        return forecasts.scores(self.truth[rows], self.said[rows], self.before[rows])

    def guess(self) -> dict[str, float]:
        """Return the scores of the naive forecast: the value one season before."""
        import numpy as np

        from assay.methods import forecasts

        known = ~np.isnan(self.before)
        found = forecasts.scores(self.truth[known], self.before[known], self.before[known])
        return {"mase": found["mase"], "mae": found["mae"], "rmse": found["rmse"]}

    def described(self) -> str:
        """Return the kind of problem."""
        many = len(set(self.series.tolist()))
        return f"Its answers are forecasts, of {many:,} series." if many > 1 else "Its answers are forecasts."

    def draw(self, rng: Any) -> Any:
        """Draw rows anew, neighbours together."""
        from assay.methods import forecasts

        return forecasts.blocks(len(self.truth), rng)

    def parted(self, folds: int, rng: Any) -> Any:
        """Return each row's fold: stretches of time, one after another."""
        import numpy as np

        return np.arange(len(self.truth)) * folds // len(self.truth)

    def loss(self) -> Any:
        """Return each row's absolute error."""
        import numpy as np

        return np.abs(self.truth - self.said)

    def more(self, whole: dict[str, float]) -> list[Finding]:
        """Return the finding of errors that follow one another."""
        from assay.methods import forecasts

        r, p = forecasts.following(self.said - self.truth, self.series)
        self.metrics.append(Metric.number("error_autocorrelation", r))
        if not (abs(r) > _NOTABLE and p < 0.01):
            return []
        message = f"Its errors follow one another (correlation {r:.2f} with the error before): there is more to learn."
        remedy = "give it the last values, the season or the trend as features"
        return [Finding("model.validate.errors_follow", Severity.LOW, message, {}, remedy)]

    def charts(self) -> list[Chart]:
        """Return the last stretch of the first series, as it was and as it was forecast."""
        import numpy as np

        at = np.flatnonzero(self.series == self.series[0])[-_DRAWN:]
        rows = [{"x": int(i), "y": float(v), "line": "truth"} for i, v in enumerate(self.truth[at])]
        rows += [{"x": int(i), "y": float(v), "line": "forecast"} for i, v in enumerate(self.said[at])]
        alt = f"The last {len(at)} values and their forecasts."
        return [
            Chart("Forecast and truth", "line", tuple(rows), "x", "y", "line", x_title="row by time", alt=alt)
        ]
