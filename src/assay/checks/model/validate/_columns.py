"""Which columns hold the truth, the answers and the scores of what is judged, and how they are read."""

from __future__ import annotations

from typing import NamedTuple

from assay.checks.model.validate._answers import One
from assay.checks.model.validate._problem import Wanted
from assay.checks.model.validate._several import Several
from assay.checks.model.validate._supposed import ranked_by
from assay.kernel.handles import Table


class Columns(NamedTuple):
    """What the caller named. labels: further columns of labels. multilabel: what stands between the labels of one column."""

    label: str
    labels: tuple[str, ...] = ()
    multilabel: str | None = None
    predicted: str | None = None
    predictions: tuple[str, ...] = ()
    score: str | None = None
    scores: tuple[str, ...] = ()
    against_predicted: str | None = None
    against_score: str | None = None

    @property
    def answers(self) -> set[str]:
        """Return the columns of predictions and scores that were named one by one."""
        named = (self.predicted, self.score, self.against_predicted, self.against_score)
        return {str(n) for n in named if n}

    @property
    def hidden(self) -> set[str]:
        """Return all that no search for subgroups or leaks looks into."""
        return self.answers | set(self.scores)

    def several(self, predictions: bool = True) -> Several:
        """Return them as the columns of several labels a row. predictions: whether a table holds any."""
        if not predictions:
            return Several((self.label, *self.labels), (), (), self.multilabel)
        sets = ((self.predicted,) if self.predicted else ()) + self.predictions
        return Several((self.label, *self.labels), sets, self.scores, self.multilabel)

    def read(self, held: Table | None, wanted: Wanted) -> tuple[Columns, One | Several, Wanted]:
        """Return the columns that are asked, how rows are read by them, and what is wanted of those; held: the rows."""
        other = bool(wanted.positive or wanted.costs or wanted.quantile or wanted.query or wanted.time)
        found = self.several().found(held, other) if held is not None else None
        query = wanted.query
        if query is None and self.predicted is None and self.score is not None and not other:
            query = ranked_by(held, self.label, self.answers)
        asked = self
        if query is not None:  # rows are put in order by their scores, which are all that is needed
            asked = self._replace(
                predicted=self.predicted or self.score,
                against_predicted=self.against_predicted or self.against_score,
            )
        look = found or One(self.label, asked.predicted, self.score, self.scores)
        return asked, look, of_labels(wanted._replace(query=query), look)

    def read_to_train(self, rows: Table, wanted: Wanted) -> tuple[One | Several, Wanted]:
        """Return how rows that are trained on are read, and what is wanted of those.

        Folds in the order of --time may be of anything: that it is a forecast is said by --series or --season.
        """
        forecast = bool(wanted.series or wanted.season > 1)
        other = bool(wanted.positive or wanted.costs or wanted.quantile or wanted.query or forecast)
        look = self.several(False).found(rows, other) or One(self.label)
        return look, of_labels(wanted if forecast else wanted._replace(time=None), look)


def of_labels(wanted: Wanted, look: One | Several) -> Wanted:
    """Return what is wanted, of several labels where rows have them."""
    if isinstance(look, Several):
        return wanted._replace(several=look.labels, separator=look.separator)
    return wanted
