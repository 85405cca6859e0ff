"""What the parts of one row bring to its answer: words of a text, regions of a picture. Each can be left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._values import ADDS_UP, Values

_WHOLE = 8192  # coalitions that are worth asking about one by one
_FEW = 64  # parts up to which coalitions say more than orders
_ENOUGH = 10_000  # answers beyond which a row's errors are small enough
_LEAST_PAIRS = 2  # fewer say nothing of their error
_MOST_PAIRS = 128
_PAIRS = 30  # pairs of orders that are walked however many answers they take, where the budget holds them


@dataclass(frozen=True)
class Parts:
    """Of one row: a value and a standard error a part, the answer with no part and with all, and how it was found."""

    values: Any
    error: Any
    base: float
    margin: float
    method: str

    @property
    def exact(self) -> bool:
        """Whether every subset of the parts was asked about."""
        return self.method.startswith("exact")


def together(
    rows: Sequence[int],
    parts: Sequence[Parts],
    names: Sequence[str],
    values: Any,
    square: Any,
    asking: Asking,
    *,
    of: str,
    space: str,
    masked_by: str,
) -> Values:
    """Return rows × what their parts were added up into. square: of the values' errors. of: what the parts are of, in words."""
    import numpy as np

    ways = sorted({p.method for p in parts})
    return Values(
        list(names),
        values,
        np.array([p.base for p in parts]),
        np.array(rows),
        "score" if asking.outputs != ["prediction"] else "output",
        f"{', '.join(ways)} of {of}",
        space=space,
        margin=np.array([p.margin for p in parts]),
        error=None if all(p.exact for p in parts) else np.sqrt(square),
        tolerance=ADDS_UP,
        notes={"masked_by": masked_by, "asked": asking.asked},
    )


def rows_told(total: int, row: tuple[int, ...], samples: int, rng: Any) -> list[int]:
    """Return the rows explained, from 0 and in order: those named, or a sample where none is."""
    if row:
        return sorted({r - 1 for r in row})
    return sorted(rng.choice(total, min(samples, total), replace=False).tolist())


def of_row(table: Any, number: int, asking: Asking) -> tuple[float, int]:
    """Return a row's own answer, and which of the model's outputs it is of."""
    own = asking.answers(table.slice(number, 1))
    of = int(asking.wanted(own)[0])
    return float(own[0, of]), of


def least(count: int) -> int:
    """Return the fewest answers for which ``count`` parts can be told with an error."""
    return min(1 << min(count, 40), 2 * (count + 1) * _LEAST_PAIRS)


def valued(
    groups: Sequence[int], ask: Callable[[Any], Any], budget: int, rng: Any, margin: float | None = None
) -> Parts:
    """Return the values of parts. groups: the group of each, which is left out together where parts are many.

    ask(masks, m × p) → m answers. margin: the answer to the row as it is, asked apart. Every subset is asked about where
    that is affordable, then coalitions (kernel SHAP), then orders that break no group (Owen values).
    """
    import numpy as np

    from assay.methods import kernelshap, owen

    count = len(groups)
    each = min(budget, _ENOUGH)

    def evaluate(_row: Any, _other: Any, masks: Any) -> Any:
        return ask(masks)

    if count <= 20 and 1 << count <= min(budget, _WHOLE):
        values, base = kernelshap.whole(1, count, 1, evaluate)
        found = values[0], np.zeros(count), float(base[0]), f"exact Shapley values over {1 << count} subsets"
    elif count <= _FEW and each >= 8 * count + 2:
        values, error, base = kernelshap.sampled(1, count, 1, evaluate, rng, each=each)
        found = values[0], error[0], float(base[0]), "kernel SHAP"
    else:
        several, cost = 1 < len(set(groups)) < count, 2 * (count + 1)
        pairs = max(_LEAST_PAIRS, min(_MOST_PAIRS, budget // cost, max(_PAIRS, _ENOUGH // cost)))
        values, error = owen.sampled(groups, ask, rng, pairs=pairs)
        base = float(ask(np.zeros((1, count), dtype=bool))[0])
        found = values, error, base, "sampled Owen values" if several else "sampled Shapley values"
    values, error, base, method = found
    own = float(ask(np.ones((1, count), dtype=bool))[0]) if margin is None else margin
    return Parts(values, error, base, own, method)
