"""Ways to hold rows out again and again: which rows each model is trained on, and which it is tested on.

Sources: Kohavi (1995), IJCAI, for stratified k-fold; Roberts et al. (2017), Ecography 40, for folds of whole groups and of
time; Hyndman and Athanasopoulos, Forecasting, section 5.10, for windows that expand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from assay.kernel.errors import UsageError
from assay.methods import splitting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]


class Fold(NamedTuple):
    """name: ``3``, or ``2.3`` of the second repeat. train, test: row numbers.

    train is in an order of which each first part is a smaller training set of the same kind: by lot, group by group where
    groups stay whole, and the latest first where time orders them.
    """

    name: str
    train: Codes
    test: Codes


class Plan(NamedTuple):
    """How rows are held out. test: the share of a single hold-out. repeats: how often all is drawn anew."""

    scheme: str
    folds: int = 5
    repeats: int = 1
    test: float = 0.25


def drawn(
    plan: Plan,
    rows: int,
    rng: np.random.Generator,
    *,
    strata: Any = None,
    groups: Codes | None = None,
    times: Codes | None = None,
) -> list[Fold]:
    """Return the folds, repeat after repeat; UsageError where there are too few rows, groups or instants for them.

    A holdout is of the latest rows where times are given. strata: what each fold has its share of. groups: codes of what is
    never parted, -1 for a row by itself. times: ranks.
    """
    if plan.scheme == "time":
        if times is None:
            raise UsageError("which column puts the rows in time?", remedy="name it: --time COLUMN")
        return expanding(times, plan.folds)
    if plan.scheme == "holdout" and times is not None:
        if groups is not None:
            raise UsageError(
                "a holdout is of whole groups or of the latest rows", remedy="leave --group or --time out"
            )
        return [latest(times, plan.test)]
    if plan.scheme == "grouped" and groups is None:
        raise UsageError("which column tells what belongs together?", remedy="name it: --group COLUMN")
    out = []
    for repeat in range(plan.repeats):
        before = f"{repeat + 1}." if plan.repeats > 1 else ""
        for at, test in enumerate(_tests(plan, rows, rng, strata, groups)):
            if not test.any() or test.all():
                raise UsageError(
                    f"{rows} rows are too few for {plan.folds} folds", remedy="ask for fewer folds"
                )
            train = rng.permutation(np.flatnonzero(~test))
            if plan.scheme == "grouped" and groups is not None:
                train = _by_group(train, groups, rng)
            out.append(Fold(f"{before}{at + 1}", train, np.flatnonzero(test)))
    return out


def _tests(plan: Plan, rows: int, rng: np.random.Generator, strata: Any, groups: Codes | None) -> list[Any]:
    """Return the masks of the test rows of one repeat."""
    if plan.scheme == "holdout":
        codes = (
            np.zeros(rows, dtype=np.int64) if strata is None else np.unique(strata, return_inverse=True)[1]
        )
        if groups is not None:
            return [splitting.grouped(groups, plan.test, rng, codes)]
        return [splitting.stratified(codes, plan.test, rng)]
    if plan.scheme == "grouped":
        at = grouped(groups, plan.folds, rng, strata)
    else:
        at = even(rows, plan.folds, rng, strata if plan.scheme == "stratified" else None)
    return [at == fold for fold in range(plan.folds)]


def even(rows: int, folds: int, rng: np.random.Generator, strata: Any = None) -> Codes:
    """Return each row's fold, by lot, sizes even to one row; with strata each of them is even to one row too."""
    order = rng.permutation(rows)
    if strata is not None:
        codes = np.unique(strata, return_inverse=True)[1]
        order = order[np.argsort(codes[order], kind="stable")]
    out = np.empty(rows, dtype=np.int64)
    out[order] = np.arange(rows) % folds
    return out


