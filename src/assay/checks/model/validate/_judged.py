"""What is common to every kind of problem: scores, intervals, folds, the constant guess, and fitting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import Work
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity
from assay.methods.headline import ERRORS

if TYPE_CHECKING:
    from assay.methods.headline import Headline

_FEW = 30


class Judged:
    """What is common to every kind of problem."""

    kind = ""
    main = ""
    lower_is_better = False
    yardstick = "constant guess"  # what the guess is called
    no_better_than = "giving every row the same answer"
    association = ""  # the score that is 0 for whoever does not look at the row, where there is one

    def __init__(self, truth: Any, said: Any, strange: int = 0) -> None:
        """strange: rows predicted to be what no label is, or whose truth is infinite."""
        import numpy as np

        self.truth, self.said, self.strange = np.asarray(truth), np.asarray(said), strange
        self.rows: Any = None  # where they stand in the table
        self.used, self.placed_by = (
            len(self.truth),
            "place",
        )  # how many rows it goes by, and what else they need
        self.folds: Any = None  # each row's fold
        self.metrics: list[Metric] = []
        self.notes: list[Finding] = []  # of how it was read: what the rows and the answers do not agree in
        self.data: dict[str, Any] = {"problem": self.kind, "metric": self.main}

    def led_by(self, headline: Headline) -> None:
        """Take a score as the one that stands for the model."""
        self.main, self.lower_is_better = headline.name, headline.name in ERRORS
        self.data |= {"metric": self.main, "why": headline.reason}

    def led_like(self, other: Judged) -> None:
        """Be judged by the score that stands for another, which knows all labels."""
        self.main, self.lower_is_better = other.main, other.lower_is_better
        self.data |= {k: other.data[k] for k in ("metric", "why") if k in other.data}

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        raise TypeError(f"{self.kind} has no scores")

    def headline(self, rows: Any) -> float:
        """Return the main score alone on some rows."""
        return self.scores(rows)[self.main]

    def guess(self) -> dict[str, float]:
        """Return the scores of the constant guess."""
        raise TypeError(f"{self.kind} has no guess")

    def loss(self) -> Any:
        """Return each row's loss: 1 where it is wrong, 0 where it is right."""
        return (self.truth != self.said).astype(float)

    def draw(self, rng: Any) -> Any:
        """Draw as many rows anew as there are."""
        return rng.integers(0, len(self.truth), len(self.truth))

    def parted(self, folds: int, rng: Any) -> Any:
        """Return each row's fold."""
        from assay.methods.scores import stratified_folds

        return stratified_folds(self.strata(), folds, rng)

    def strata(self) -> Any:
        """Return what folds are stratified by."""
        return self.truth

    def charts(self) -> list[Chart]:
        """Return what is drawn."""
        return []

    def findings(self, work: Work, folds: int) -> list[Finding]:
        """Score, and say what is wrong; fills ``metrics``."""
        import numpy as np

        from assay.methods import scores

        n = len(self.truth)
        whole = self.scores(np.arange(n))
        spread = (
            scores.bootstrap(self.scores, self.draw, work.rng("bootstrap"), 200 if n <= 200_000 else 40)
            if n >= _FEW
            else {}
        )
        self.metrics += [Metric.number(k, v, interval=spread.get(k)) for k, v in whole.items()]
        yardstick = self.guess()
        self.metrics += [Metric.number(k, v, of={"model": self.yardstick}) for k, v in yardstick.items()]
        self._folds(folds, work)
        self.data["main"] = {
            "name": self.main,
            "value": whole[self.main] if np.isfinite(whole[self.main]) else None,
        }
        out = [self.reason()] if "why" in self.data else []
        if n < _FEW:
            message = f"Only {n} rows: no score of so few says anything of the model."
            out.append(
                Finding("model.validate.few_rows", Severity.HIGH, message, {}, "judge it on more data")
            )
        else:
            out += self.worthless("The model", whole, yardstick, spread)
        return out + self.notes + self._strange() + self.more(whole)

    def reason(self) -> Finding:
        """Return which kind of problem it is, by which score it is judged, and why."""
        message = f"{self.described()} It is judged by {self.main}: {self.data['why']}."
        return Finding("model.validate.metric", Severity.INFO, message)

    def described(self) -> str:
        """Return the kind of problem in a sentence."""
        raise TypeError(f"{self.kind} has no description")

    def worthless(
        self,
        who: str,
        whole: dict[str, float],
        guess: dict[str, float],
        spread: Mapping[str, tuple[float, float] | None],
    ) -> list[Finding]:
        """Return a finding where scores are not above what nobody needs a model for. who: what the sentence is about.

        Of classes it is not the headline that tells: whoever says yes by lot has an F-score too. The coefficient of Matthews
        is 0 for every answer that does not look at the row, however often it says yes.
        """
        import numpy as np

        by = self.association if self.association and self.main != "cost" else self.main
        value, bounds = whole[by], spread.get(by)
        if by == self.main:
            low, high = bounds or (value, value)
            if (high < guess[by]) if self.lower_is_better else (low > guess[by]):
                return []
            message = (
                f"{who} is no better than {self.no_better_than}: {by} {value:.3f} against {guess[by]:.3f}."
            )
        elif np.isnan(value):
            message = f"{who} is no better than guessing: it gives every row the same answer."
        else:
            if (bounds[0] if bounds else value) > 0:
                return []
            shown = f"{by} {value:.3f}" + (f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else "")
            message = (
                f"{who} is no better than guessing: {shown}, and answers that do not look at the row have 0."
            )
        remedy = "look at the features, the labels and what was learned; see data.leakage and data.profile"
        return [Finding("model.validate.no_better_than_guess", Severity.HIGH, message, {}, remedy)]

    def _strange(self) -> list[Finding]:
        if not self.strange:
            return []
        message = f"{self.strange} rows are predicted to be what no label is; they count as wrong."
        if self.kind == "regression":
            message = f"{self.strange} rows have an infinite label, and are left out."
        rule = (
            "model.validate.unknown_predictions" if self.kind != "regression" else "model.validate.infinite"
        )
        remedy = "compare how labels and predictions are written"
        return [Finding(rule, Severity.MEDIUM, message, {}, remedy, count=self.strange)]

    def more(self, whole: dict[str, float]) -> list[Finding]:
        """Return what is wrong with this kind of problem alone."""
        return []

    def _folds(self, folds: int, work: Work) -> None:
        import numpy as np

        at = self.parted(min(folds, len(self.truth)), work.rng("folds"))
        self.folds = at
        values = [self.headline(np.flatnonzero(at == f)) for f in range(at.max() + 1)]
        finite = [v for v in values if np.isfinite(v)]
        mean = float(np.mean(finite)) if finite else float("nan")
        error = float(np.std(finite, ddof=1)) if len(finite) > 1 else float("nan")
        of = {"folds": int(at.max() + 1)}
        self.metrics += [
            Metric.number(f"{self.main}_mean_over_folds", mean, of=of),
            Metric.number(f"{self.main}_sd_over_folds", error, of=of),
        ]

    def fitting(self, seen: Judged) -> list[Finding]:
        """Compare with the scores on the training data: over-fitting, under-fitting, or neither."""
        import numpy as np

        here = self.headline(np.arange(len(self.truth)))
        there = seen.headline(np.arange(len(seen.truth)))
        yardstick = self.guess()[self.main]
        self.metrics.append(Metric.number(self.main, there, of={"data": "training"}))
        gap = (here - there) if self.lower_is_better else (there - here)
        self.metrics.append(Metric.number("generalisation_gap", gap))
        return self.fitted(there, here, yardstick, "the training data", "data it has not seen")

    def fitted(self, own: float, held: float, guess: float, seen: str, unseen: str) -> list[Finding]:
        """Name over-fitting or under-fitting by the main score, on rows trained on and on others.

        own, held, guess: the score there, here, and of the yardstick. seen, unseen: which rows these are, in words.
        """
        from assay.methods import curves

        how = curves.fitting(own, held, guess, error=self.lower_is_better)
        known = math.isfinite(own) and math.isfinite(held)
        usual = "neither over- nor under-fitting" if known else f"not judged: {self.main} is undefined"
        self.data["fitting"] = how or usual
        if how == "over-fitting":
            message = f"Over-fitting: {self.main} is {own:.3f} on {seen} and {held:.3f} on {unseen}."
            remedy = "make the model smaller, stop earlier, or train on more data"
            return [Finding("model.validate.over_fitting", Severity.MEDIUM, message, {}, remedy)]
        if how == "under-fitting":
            message = f"Under-fitting: even on {seen} {self.main} is {own:.3f}, against {guess:.3f} of the {self.yardstick}."
            remedy = "give it better features, or a larger model"
            return [Finding("model.validate.under_fitting", Severity.MEDIUM, message, {}, remedy)]
        return []


def one_class(only: str) -> list[Finding]:
    """Return what is told of labels that are all alike."""
    message = f"Every label is {only}: of one class no model can be told from a guess."
    remedy = "judge it on rows of both classes, or of all"
    return [Finding("model.validate.one_class", Severity.HIGH, message, {}, remedy)]
