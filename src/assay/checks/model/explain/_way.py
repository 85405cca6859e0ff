"""One way to explain rows: by their columns, by the words of a text, by the regions of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from assay.checks.model.explain._values import Values
from assay.kernel.report import Chart, Metric, Skipped


class Limits(NamedTuple):
    """Which rows are explained (from 1), how many others, and how many rows the model may be asked about for them.

    samples: of a model without exact values; most: of one with them.
    """

    row: tuple[int, ...]
    samples: int
    most: int
    budget: int


@dataclass(frozen=True)
class Way:
    """What a way has found, and how it shows it.

    given: the table that the model is asked about. drawn: of the n-th row explained, its chart and its greatest values as
    metrics. kept: every value, as a table. columns: the names that are columns of the table. skipped: rows not explained.
    own: the rows explained, as the model was asked about them, where they are not those of ``given``.
    """

    found: Values
    given: Any
    drawn: Callable[[int], tuple[Chart, list[Metric]]]
    kept: Any
    columns: list[str]
    skipped: tuple[Skipped, ...] = ()
    sampling_error: float | None = None
    own: Any = None
