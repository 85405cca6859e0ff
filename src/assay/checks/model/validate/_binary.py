"""Yes or no: the balanced F-score, the ROC curve, and whether scores can be read as chances."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._confusion import confusion
from assay.checks.model.validate._judged import Judged
from assay.kernel.report import Chart, Finding
from assay.kernel.severity import Severity


class Binary(Judged):
    """truth, said: booleans; score: probabilities of yes, or None; positive: what counts as yes, as the label spells it."""

    kind, main = "binary", "f1"

    def __init__(self, truth: Any, said: Any, score: Any, positive: str, strange: int = 0) -> None:
        super().__init__(truth, said, strange)
        self.score = score
        self.data["positive"] = positive

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        from assay.methods import scores

        return scores.binary(
            self.truth[rows], self.said[rows], None if self.score is None else self.score[rows]
        )

    def headline(self, rows: Any) -> float:
        """Return the main score alone on some rows, for which no ranking is needed."""
        from assay.methods import scores

        return scores.binary(self.truth[rows], self.said[rows])[self.main]

    def guess(self) -> dict[str, float]:
        """The better of always yes and always no, by the balanced F-score and by accuracy each."""
        import numpy as np

        from assay.methods import scores

        share = float(self.truth.mean())
        yes = scores.binary(self.truth, np.ones(len(self.truth), bool))
        common = max(share, 1 - share)
        return {"accuracy": common, "balanced_accuracy": 0.5, "f1": yes["f1"] if share >= 0.5 else 0.0}

    def more(self, whole: dict[str, float]) -> list[Finding]:
        """Return the finding of scores that are no probabilities."""
        if self.score is not None and "ece" not in whole:
            message = "Its scores lie outside 0 to 1, so they are read as ranks and not as probabilities."
            return [Finding("model.validate.no_probabilities", Severity.LOW, message)]
        if whole.get("ece", 0) > 0.1:
            message = f"Its scores are off as probabilities by {whole['ece']:.2f} on average (expected calibration error)."
            return [
                Finding(
                    "model.validate.calibration",
                    Severity.LOW,
                    message,
                    {},
                    "calibrate it before its scores are read as chances",
                )
            ]
        return []

    def charts(self) -> list[Chart]:
        """Return what is drawn."""
        out = [confusion([str(bool(t)) for t in self.truth], [str(bool(p)) for p in self.said])]
        if self.score is None or not self.truth.any() or self.truth.all():
            return out
        from assay.methods import scores

        curve = [{"x": x, "y": y, "curve": "model"} for x, y in scores.roc(self.truth, self.score)]
        curve += [{"x": v, "y": v, "curve": "chance"} for v in (0.0, 1.0)]
        area = scores.binary(self.truth, self.said, self.score)["roc_auc"]
        out.append(
            Chart(
                "ROC curve",
                "line",
                tuple(curve),
                "x",
                "y",
                "curve",
                x_title="false positive rate",
                y_title="true positive rate",
                alt=f"The area under the curve is {area:.3f}; chance is 0.5.",
            )
        )
        if not scores.chances(self.score):
            return out
        points = [
            {"x": m, "y": s, "curve": "model"} for m, s, _ in scores.calibration(self.truth, self.score)
        ]
        points += [{"x": v, "y": v, "curve": "perfect"} for v in (0.0, 1.0)]
        error = scores.calibration_error(self.truth, self.score)
        out.append(
            Chart(
                "Calibration",
                "line",
                tuple(points),
                "x",
                "y",
                "curve",
                x_title="mean score",
                y_title="share of yes",
                alt=f"Scores are off by {error:.3f} on average.",
            )
        )
        return out
