"""What a model says of each row of a table, or what a table's columns say that it said."""

from __future__ import annotations

from typing import Any, NamedTuple

from assay.kernel.errors import UsageError
from assay.kernel.handles import Model, Table


class Answers(NamedTuple):
    """What a model says of each row: its predictions and perhaps scores, and the columns that hold them in a table.

    classes: what a model says that it chooses among; of two, its scores are of the last.
    """

    prediction: Any
    scores: Any = None
    column: str | None = None
    score_column: str | None = None
    name: str = ""
    classes: tuple[Any, ...] = ()

    def plain(self) -> Any:
        """Return the predictions as texts, numbers or booleans."""
        from assay.methods import facets

        return facets.plain(self.prediction, self.column or "the prediction")

    def score(self, rows: Any) -> Any:
        """Return the scores of yes of some rows as floats, None where there are several; UsageError for one that is not finite."""
        import numpy as np

        from assay.methods import outcomes

        if self.scores is None or "score" not in self.scores.column_names:
            return None
        name = self.score_column or "the score"
        found = outcomes.finite(self.scores.filter(rows).column("score"), name)
        lost = int((~np.isfinite(found)).sum())
        if lost:
            raise UsageError(
                f"{lost} {'score is' if lost == 1 else 'scores are'} missing or infinite",
                where=name,
                remedy="leave the rows or the scores out",
            )
        return found


def asked(
    subject: Any, data: Table | None, predicted: str | None, score: str | None, label: str
) -> tuple[Any, Answers]:
    """Return the table whose rows are judged, and the answers for them."""
    from assay.methods.predictions import gather

    table, prediction, scores = gather(subject, data, predicted, score, label)
    if isinstance(subject, Model) and not isinstance(subject, Table):
        named, classes = subject.asset.name, tuple(subject.info.classes)
    else:
        named, classes = str(predicted), ()
    return table, Answers(prediction, scores, predicted, score, named, classes)


def rivals(
    subject: Table | Model,
    data: Table | None,
    against: Model | None,
    predicted: str | None,
    score: str | None,
    label: str,
) -> Answers | None:
    """Return what another model, or another column of predictions, says of the same rows; None where none is named."""
    if against is not None and predicted is not None:
        raise UsageError("it is compared with a model or with a column", remedy="give one of them")
    if against is None and predicted is None:
        if score is None:
            return None
        raise UsageError(
            "scores alone are not compared", remedy="name the predictions: --against-predicted COLUMN"
        )
    rows = subject if isinstance(subject, Table) else data
    return asked(against if against is not None else rows, rows, predicted, score, label)[1]


def answers_for(model: Model, table: Any, label: str) -> Answers:
    """Return what a model says of rows that are already in memory."""
    from assay.methods.predictions import answers

    return Answers(*answers(model, table, label), name=model.asset.name, classes=tuple(model.info.classes))


class One(NamedTuple):
    """One label a row, and where a table says what was predicted of it."""

    label: str
    predicted: str | None = None
    score: str | None = None
    scores: tuple[str, ...] = ()  # of each class, where a table holds them

    def view(self, table: Any) -> Any:
        """Return a table as it is judged by: as it is."""
        return table

    def judged(self, subject: Table | Model, data: Table | None) -> tuple[Any, Answers]:
        """Return the table whose rows are judged, and the answers for them."""
        table, said = asked(subject, data, self.predicted, self.score, self.label)
        if not self.scores:
            return table, said
        if said.scores is not None:
            raise UsageError("scores are given twice", remedy="leave --score or --scores out")
        return table, said._replace(scores=table.select(list(self.scores)))

    def rival(
        self,
        subject: Table | Model,
        data: Table | None,
        against: Model | None,
        predicted: str | None,
        score: str | None,
    ) -> Answers | None:
        """Return what another one says of the same rows; None where none is named."""
        return rivals(subject, data, against, predicted, score, self.label)

    def again(self, model: Model, table: Any) -> Answers:
        """Return what a model says of rows that are already in memory."""
        return answers_for(model, table, self.label)
