"""The values that explain each row: exact where the model's form allows it, asked for by sampling otherwise."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from assay.checks.model.explain._asking import Asking
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Differentiable, Model, Transparent, Work

Method = Literal["auto", "exact", "gradients", "kernel", "permutation"]
Baseline = Literal["mean", "zeros", "rows"]
ADDS_UP = 1e-5
COMPLETE = 1e-3  # of integrated gradients, whose sum stands for an integral
_WORDS = 120
_BACKGROUND = 200


class Answered(NamedTuple):
    """What the model says of a row, and the class that its values are of, "" where it is a number."""

    says: str
    of: str


@dataclass
class Values:
    """Rows × features, and what they are.

    rows: which rows of the table, from 0. base: what each row's values start from; margin: the model's own answer in
    ``unit``, None where it was not asked. error: the standard error of each value, None where they are exact.
    tolerance: how far the values may be from adding up, None where they are of a sample that need not.
    """

    names: list[str]
    values: Any
    base: Any
    rows: Any
    unit: str
    method: str
    space: str = "the columns of the data"
    margin: Any = None
    error: Any = None
    tolerance: float | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    answered: dict[int, Answered] = field(default_factory=dict)  # of the n-th rows explained, those shown

    def unit_of(self, at: int) -> str:
        """Return the unit of the n-th row's values, and of which class they are."""
        of = self.answered[at].of if at in self.answered else ""
        return f"{self.unit} of {of[:40]}" if of else self.unit

    def says(self, at: int) -> str:
        """Return in words what the model answers to the n-th row, empty where it was not asked."""
        return f" It answers {self.answered[at].says[:40]}." if at in self.answered else ""

    @property
    def additivity(self) -> float | None:
        """Return the largest difference of bias and values from the model's own answer, in shares of its size.

        Answers below 1 count as 1. Boosters compute in 32 bits: 1e-5 is what they can hold.
        """
        import numpy as np

        if self.margin is None or not len(self.margin):
            return None
        off = np.abs(self.values.sum(axis=1) + self.base - self.margin)
        return float((off / np.maximum(np.abs(self.margin), 1)).max())


def explained(
    model: Model,
    table: Any,
    asking: Asking,
    *,
    method: Method,
    row: tuple[int, ...],
    samples: int,
    most: int,
    budget: int,
    work: Work,
    baseline: Baseline = "mean",
) -> Values:
    """Return the values of the rows asked for and of as many others as the limits allow."""
    if method in ("auto", "exact"):
        found = _exact(model, table, asking, row, most, work)
        if found is not None:
            return found
        if method == "exact":
            raise UsageError(
                f"a {model.info.framework} model of this kind has no exact values",
                where=model.asset.name,
                remedy="let them be sampled: --method permutation, or --method kernel",
            )
    if method in ("auto", "gradients"):
        found = _gradients(model, table, asking, row, samples, baseline, work)
        if found is not None:
            return found
        if method == "gradients":
            raise UsageError(
                f"a {model.info.framework} model of this kind gives no gradients",
                where=model.asset.name,
                remedy="a PyTorch or Keras model of numbers does, and a script with gradient_fn; or let values be "
                "sampled: --method kernel",
            )
    from assay.checks.model.explain._sampling import sampled

    return sampled(table, asking, method, row, samples, budget, work)


def picked(total: int, row: tuple[int, ...], most: int, rng: Any) -> Any:
    """Return the rows explained, from 0 and in order: all, or as many at random, and those asked for."""
    import numpy as np

    if total <= most:
        return np.arange(total)
    drawn = rng.choice(total, most, replace=False)
    return np.unique([*(r - 1 for r in row), *drawn]).astype(int)


def background(table: Any, rng: Any, most: int = _BACKGROUND) -> Any:
    """Return the rows that a value is measured against."""
    import numpy as np
    import pyarrow as pa

    return table.take(pa.array(np.sort(rng.choice(table.num_rows, min(most, table.num_rows), replace=False))))


def _exact(
    model: Model, table: Any, asking: Asking, row: tuple[int, ...], most: int, work: Work
) -> Values | None:
    import pyarrow as pa

    if isinstance(model, Transparent):
        model.background(background(table, work.rng("background"), 20_000))
    rows = picked(table.num_rows, row, most, work.rng("rows"))
    given = table if len(rows) == table.num_rows else table.take(pa.array(rows))
    found = model.contributions(given, of=asking.of)
    return None if found is None else _read(model, found, rows)


def _gradients(
    model: Model,
    table: Any,
    asking: Asking,
    row: tuple[int, ...],
    samples: int,
    baseline: Baseline,
    work: Work,
) -> Values | None:
    """Return integrated gradients of as many rows as are sampled of other models; None where the model has none."""
    import pyarrow as pa

    if not isinstance(model, Differentiable):
        return None
    model.background(background(table, work.rng("background"), 20_000))
    rows = picked(table.num_rows, row, samples, work.rng("rows"))
    found = model.gradients(table.take(pa.array(rows)), of=asking.of, baseline=baseline)
    if found is None:
        return None
    values = _read(model, found, rows)
    values.tolerance = COMPLETE
    values.notes["baseline"] = values.method.partition(" against ")[2]
    return values


def _read(model: Model, found: Any, rows: Any) -> Values:
    """Return contributions as values; BadInput where they cannot be such. They were made by untrusted code."""
    import numpy as np

    if found.num_columns < 3:
        raise BadInput("its contributions name no feature", where=model.asset.name)
    columns = [_floats(column, model.asset.name) for column in found.columns]
    about = _about(found.schema)
    return Values(
        found.column_names[:-2],
        np.column_stack(columns[:-2]),
        columns[-2],
        rows,
        about["unit"],
        about["method"],
        about["space"],
        margin=columns[-1],
        tolerance=ADDS_UP,
    )


def _floats(column: Any, where: str) -> Any:
    import numpy as np

    from assay.methods.outcomes import finite

    found = finite(column, "a contribution")
    if not np.isfinite(found).all():
        raise BadInput("its contributions are not all finite numbers", where=where)
    return found


def _about(schema: Any) -> dict[str, str]:
    """Read what the values are, which untrusted code has written."""
    try:
        said = json.loads((schema.metadata or {}).get(b"assay", b"{}")[:4096])
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    words = {"unit": "margin", "method": "exact tree SHAP", "space": "the columns of the data"}
    return {k: str(said.get(k, v))[:_WORDS] for k, v in words.items()}
