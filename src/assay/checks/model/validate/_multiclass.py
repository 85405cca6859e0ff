"""Several classes: the mean of the balanced F-scores over them, each class's own, and whether scores can be read as chances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.checks.model.validate._chances import drawn, none_of, off
from assay.checks.model.validate._confusion import confusion
from assay.checks.model.validate._judged import Judged, one_class
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

_SAVING = 0.02  # of the cost: less is no reason to change anything
_WHOLE = 0.01  # by which a row's chances may miss 1


class Multiclass(Judged):
    """truth, said: the names of classes. chances: rows × the classes of ``names``, or None; what is left to 1 is of others.

    costs: classes × classes, what it costs to say the second where the first is true, or None.
    """

    kind, main, association = "multiclass", "macro_f1", "mcc"

    def __init__(
        self,
        truth: Any,
        said: Any,
        strange: int = 0,
        chances: Any = None,
        names: Sequence[str] = (),
        costs: Any = None,
    ) -> None:
        from assay.methods import headline

        super().__init__(truth, said, strange)
        self.names, self.each = list(names), dict[str, Any]()
        self.sure: Any = None  # the chance of the likeliest class, and whether it is the right one
        if chances is not None:
            self._read(chances)
        self.costs, self.paid = costs, None if costs is None else self._paid(costs)
        self.led_by(headline.multiclass(costs=costs is not None))

    def _paid(self, costs: Any) -> Any:
        """Return what each row costs; of an answer that is no class the most that its class can."""
        import numpy as np

        at = {name: i for i, name in enumerate(self.names)}
        true, said = np.array([at[t] for t in self.truth]), np.array([at.get(s, -1) for s in self.said])
        return np.where(said >= 0, costs[true, said], costs.max(axis=1)[true])

    def _read(self, chances: Any) -> None:
        """Take the chances that are some: between 0 and 1, and of all classes no more than 1."""
        import numpy as np

        if chances.min() < 0 or chances.max() > 1:
            self.notes.append(none_of(chances))
            return
        over = int((chances.sum(axis=1) > 1 + _WHOLE).sum())
        if over:
            message = f"The scores of {over:,} rows add up to more than 1: no chances are told by them."
            remedy = "give probabilities; calibration is judged of them alone"
            self.notes.append(
                Finding("model.validate.no_probabilities", Severity.HIGH, message, {}, remedy, count=over)
            )
            return
        at = {name: i for i, name in enumerate(self.names)}
        right = np.zeros(chances.shape)
        right[np.arange(len(right)), [at[t] for t in self.truth]] = 1
        told = (chances * right).sum(axis=1)
        # What a row leaves to 1 is the chance of a class that no row here is of
        rest = np.clip(1 - chances.sum(axis=1), 0, 1)
        self.each = {
            "log_loss": -np.log(np.clip(told, 1e-15, 1)),
            "brier": ((chances - right) ** 2).sum(axis=1) + rest**2,
        }
        best = chances.argmax(axis=1)
        self.sure = chances.max(axis=1), np.array([self.names[b] for b in best]) == self.truth
        self.areas = chances, right

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        from assay.methods import scores

        found = {} if self.paid is None else {"cost": float(self.paid[rows].mean())}
        found |= scores.multiclass(self.truth[rows].tolist(), self.said[rows].tolist())
        found |= {name: float(each[rows].mean()) for name, each in self.each.items()}
        if self.sure is not None:
            sure, right = self.sure
            found["ece"] = scores.calibration_error(right[rows], sure[rows])
        return found

    def headline(self, rows: Any) -> float:
        """Return the main score alone on some rows."""
        from assay.methods import scores

        if self.paid is not None:
            return float(self.paid[rows].mean())
        return scores.multiclass(self.truth[rows].tolist(), self.said[rows].tolist())[self.main]

    def guess(self) -> dict[str, float]:
        """Return the scores of always guessing the commonest class; of chances, of each class's share for every row."""
        import numpy as np

        from assay.methods import scores

        names, counts = np.unique(self.truth, return_counts=True)
        found = scores.multiclass(self.truth.tolist(), [names[counts.argmax()]] * len(self.truth))
        if self.costs is not None:  # the cheapest of the answers that are the same for every row
            share = [float((self.truth == name).mean()) for name in self.names]
            found["cost"] = float((np.array(share) @ self.costs).min())
        if not self.each:
            return found
        shares = counts / counts.sum()
        return found | {
            "log_loss": float(-(shares * np.log(shares)).sum()),
            "brier": float(1 - (shares**2).sum()),
        }

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

    def more(self, whole: dict[str, float]) -> list[Finding]:
        """Put each class's own scores into the metrics, and tell classes that are never found, and chances that are off."""
        import numpy as np

        never = []
        for name in sorted(set(self.truth.tolist())):
            true, told = self.truth == name, self.said == name
            tp, there, said = int((true & told).sum()), int(true.sum()), int(told.sum())
            of = {"class": name}
            self.metrics += [
                Metric("rows", there, of),
                Metric.number("precision", tp / said if said else float("nan"), of=of),
                Metric.number("recall", tp / there, of=of),
                Metric.number("f1", 2 * tp / (said + there), of=of),
            ]
            if self.sure is not None:
                self.metrics.append(Metric.number("roc_auc", self._area(name), of=of))
            if not tp:
                never.append(name)
        out: list[Finding] = []
        if self.sure is not None:
            promised, happened = (float(np.mean(one)) for one in self.sure)
            out = off(whole["ece"], promised, happened, "right answers")
        out += self._cheaper(whole)
        if not never:
            return out
        shown = ", ".join(n[:40] for n in never[:5]) + (" …" if len(never) > 5 else "")
        are = "is" if len(never) == 1 else "are"
        message = f"{len(never)} of {len(set(self.truth.tolist()))} classes {are} never found in a row of theirs: {shown}."
        remedy = "gather more rows of them, or weigh them more in training"
        found = Finding(
            "model.validate.classes_never_found", Severity.MEDIUM, message, {}, remedy, count=len(never)
        )
        return [found, *out]

    def _cheaper(self, whole: dict[str, float]) -> list[Finding]:
        """Tell what a row would cost by the answer that its chances make the cheapest (Elkan 2001)."""
        import numpy as np

        if self.costs is None or self.sure is None:
            return []
        chances, right = self.areas
        said = (chances @ self.costs).argmin(axis=1)
        cost = float(self.costs[right.argmax(axis=1), said].mean())
        self.metrics.append(Metric.number("cost", cost, of={"answers": "cheapest by its chances"}))
        if cost >= whole["cost"] * (1 - _SAVING):
            return []
        changed = float(np.mean(np.array(self.names)[said] != self.said))
        message = (
            f"Answers that are the cheapest by its chances cost {cost:.4g} a row; as it answers now it is "
            f"{whole['cost']:.4g}. They are others in {changed:.1%} of rows."
        )
        remedy = "answer the class whose expected cost is least, where the chances are calibrated"
        return [Finding("model.validate.threshold", Severity.LOW, message, {}, remedy)]

    def _area(self, name: str) -> float:
        """Return the area under the ROC curve of a class against all others."""
        from sklearn.metrics import roc_auc_score

        chances, right = self.areas
        at = self.names.index(name)
        return (
            float(roc_auc_score(right[:, at], chances[:, at]))
            if 0 < right[:, at].mean() < 1
            else float("nan")
        )

    def charts(self) -> list[Chart]:
        """Return what is drawn."""
        out = [confusion(self.truth.tolist(), self.said.tolist())]
        if self.sure is not None:
            sure, right = self.sure
            out.append(drawn(right, sure, "mean chance of the likeliest class", "share that is right"))
        return out
