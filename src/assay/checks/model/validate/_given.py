"""Columns that give the label away: a score that rests on one holds for no row whose label is not known yet."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._left import unsearched
from assay.kernel.handles import Work
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

_STRONG = 0.95  # from which data.leakage tells of a column, too
_ROWS = 20_000
_LEAST = 100
_COLUMNS = 200
_NAMED = 5


def given_away(
    made: Judged, table: Any, label: str, hidden: set[str], features: tuple[str, ...], work: Work
) -> list[Finding]:
    """Ask each column alone for the label, on rows that it did not learn from, and tell those that are right in nearly all.

    features: the columns that the model goes by; empty where nobody knows.
    """
    import numpy as np
    import pyarrow as pa

    from assay.methods.giveaway import folds

    if made.kind not in ("binary", "multiclass", "regression") or len(made.rows) < _LEAST:
        return []
    rng = work.rng("given away")
    place = np.arange(len(made.rows))
    if len(place) > _ROWS:
        place = np.sort(rng.choice(place, _ROWS, replace=False))
    some = table.take(pa.array(made.rows[place]))
    target = _target(made, place)
    if target is None:
        return []
    fold = folds(len(place), rng)
    names = [
        n for n in table.column_names if n != label and n not in hidden and (not features or n in features)
    ]
    found = {n: _strength(some.column(n), n, target, fold) for n in names[:_COLUMNS]}
    told = sorted((n for n, s in found.items() if s >= _STRONG), key=lambda n: -found[n])
    made.data["given_away"] = {n: found[n] for n in told}
    left = unsearched(len(names), _COLUMNS, "what gives the label away")
    if not told:
        return left
    shown = ", ".join(f"{n} ({found[n]:.2f})" for n in told[:_NAMED]) + (" …" if len(told) > _NAMED else "")
    verb = "gives" if len(told) == 1 else "each give"
    message = f"{shown} alone {verb} {label} away in nearly every row (1 is every one)"
    severity, uses = Severity.HIGH, ", and the model goes by it."
    if not features:
        severity, uses = Severity.LOW, "; where the model goes by it, its score holds for no new row."
    remedy = "ask whether it is known before the label is; see data.leakage"
    return [
        Finding(
            "model.validate.given_away",
            severity,
            message + uses,
            {"column": told[0]},
            remedy,
            count=len(told),
        ),
        *left,
    ]


def _target(made: Judged, place: Any) -> Any:
    import numpy as np
    from scipy.stats import rankdata

    from assay.methods.giveaway import MOST_CLASSES, Target

    truth = made.truth[place]
    if made.kind == "regression":
        return Target(None, (rankdata(truth) - 0.5) / len(truth), 0)
    values, codes = np.unique(truth, return_inverse=True)
    return Target(codes.astype(np.int64), None, len(values)) if 1 < len(values) <= MOST_CLASSES else None


def _strength(column: Any, name: str, target: Any, fold: Any) -> float:
    import numpy as np
    import pyarrow as pa

    from assay.kernel.errors import UsageError
    from assay.methods import facets
    from assay.methods.giveaway import strength

    try:
        column = facets.plain(column, name)
    except UsageError:
        return 0.0
    known = facets.present(column)
    codes = np.where(known, facets.coded(column)[0], -1).astype(np.int64)
    numbers = None
    if facets.is_number(column):
        numbers = np.asarray(
            column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float
        )
        numbers = np.where(known & np.isfinite(numbers), numbers, np.nan)
    return strength(codes, numbers, target, fold)
