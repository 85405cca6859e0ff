"""Several labels a row: how right the sets are, how each label fares, and whether scores put the right ones first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.checks.model.validate._answers import Answers
from assay.checks.model.validate._judged import Judged
from assay.kernel.errors import UsageError
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

_MOST = 500
_DRAWN = 40


class Multilabel(Judged):
    """truth, said: rows × labels of booleans; score: of each label, floats, or None; names: of the labels, in order.

    odd: how many predicted labels of each row are none that is known; they count as wrong in the set of a row.
    """

    kind, main, association = "multilabel", "macro_f1", "macro_mcc"

    def __init__(self, truth: Any, said: Any, score: Any, names: Sequence[str], odd: Any) -> None:
        from assay.methods import headline, multilabel

        super().__init__(truth, said, int((odd > 0).sum()))
        self.score, self.names, self.odd = score, list(names), odd
        self.separator: str | None = None
        self.rankings = {} if score is None else multilabel.rankings(self.truth, score)
        self.data["labels"] = len(self.names)
        self.data["labels_a_row"] = float(self.truth.sum(axis=1).mean())
        self.led_by(headline.multilabel())

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the scores on some rows."""
        from assay.methods import multilabel

        found = multilabel.sets(self.truth[rows], self.said[rows])
        if self.odd.any():
            right = (self.truth[rows] == self.said[rows]).all(axis=1) & (self.odd[rows] == 0)
            found["subset_accuracy"] = float(right.mean())
        return found | {name: float(each[rows].mean()) for name, each in self.rankings.items()}

    def guess(self) -> dict[str, float]:
        """The best that one set of labels for every row has, score by score: those that most rows have, or all of them."""
        import numpy as np

        from assay.methods import multilabel

        usual = np.broadcast_to(self.truth.mean(axis=0) >= 0.5, self.truth.shape)
        always = [multilabel.sets(self.truth, said) for said in (usual, np.ones_like(self.truth))]
        best = {name: max(one[name] for one in always) for name in always[0] if name != "macro_mcc"}
        best["hamming_loss"] = min(one["hamming_loss"] for one in always)
        return best | {"macro_mcc": 0.0}

    def described(self) -> str:
        """Return the kind of problem."""
        between = f", with {self.separator} between them" if self.separator else ""
        return f"A row may have several of {len(self.names)} labels{between}."

    def loss(self) -> Any:
        """Return the share of each row's labels that are wrong."""
        return (self.truth != self.said).mean(axis=1)

    def strata(self) -> Any:
        """Return what folds are stratified by: the rarest label that a row has, -1 for none."""
        import numpy as np

        counts = self.truth.sum(axis=0)
        rare = np.where(self.truth, counts, len(self.truth) + 1)
        return np.where(self.truth.any(axis=1), rare.argmin(axis=1), -1)

    def more(self, whole: dict[str, float]) -> list[Finding]:
        """Put each label's own scores into the metrics, and tell labels that are never found."""
        never = []
        for at, name in enumerate(self.names):
            truth, said = self.truth[:, at], self.said[:, at]
            tp, told, there = int((truth & said).sum()), int(said.sum()), int(truth.sum())
            of = {"label": name}
            precision = tp / told if told else float("nan")
            self.metrics += [
                Metric("rows", there, of),
                Metric.number("precision", precision, of=of),
                Metric.number("recall", tp / there if there else float("nan"), of=of),
                Metric.number("f1", 2 * tp / (told + there) if told + there else float("nan"), of=of),
            ]
            if self.score is not None:
                self.metrics.append(Metric.number("average_precision", self._precision(at), of=of))
            if there and not tp:
                never.append(name)
        if not never:
            return []
        shown = ", ".join(never[:5]) + (" …" if len(never) > 5 else "")
        message = f"{len(never)} of {len(self.names)} labels are never found in a row that has them: {shown}."
        remedy = "gather more rows of them, or lower the threshold for them"
        return [
            Finding(
                "model.validate.labels_never_found", Severity.MEDIUM, message, {}, remedy, count=len(never)
            )
        ]

    def _precision(self, at: int) -> float:
        from sklearn.metrics import average_precision_score

        truth = self.truth[:, at]
        if not truth.any():
            return float("nan")
        return float(average_precision_score(truth, self.score[:, at]))

    def charts(self) -> list[Chart]:
        """Return each label's F1, the commonest labels first."""
        from assay.methods import multilabel

        order = self.truth.sum(axis=0).argsort()[::-1][:_DRAWN]
        rows = [
            {
                "label": self.names[i],
                "value": multilabel.sets(self.truth[:, [i]], self.said[:, [i]])["macro_f1"],
            }
            for i in order
        ]
        low = min(rows, key=lambda r: r["value"])
        alt = f"Lowest for {low['label']}: {low['value']:.3f}."
        return [Chart("F1 of each label", "bar", tuple(rows), "label", "value", alt=alt)]


def multilabelled(
    truth: Any, answers: Answers, rows: Any, order: Sequence[str], separator: str | None = None
) -> Multilabel:
    """Judge answers on some rows. truth: their labels as one text each; order: the labels, where columns name them.

    separator: what stood between them in a text.
    """
    import numpy as np

    from assay.methods import multilabel

    known = list(order) if len(order) > 1 else multilabel.names(truth)
    if not known:
        raise UsageError("no row has a label", remedy="name the column that holds them")
    if len(known) > _MOST:
        raise UsageError(f"there are {len(known):,} labels, and at most {_MOST} are judged")
    held, _ = multilabel.matrix(truth, known)
    said, odd = multilabel.matrix(answers.plain().filter(rows), known)
    if odd.sum() > said.sum() + odd.sum() / 2:
        some = ", ".join(multilabel.names(answers.plain())[:4])
        raise UsageError(
            f"most predicted labels are none of the label's: they are {some}",
            remedy="predict labels as they are spelled there",
        )
    made = Multilabel(held, said, _scores(answers, rows, known), known, np.asarray(odd))
    made.separator = separator
    return made


def _scores(answers: Answers, rows: Any, known: Sequence[str]) -> Any:
    """Return rows × labels of scores, by the labels' names or in their order; None where they are not of each label."""
    import numpy as np

    from assay.methods import outcomes

    if answers.scores is None:
        return None
    given = answers.scores.column_names
    wanted = [f"score_{name}" for name in known]
    if not set(wanted) <= set(given):
        if len(given) != len(known):
            return None
        wanted = given
    table = answers.scores.filter(rows)
    out = np.stack([outcomes.finite(table.column(name), name) for name in wanted], axis=1)
    if not np.isfinite(out).all():
        raise UsageError(
            "scores of labels are missing or infinite", remedy="leave the rows or the scores out"
        )
    return out
