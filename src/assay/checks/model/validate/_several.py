"""Rows that may have several labels: read as one text each, whether lists, texts with separators or columns hold them."""

from __future__ import annotations

from typing import Any, NamedTuple

from assay.checks.model.validate._answers import Answers
from assay.kernel.errors import UsageError
from assay.kernel.handles import Model, Table


class Several(NamedTuple):
    """Where labels and predictions stand. labels, predicted: one column of sets, or one for each label. scores: of each label."""

    labels: tuple[str, ...]
    predicted: tuple[str, ...]
    scores: tuple[str, ...]
    separator: str | None

    def found(self, rows: Table, other: bool) -> Several | None:
        """Return it, with what stands between labels, where rows have several; None where they have one.

        They have where the caller says so, and where the label's column holds lists, or texts of which the parts come back.
        other: the caller says what is said of one label alone; UsageError where there are several all the same.
        """
        from assay.methods import multilabel

        found = self
        if not self.separator and len(self.labels) == 1:
            column = rows.arrow([self.labels[0]], limit=0).column(0)
            if not multilabel.is_lists(column):
                if other or self.separator == "":
                    return None
                column = rows.arrow([self.labels[0]]).column(0)
                found = self._replace(separator=multilabel.between(column))
                if found.separator is None:
                    return None
        if other:
            raise UsageError(
                "rows that have several labels are judged by themselves",
                remedy="leave --positive, costs, --quantile, --query and --time out",
            )
        return found

    def view(self, table: Any) -> Any:
        """Return a table as it is judged by: its labels as one text a row, without the columns that held them."""
        from assay.methods import multilabel

        truth = multilabel.joined(table, self.labels, self.separator)
        return table.drop_columns(list(self.labels)).append_column(self.labels[0], truth)

    def judged(self, subject: Table | Model, data: Table | None) -> tuple[Any, Answers]:
        """Return the table as it is judged by, and what is said of each row; the label columns are not shown."""
        if isinstance(subject, Model) and not isinstance(subject, Table):
            if data is None:
                raise UsageError("a model is judged on data", remedy="name it: --data TABLE")
            seen = self.view(data.arrow())
            return seen, self.again(subject, seen)
        table = subject.arrow()
        aside = {*self.predicted, *self.scores} - set(self.labels)
        seen = self.view(table.drop_columns(list(aside & set(table.column_names))))
        return seen, self._held(table, self.predicted, self.scores)

    def rival(
        self,
        subject: Table | Model,
        data: Table | None,
        against: Model | None,
        predicted: str | None,
        score: str | None,
    ) -> Answers | None:
        """Return what another one says of the same rows; None where none is named."""
        rows = subject if isinstance(subject, Table) else data
        if rows is None or (against is None and predicted is None and score is None):
            return None
        if score is not None or (against is not None and predicted is not None):
            raise UsageError(
                "of several labels the predictions of one other are compared",
                remedy="name it: --against MODEL or --against-predicted COLUMN",
            )
        table = rows.arrow()
        if against is not None:
            return self.again(against, self.view(table))
        if len(self.labels) > 1:
            raise UsageError(
                "one column does not hold another model's predictions of several label columns",
                remedy="name the model with --against",
            )
        return self._held(table, (str(predicted),), ())

    def again(self, model: Model, table: Any) -> Answers:
        """Return what a model says of rows as they are judged by; it is never shown the labels."""
        return self.asked(model, table.drop_columns([self.labels[0]]))

    def asked(self, model: Model, table: Any) -> Answers:
        """Return what a model says of rows whose labels it is not shown."""
        import pyarrow as pa

        from assay.methods import multilabel

        found = model.predict(table)
        scores = [c for c in found.column_names if c.startswith("score_")]
        said = found.column("prediction").cast(pa.string())
        if not any(multilabel.SEPARATOR in v for v in said.slice(0, 1000).to_pylist() if v):
            # one that writes them as the table does, or gives one label a row
            said = multilabel.joined(pa.table({"prediction": said}), ("prediction",), self.separator or "\n")
        return Answers(said, found.select(scores) if scores else None, name=model.asset.name)

    def _held(self, table: Any, predicted: tuple[str, ...], scores: tuple[str, ...]) -> Answers:
        import pyarrow.compute as pc

        from assay.methods import multilabel

        if not predicted:
            raise UsageError(
                "which column holds the predictions?", remedy="say --predicted COLUMN, or name a model"
            )
        if len(predicted) not in (1, len(self.labels)):
            raise UsageError(
                f"there are {len(self.labels)} label columns and {len(predicted)} of predictions",
                remedy="name them in one order",
            )
        said = multilabel.joined(table, predicted, self.separator)
        if len(self.labels) > 1 and len(predicted) == len(self.labels):
            said = _renamed(said, predicted, self.labels)
        elif not multilabel.is_lists(table.column(predicted[0])) and said.null_count < len(said):
            # A text without labels is empty, which a CSV does not tell from nothing
            said = pc.fill_null(said, multilabel.SEPARATOR)
        given = table.select(list(scores)) if scores else None
        return Answers(said, given, predicted[0], name=predicted[0])


def _renamed(said: Any, old: tuple[str, ...], new: tuple[str, ...]) -> Any:
    """Return labels under the names of the label columns instead of those of the columns that predict them."""
    import pyarrow as pa

    from assay.methods import multilabel

    codes = said.combine_chunks().dictionary_encode()
    names = dict(zip(old, new, strict=True))
    held = [
        multilabel.bounded({names[n] for n in text.split(multilabel.SEPARATOR) if n})
        for text in codes.dictionary.to_pylist()
    ]
    return pa.chunked_array([pa.array(held, pa.string()).take(codes.indices)])
