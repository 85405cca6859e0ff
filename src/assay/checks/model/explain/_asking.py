"""Asking the model: its answers as numbers, batch by batch, and how many rows it was asked about."""

from __future__ import annotations

from typing import Any

from assay.kernel.errors import BadInput
from assay.kernel.handles import Model, Work

_BATCH = 20_000


class Asking:
    """A model's answers as rows × outputs: its scores, its numbers, or 1 where it says the class asked about.

    of: the class whose score is wanted. asked: rows asked about so far.
    """

    def __init__(self, model: Model, work: Work, of: str | None = None) -> None:
        self.model, self.work, self.of = model, work, of
        self.asked = 0
        self.outputs: list[str] = []
        self._yes: str | None = None

    @property
    def names(self) -> list[str]:
        """Return the columns that it wants, empty where it does not say."""
        return list(self.model.info.features)

    def answers(self, table: Any) -> Any:
        """Return rows × outputs, all finite; BadInput where an answer is no number."""
        import numpy as np

        parts = []
        for start in range(0, max(table.num_rows, 1), _BATCH):
            parts.append(self._numbers(self.model.predict(table.slice(start, _BATCH))))
            self.asked += min(_BATCH, table.num_rows - start)
            self.work.progress(self.asked, 0, "asking the model")
        found = np.concatenate(parts)
        lost = int((~np.isfinite(found)).any(axis=1).sum())
        if lost:
            raise BadInput(
                f"it answers {lost} of {len(found)} rows with what is no finite number",
                where=self.model.asset.name,
                remedy="an explanation of such answers would be one of nothing",
            )
        return found

    def score(self, table: Any) -> Any:
        """Return one number a row: of the class asked about, or of the last."""
        found = self.answers(table)
        return found[:, self.output()]

    def output(self) -> int:
        """Return which output stands for the class asked about; the last where none is named."""
        if self.of is None or len(self.outputs) < 2:
            return len(self.outputs) - 1
        return self.outputs.index(self.of)

    def wanted(self, found: Any) -> Any:
        """Return which output is explained for each row: the class asked about, or the likeliest."""
        import numpy as np

        if self.of is not None or found.shape[1] == 1:
            return np.full(len(found), self.output())
        return found.argmax(axis=1)

    def _numbers(self, said: Any) -> Any:
        import numpy as np
        import pyarrow.compute as pc

        from assay.methods.facets import is_number
        from assay.methods.outcomes import finite
        from assay.methods.values import spelled

        scores = [c for c in said.column_names if c.startswith("score")]
        classes = [spelled(c) for c in self.model.info.classes]
        if scores:
            found = np.column_stack([finite(said.column(c)) for c in scores])
            if found.shape[1] > 1:
                self.outputs = classes if len(classes) == len(scores) else [c[6:] for c in scores]
            else:
                self.outputs = classes[-1:] or ["1"]
                if self.of is not None and self.of != self.outputs[0] and self.of in (classes[:1] or ["0"]):
                    self.outputs, found = [self.of], 1 - found
            self._known()
            return found
        answer = said.column("prediction")
        if is_number(answer) and not classes:
            self.outputs = ["prediction"]
            return finite(answer)[:, None]
        texts = [spelled(v) for v in answer.to_pylist()]
        if self._yes is None:
            named = classes or sorted({spelled(v) for v in pc.unique(answer).to_pylist()})
            self._yes = self.of if self.of is not None else named[-1]
        self.outputs = [self._yes]
        return np.array([[float(t == self._yes)] for t in texts]).reshape(-1, 1)

    def _known(self) -> None:
        if self.of is not None and self.of not in self.outputs:
            raise BadInput(
                f"it has no class {self.of[:60]}",
                where=self.model.asset.name,
                remedy=f"its classes are {', '.join(self.outputs[:10])}",
            )
