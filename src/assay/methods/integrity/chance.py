"""Whether the rows that break a rule are slips, or tell that it is none.

Slips fall anywhere. What breaks a mere tendency gathers: in one group, near a threshold, where another column has one value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from assay.methods.integrity.column import Sampled

MOST_ASKED = 80  # columns
ALPHA = 1e-3


def tail(hits: Any, of: Any, share: Any) -> Any:
    """Return the chance of so many hits or more, each of ``of`` being one with the chance ``share``: the binomial tail.

    By the regularised incomplete beta function, as in Abramowitz and Stegun 26.5.24.
    """
    from scipy.special import betainc

    hits, of = np.asarray(hits, float), np.asarray(of, float)
    inside = (hits > 0) & (hits <= of)
    found = betainc(np.where(inside, hits, 1.0), np.where(inside, of - hits + 1, 1.0), share)
    return np.where(hits <= 0, 1.0, np.where(hits > of, 0.0, found))


def gathered(wrong: Any, total: Any, alpha: float = ALPHA) -> bool:
    """Return whether the wrong of some group (counts, beside the group's size) are more than slips would be.

    Each group's count is held to the binomial tail at the share of all, with Bonferroni's correction.
    """

    wrong, total = np.asarray(wrong, float), np.asarray(total, float)
    if wrong.sum() <= 0 or len(wrong) < 2:
        return False
    share = min(0.999, wrong.sum() / max(1.0, total.sum()))
    some = wrong > 0
    tails = tail(wrong[some], total[some], share)
    return bool(tails.min() * len(wrong) < alpha)


def scattered(wrong: Any, rows: Any, columns: Sequence[Sampled], alpha: float = ALPHA) -> bool:
    """Return whether the wrong among the rows (both masks) have nothing to do with any of the columns.

    Each value of each column (numbers in eighths, a missing one by itself) is held to the binomial tail,
    with Bonferroni's correction for how many were asked.
    """
    share = float(wrong[rows].mean()) if rows.any() else 0.0
    if share in (0.0, 1.0):
        return True
    counts = []
    for column in columns[:MOST_ASKED]:
        kinds = column.kinds
        if kinds is None:
            continue
        here = kinds[rows]
        total = np.bincount(here)
        counts.append((np.bincount(here[wrong[rows]], minlength=len(total)), total))
    if not counts:
        return True

    bad, total = (np.concatenate(c).astype(float) for c in zip(*counts, strict=True))
    some = bad > 0
    tails = tail(bad[some], total[some], share)
    return bool(tails.min() * max(1, (total > 0).sum()) >= alpha)


def strays(wrong: Any, among: Any, columns: Sequence[Sampled], alpha: float = ALPHA) -> bool:
    """Return whether the wrong rows (a mask), drawn apart from the rows they stand among (a mask), gather nowhere.

    As ``scattered``, but the wrong are all there are while the others are a sample: each value's share among these, and a
    little more for its being an estimate, is what its count among the wrong is held to.
    """

    count, size = int(wrong.sum()), int(among.sum())
    if count < 3 or size < 20:
        return True
    tails, asked = [], 0
    for column in columns[:MOST_ASKED]:
        kinds = column.kinds
        if kinds is None:
            continue
        width = int(kinds.max(initial=0)) + 1
        bad, all_ = np.bincount(kinds[wrong], minlength=width), np.bincount(kinds[among], minlength=width)
        share = np.minimum(1.0, (all_ + 2 * np.sqrt(all_) + 2) / size)
        asked += int((bad + all_ > 0).sum())
        tails.append(tail(bad[bad > 0], count, share[bad > 0]).min())
    return not tails or bool(min(tails) * max(1, asked) >= alpha)


def near(distance: Any, wrong: Any) -> bool:
    """Return whether the wrong lie nearer to a threshold than the right do: the mark of a tendency.

    Of what is right, the nearest tenth is taken; slips lie in it one time in ten. Ties make the tenth wider.
    """

    count = int(wrong.sum())
    if count < 3 or (~wrong).sum() < 20:
        return False
    close = np.quantile(distance[~wrong], 0.1)
    expected = float((distance[~wrong] <= close).mean())
    inside = int((distance[wrong] <= close).sum())
    return bool(expected < 0.9 and tail(inside, count, expected) < 1e-3)


def cliff(gap: Any) -> bool:
    """Return whether differences stop at zero: many just above it, and hardly any just below.

    Where the lower only tends to be lower, the differences thin out smoothly through zero.
    """
    above, below = gap[gap > 0], -gap[gap < 0]
    if len(above) < 50:
        return False
    near_by, spread = float(np.quantile(above, 0.1)), float(np.quantile(above, 0.9))
    # a smooth tail has its first tenth far out; a cliff has it near the edge
    if near_by > 0.25 * spread or float(np.quantile(above, 0.01)) > 0.03 * spread:
        return False
    return int((below <= near_by).sum()) <= 0.15 * int((above <= near_by).sum())