def grouped(groups: Any, folds: int, rng: np.random.Generator, strata: Any = None) -> Codes:
    """Return each row's fold, groups whole: large groups first, each into the fold that it makes least uneven.

    Uneven are the counts of each stratum beside an equal share, in squares. UsageError where there are fewer groups than folds.
    """
    own = np.asarray(groups, dtype=np.int64).copy()
    alone = own < 0
    own[alone] = own.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    _, group = np.unique(own, return_inverse=True)
    many = int(group.max(initial=-1)) + 1
    if many < folds:
        raise UsageError(f"there are {many} groups for {folds} folds", remedy="ask for fewer folds")
    codes = np.zeros(len(own), np.int64) if strata is None else np.unique(strata, return_inverse=True)[1]
    wide = int(codes.max(initial=0)) + 1
    cells, counts = np.unique(group * wide + codes, return_counts=True)
    starts = np.searchsorted(cells // wide, np.arange(many + 1))
    sizes = np.bincount(group)
    lot = rng.permutation(many)
    weight = 1 / np.maximum(np.bincount(codes, minlength=wide), 1)
    held = np.zeros((folds, wide))
    rows = np.zeros(folds)
    out = np.empty(many, dtype=np.int64)
    for one in lot[np.argsort(-sizes[lot], kind="stable")]:
        span = slice(starts[one], starts[one + 1])
        at, count = cells[span] % wide, counts[span]
        # what the square of each fold's count grows by; the emptiest of those that are alike
        cost = ((2 * held[:, at] + count) * count * weight[at]).sum(axis=1)
        fold = int(np.lexsort((rows, cost.round(12)))[0])
        out[one] = fold
        held[fold, at] += count
        rows[fold] += sizes[one]
    return out[group]


def expanding(times: Codes, folds: int) -> list[Fold]:
    """Return windows that expand: fold k is trained on all that is earlier than what it is tested on.

    times: the rank of each row's instant. Rows of one instant are never parted. The earliest of ``folds`` + 1 stretches is
    trained on alone. UsageError where there are fewer instants than stretches.
    """
    order = np.argsort(times, kind="stable")
    ranks = np.asarray(times)[order]
    firsts = np.flatnonzero(np.r_[True, ranks[1:] != ranks[:-1]]) if len(ranks) else np.zeros(0, np.int64)
    if len(firsts) <= folds:
        raise UsageError(
            f"there are {len(firsts)} instants for {folds} folds in time", remedy="ask for fewer folds"
        )
    wanted = np.arange(1, folds + 1) * len(order) / (folds + 1)
    cuts: list[int] = []
    for place, want in enumerate(wanted):  # the nearest instant that leaves one for each cut still to come
        after = cuts[-1] if cuts else 0
        free = firsts[firsts > after]
        free = free[: len(free) - (folds - place - 1)]
        cuts.append(int(free[np.argmin(np.abs(free - want))]))
    ends = [*cuts[1:], len(order)]
    return [
        Fold(str(k + 1), order[:begin][::-1], order[begin:end])
        for k, (begin, end) in enumerate(zip(cuts, ends, strict=True))
    ]


def latest(times: Codes, share: float) -> Fold:
    """Return one fold that holds out the latest rows, nearest to ``share`` of them that parts no instant.

    times: the rank of each row's instant. UsageError where all rows are of one instant.
    """
    order = np.argsort(times, kind="stable")
    ranks = np.asarray(times)[order]
    firsts = np.flatnonzero(ranks[1:] != ranks[:-1]) + 1
    if not len(firsts):
        raise UsageError("all rows are of one instant", remedy="name another column with --time")
    cut = int(firsts[np.argmin(np.abs(firsts - len(order) * (1 - share)))])
    return Fold("1", order[:cut][::-1], order[cut:])


def _by_group(train: Codes, groups: Codes, rng: np.random.Generator) -> Codes:
    """Put rows in an order of whole groups, by lot."""
    codes = np.unique(groups[train], return_inverse=True)[1]
    lot = rng.permutation(int(codes.max(initial=-1)) + 1)
    return train[np.argsort(lot[codes], kind="stable")]
