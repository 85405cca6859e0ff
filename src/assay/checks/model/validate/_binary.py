"""Yes or no: the balanced F-score, the ROC curve, and whether scores can be read as chances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.checks.model.validate._chances import drawn, none_of, off
from assay.checks.model.validate._confusion import confusion
from assay.checks.model.validate._judged import Judged, one_class
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.thresholds import Cheapest

_SAVING = 0.02  # of the cost: less is no reason to change anything


class Binary(Judged):
    """truth, said: booleans; score: probabilities of yes, or None; positive: what counts as yes, as the label spells it.

    costs: of a false positive and of a false negative, or None.
    """

    kind, main, association = "binary", "f1", "mcc"

    def __init__(
        self,
        truth: Any,
        said: Any,
        score: Any,
        positive: str,
        strange: int = 0,
        costs: tuple[float, float] | None = None,
    ) -> None:
        from assay.methods import headline

        super().__init__(truth, said, strange)
        self.score, self.costs = score, costs
        self.cheapest: Cheapest | None = None
        self.data["positive"] = positive
        self.led_by(headline.binary(float(self.truth.mean()), costs=costs is not None))

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        return self._of(rows, None if self.score is None else self.score[rows])

    def headline(self, rows: Any) -> float:
        """Return the main score alone on some rows, for which no ranking is needed."""
        return self._of(rows, None)[self.main]

    def _of(self, rows: Any, score: Any) -> dict[str, float]:
        from assay.methods import scores, thresholds

        truth, said = self.truth[rows], self.said[rows]
        cost = {"cost": thresholds.cost(truth, said, *self.costs)} if self.costs else {}
        return cost | scores.binary(truth, said, score)

    def guess(self) -> dict[str, float]:
        """The best that one answer for every row has, score by score; of scores for every row the same chance."""
        import numpy as np

        from assay.methods import scores, thresholds

        n, share = len(self.truth), float(self.truth.mean())
        always = [scores.binary(self.truth, np.full(n, said)) for said in (False, True)]
        names = ("accuracy", "balanced_accuracy", "f1", "macro_f1")
        out = {name: max(float(np.nan_to_num(one[name])) for one in always) for name in names} | {"mcc": 0.0}
        if self.costs:
            out["cost"] = min(
                thresholds.cost(self.truth, np.full(n, said), *self.costs) for said in (True, False)
            )
        if self.score is None or not 0 < share < 1:
            return out
        if scores.chances(self.score):
            out |= {"brier": share * (1 - share), "log_loss": scores.entropy(share)}
        return out | {"roc_auc": 0.5, "pr_auc": share}

    def described(self) -> str:
        """Return the kind of problem, and what counts as yes."""
        return f"The label says yes or no, and yes is {self.data['positive'][:60]}."

    def worthless(
        self,
        who: str,
        whole: dict[str, float],
        guess: dict[str, float],
        spread: Mapping[str, tuple[float, float] | None],
    ) -> list[Finding]:
        """Of labels that are all alike nothing can be told."""
        if 0 < self.truth.sum() < len(self.truth):
            return super().worthless(who, whole, guess, spread)
        only = "yes" if self.truth.all() else "no"
        return one_class(f"{only} ({self.data['positive'][:60]} is yes)")

    def more(self, whole: dict[str, float]) -> list[Finding]:
        """Return the findings of scores that are no probabilities, and of a threshold that costs less."""
        return self._chances(whole) + self._threshold(whole)

    def _threshold(self, whole: dict[str, float]) -> list[Finding]:
        """Look for the cheapest threshold; its cost is that of folds it was not chosen on."""
        if self.costs is None or self.score is None or not 0 < self.truth.sum() < len(self.truth):
            return []
        from assay.methods import thresholds

        self.cheapest = thresholds.cheapest(self.truth, self.score, *self.costs)
        fresh = thresholds.held_out(self.truth, self.score, self.folds, *self.costs)
        of = {"threshold": "cheapest"}
        self.metrics += [
            Metric.number("score_above", self.cheapest.threshold, of=of),
            Metric.number("cost", fresh, of=of),
        ]
        if fresh >= whole["cost"] * (1 - _SAVING):
            return []
        message = (
            f"Yes from a score of {self.cheapest.threshold:.3g} on costs {fresh:.4g} a row, on folds it was not "
            f"chosen on; as the model answers now it is {whole['cost']:.4g}."
        )
        remedy, alike = "set the threshold to it", self.guess()["cost"]
        if fresh >= alike:  # a threshold that saves nothing over no model at all is no advice
            message += f" The same answer for every row costs {alike:.4g}."
            remedy = (
                "at these costs its scores are worth nothing; improve the model before a threshold is chosen"
            )
        return [Finding("model.validate.threshold", Severity.LOW, message, {}, remedy)]

    def _chances(self, whole: dict[str, float]) -> list[Finding]:
        if self.score is None:
            return []
        if "ece" not in whole:
            return [none_of(self.score)]
        return off(whole["ece"], float(self.score.mean()), float(self.truth.mean()), "yes")

    def charts(self) -> list[Chart]:
        """Return what is drawn."""
        yes = self.data["positive"]
        named = {True: yes, False: f"not {yes}"}
        out = [confusion([named[bool(t)] for t in self.truth], [named[bool(p)] for p in self.said])]
        if self.cheapest is not None:
            out.append(_costs(self.cheapest))
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
        out.append(drawn(self.truth, self.score, "mean score", "share of yes"))
        return out


def _costs(found: Cheapest) -> Chart:
    rows = tuple({"x": at, "y": cost} for at, cost in found.curve)
    alt = f"Cheapest above a score of {found.threshold:.3g}: {found.cost:.4g} a row."
    return Chart(
        "Cost of a row by threshold",
        "line",
        rows,
        "x",
        "y",
        x_title="yes above this score",
        y_title="cost",
        alt=alt,
    )
