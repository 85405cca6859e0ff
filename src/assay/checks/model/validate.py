"""Validation: is the model any good, better than guessing, and as good on data it has not seen?

The problem type is found from the labels. The balanced F-score stands beside accuracy, with 95 % bootstrap intervals,
over the hold-out and over stratified folds of it; a constant guess of the commonest answer is the yardstick. With
--training the scores on the training data name over- and under-fitting. The subject is a model with --data, or a table
that holds predictions.

Example: assay check model.validate model.tar.gz --data test.csv --label is_canceled
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Model, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity

_FEW = 30
_MOST_CLASSES = 50


def check(
    subject: Table | Model,
    *,
    data: Annotated[Table | None, Doc("the table that the model is judged on, which it has not seen")] = None,
    training: Annotated[
        Table | None, Doc("the table that it was trained on, to name over- and under-fitting")
    ] = None,
    label: Annotated[Column, Doc("the column that holds the truth")],
    predicted: Annotated[Column | None, Doc("the column that holds the predictions, of a table")] = None,
    score: Annotated[Column | None, Doc("the column that holds the scores, of a table")] = None,
    positive: Annotated[tuple[str, ...], Doc("the value of the label that counts as yes")] = (),
    folds: Annotated[int, Interval(ge=2, le=50), Doc("how many stratified folds of the hold-out")] = 5,
    work: Work,
) -> Report:
    """Return scores, their intervals and folds, the yardstick, and what follows."""
    from assay.methods import facets
    from assay.methods.predictions import gather

    table, prediction, scores = gather(subject, data, predicted, score)
    truth = table.column(label)
    rows = facets.present(truth) & facets.present(prediction)
    if int(rows.sum()) < 2:
        raise BadInput(f"fewer than two rows have both {label} and a prediction", where=label)
    made = _judge(
        truth.filter(rows), prediction.filter(rows), scores.filter(rows) if scores else None, positive
    )
    work.progress(1, 3, "bootstrap")
    findings = made.findings(work, folds)
    if training is not None and isinstance(subject, Model):
        seen, again, more = gather(subject, training, None, None)
        known = facets.present(seen.column(label))
        other = _judge(
            seen.column(label).filter(known),
            again.filter(known),
            more.filter(known) if more else None,
            positive,
        )
        findings += made.fitting(other)
    elif isinstance(subject, Model):
        made.data["fitting"] = "not judged: no training data was named (--training)"
    lost = int((~rows).sum())
    if lost:
        message = f"{lost} rows have no {label} or no prediction, and are left out."
        findings.append(
            Finding("model.validate.unlabelled", Severity.LOW, message, {"column": label}, count=lost)
        )
    return Report.make(
        coverage=Coverage(table.num_rows, table.num_rows),
        metrics=made.metrics,
        findings=findings,
        charts=made.charts(),
        data=made.data,
    )


def _judge(truth: Any, prediction: Any, scores: Any, positive: tuple[str, ...]) -> _Judged:
    from assay.methods import facets, outcomes

    names = outcomes.distinct(truth)
    if facets.is_number(truth) and len(names) > 20 and not positive:
        return _Regression(outcomes.finite(truth), outcomes.finite(prediction))
    spelled, said = outcomes.aligned(prediction, truth, positive)
    if len(names) == 2 or positive:
        from assay.methods.values import spelled as spell

        yes = [spell(p) for p in positive] or [spell(names[-1])]
        if not any(t in yes for t in spelled):
            raise UsageError(
                f"no label is {', '.join(positive)}", remedy=f"it holds {', '.join(map(str, names[:6]))}"
            )
        column = (
            outcomes.finite(scores.column("score"))
            if scores is not None and "score" in scores.column_names
            else None
        )
        return _Binary([t in yes for t in spelled], [p in yes for p in said], column, ", ".join(yes))
    if len(names) > _MOST_CLASSES:
        raise UsageError(f"the label has {len(names)} values", remedy="name the good one with --positive")
    return _Multiclass(spelled, said)


class _Judged:
    """What is common to every kind of problem."""

    kind = ""
    main = ""
    lower_is_better = False

    def __init__(self, truth: Any, said: Any) -> None:
        import numpy as np

        self.truth, self.said = np.asarray(truth), np.asarray(said)
        self.metrics: list[Metric] = []
        self.data: dict[str, Any] = {"problem": self.kind, "metric": self.main}

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        raise TypeError(f"{self.kind} has no scores")

    def guess(self) -> dict[str, float]:
        """Return the scores of the constant guess."""
        raise TypeError(f"{self.kind} has no guess")

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
            scores.bootstrap(self.scores, n, work.rng("bootstrap"), 200 if n <= 200_000 else 40)
            if n >= _FEW
            else {}
        )
        self.metrics += [Metric.number(k, v, interval=spread.get(k)) for k, v in whole.items()]
        yardstick = self.guess()
        self.metrics += [Metric.number(k, v, of={"model": "constant guess"}) for k, v in yardstick.items()]
        self._folds(folds, work)
        self.data["main"] = {
            "name": self.main,
            "value": whole[self.main] if np.isfinite(whole[self.main]) else None,
        }
        out = []
        if n < _FEW:
            message = f"Only {n} rows: no score of so few says anything of the model."
            out.append(
                Finding("model.validate.few_rows", Severity.HIGH, message, {}, "judge it on more data")
            )
        elif not self._better(whole, yardstick, spread):
            shown = f"{self.main} {whole[self.main]:.3f} against {yardstick[self.main]:.3f}"
            out.append(
                Finding(
                    "model.validate.no_better_than_guess",
                    Severity.HIGH,
                    f"The model is no better than always guessing the commonest answer: {shown}.",
                    {},
                    "look at the features, the labels and what was learned; see data.leakage and data.profile",
                )
            )
        return out + self._more(whole)

    def _more(self, whole: dict[str, float]) -> list[Finding]:
        return []

    def _better(
        self, whole: dict[str, float], guess: dict[str, float], spread: dict[str, tuple[float, float]]
    ) -> bool:
        bounds = spread.get(self.main)
        value = whole[self.main]
        if self.lower_is_better:
            return (bounds[1] if bounds else value) < guess[self.main]
        return (bounds[0] if bounds else value) > guess[self.main]

    def _folds(self, folds: int, work: Work) -> None:
        import numpy as np

        from assay.methods.scores import stratified_folds

        at = stratified_folds(self.strata(), min(folds, len(self.truth)), work.rng("folds"))
        values = [self.scores(np.flatnonzero(at == f))[self.main] for f in range(at.max() + 1)]
        finite = [v for v in values if np.isfinite(v)]
        mean = float(np.mean(finite)) if finite else float("nan")
        error = float(np.std(finite, ddof=1)) if len(finite) > 1 else float("nan")
        of = {"folds": int(at.max() + 1)}
        self.metrics += [
            Metric.number(f"{self.main}_mean_over_folds", mean, of=of),
            Metric.number(f"{self.main}_sd_over_folds", error, of=of),
        ]

    def fitting(self, seen: _Judged) -> list[Finding]:
        """Compare with the scores on the training data: over-fitting, under-fitting, or neither."""
        import numpy as np

        here = self.scores(np.arange(len(self.truth)))[self.main]
        there = seen.scores(np.arange(len(seen.truth)))[self.main]
        yardstick = self.guess()[self.main]
        self.metrics.append(Metric.number(self.main, there, of={"data": "training"}))
        gap = (here - there) if self.lower_is_better else (there - here)
        size = abs(there) or 1.0 if self.lower_is_better else 1.0
        self.metrics.append(Metric.number("generalisation_gap", gap))
        gain = (yardstick - there) if self.lower_is_better else (there - yardstick)
        room = yardstick if self.lower_is_better else 1 - yardstick
        if np.isfinite(gap) and gap / size > 0.1:
            self.data["fitting"] = "over-fitting"
            message = f"Over-fitting: {self.main} is {there:.3f} on the training data and {here:.3f} on data it has not seen."
            return [
                Finding(
                    "model.validate.over_fitting",
                    Severity.MEDIUM,
                    message,
                    {},
                    "make the model smaller, stop earlier, or train on more data",
                )
            ]
        if np.isfinite(gain) and room > 0 and gain / room < 0.1:
            self.data["fitting"] = "under-fitting"
            message = f"Under-fitting: even on the training data {self.main} is {there:.3f}, against {yardstick:.3f} of the constant guess."
            return [
                Finding(
                    "model.validate.under_fitting",
                    Severity.MEDIUM,
                    message,
                    {},
                    "give it better features, or a larger model",
                )
            ]
        self.data["fitting"] = "neither over- nor under-fitting"
        return []


class _Binary(_Judged):
    kind, main = "binary", "f1"

    def __init__(self, truth: Any, said: Any, score: Any, positive: str) -> None:
        super().__init__(truth, said)
        self.score = score
        self.data["positive"] = positive

    def scores(self, rows: Any) -> dict[str, float]:
        from assay.methods import scores

        return scores.binary(
            self.truth[rows], self.said[rows], None if self.score is None else self.score[rows]
        )

    def guess(self) -> dict[str, float]:
        """The better of always yes and always no, by the balanced F-score and by accuracy each."""
        import numpy as np

        from assay.methods import scores

        share = float(self.truth.mean())
        yes = scores.binary(self.truth, np.ones(len(self.truth), bool))
        common = max(share, 1 - share)
        return {"accuracy": common, "balanced_accuracy": 0.5, "f1": yes["f1"] if share >= 0.5 else 0.0}

    def _more(self, whole: dict[str, float]) -> list[Finding]:
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
        out = [_confusion([str(bool(t)) for t in self.truth], [str(bool(p)) for p in self.said])]
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


class _Multiclass(_Judged):
    kind, main = "multiclass", "macro_f1"

    def scores(self, rows: Any) -> dict[str, float]:
        from assay.methods import scores

        return scores.multiclass(self.truth[rows].tolist(), self.said[rows].tolist())

    def guess(self) -> dict[str, float]:
        import numpy as np

        from assay.methods import scores

        names, counts = np.unique(self.truth, return_counts=True)
        return scores.multiclass(self.truth.tolist(), [names[counts.argmax()]] * len(self.truth))

    def charts(self) -> list[Chart]:
        return [_confusion(self.truth.tolist(), self.said.tolist())]


class _Regression(_Judged):
    kind, main, lower_is_better = "regression", "rmse", True

    def scores(self, rows: Any) -> dict[str, float]:
        from assay.methods import scores

        return scores.regression(self.truth[rows], self.said[rows])

    def guess(self) -> dict[str, float]:
        import numpy as np

        from assay.methods import scores

        return scores.regression(self.truth, np.full(len(self.truth), self.truth.mean()))

    def strata(self) -> Any:
        import numpy as np

        return np.argsort(np.argsort(self.truth)) * 10 // len(self.truth)


def _confusion(truth: list[str], said: list[str]) -> Chart:
    from collections import Counter

    found = Counter(zip(said, truth, strict=True))
    rows = tuple({"predicted": p, "actual": t, "value": n} for (p, t), n in sorted(found.items())[:200])
    right = sum(n for (p, t), n in found.items() if p == t)
    alt = f"{right} of {len(truth)} predictions are right."
    return Chart("Confusion matrix", "heatmap", rows, "predicted", "actual", "value", alt=alt)
