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

    def holds(self, rows: Table) -> bool:
        """Whether labels are several: the caller says so, or the column holds lists."""
        from assay.methods import multilabel

        if self.separator or len(self.labels) > 1:
            return True
        return multilabel.is_lists(rows.arrow([self.labels[0]], limit=0).column(0))

    def answers(self, subject: Table | Model, rows: Table) -> tuple[Any, Answers]:
        """Return the table, its label as one text a row, and what is said of each row; the label columns are not shown."""
        from assay.methods import multilabel

        table = rows.arrow()
        truth = multilabel.joined(table, self.labels, self.separator)
        bare = table.drop_columns(list(self.labels))
        if isinstance(subject, Model) and not isinstance(subject, Table):
            said = self.asked(subject, bare)
        else:
            said = self._held(table)
            bare = bare.drop_columns(list({*self.predicted, *self.scores} & set(bare.column_names)))
        return bare.append_column(self.labels[0], truth), said

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

    def _held(self, table: Any) -> Answers:
        from assay.methods import multilabel

        if not self.predicted:
            raise UsageError(
                "which column holds the predictions?", remedy="say --predicted COLUMN, or name a model"
            )
        if len(self.predicted) not in (1, len(self.labels)):
            raise UsageError(
                f"there are {len(self.labels)} label columns and {len(self.predicted)} of predictions",
                remedy="name them in one order",
            )
        said = multilabel.joined(table, self.predicted, self.separator)
        if len(self.labels) > 1 and len(self.predicted) == len(self.labels):
            said = _renamed(said, self.predicted, self.labels)
        scores = table.select(list(self.scores)) if self.scores else None
        return Answers(said, scores, self.predicted[0], name=self.predicted[0])


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
