"""Disparate impact remover (Feldman, Friedler, Moeller, Scheidegger, Venkatasubramanian 2015, "Certifying and removing
disparate impact"): a column's distribution made alike in every group, while ranks within a group stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

POINTS = 257  # of a quantile function
FEW = 30  # rows of a group under which it has no distribution

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column's quantile functions. groups: of each group (None where it has few rows), on an even grid from 0 to 1;
    target: the median of the groups' at each point, to which each is brought.
    """

    groups: tuple[tuple[float, ...] | None, ...]
    target: tuple[float, ...]

    @classmethod
    def learnt(cls, values: Floats, groups: Any, many: int) -> Numbers:
        """Return the quantile functions of a column. values: NaN where missing, left out."""
        grid = np.linspace(0, 1, POINTS)
        held: list[tuple[float, ...] | None] = []
        for group in range(many):
            own = values[(groups == group) & np.isfinite(values)]
            held.append(tuple(np.quantile(own, grid).tolist()) if len(own) >= FEW else None)
        known = [h for h in held if h is not None]
        target = np.median(np.array(known), axis=0) if known else np.zeros(POINTS)
        return cls(tuple(held), tuple(np.maximum.accumulate(target).tolist()))

    def repaired(self, values: Floats, groups: Any, level: float) -> Floats:
        """Return the values brought towards the target: (1 - level) · x + level · target(rank of x in its group).

        Equal values share the middle of their ranks. Rows of groups without a distribution stay as they are.
        """
        out = values.copy()
        if not level:
            return out
        grid = np.linspace(0, 1, POINTS)
        target = np.array(self.target)
        for group, held in enumerate(self.groups):
            rows = (groups == group) & np.isfinite(values)
            if held is None or not rows.any():
                continue
            own, x = np.array(held), values[rows]
            rank = (_rank(own, x, grid, "left") + _rank(own, x, grid, "right")) / 2
            out[rows] = (1 - level) * x + level * np.interp(rank, grid, target)
        return out

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"groups": [None if g is None else list(g) for g in self.groups], "target": list(self.target)}

    @classmethod
    def from_json(cls, raw: Any, many: int) -> Numbers:
        """Read what to_json wrote; ValueError where it is none."""
        try:
            groups = tuple(None if g is None else tuple(map(float, g)) for g in raw["groups"])
            target = tuple(map(float, raw["target"]))
        except (KeyError, TypeError):
            raise ValueError("its quantiles cannot be read") from None
        lists = [target, *(g for g in groups if g is not None)]
        if len(groups) != many or any(
            len(g) != POINTS or not np.isfinite(g).all() or (np.diff(g) < 0).any() for g in lists
        ):
            raise ValueError("its quantiles cannot be read")
        return cls(groups, target)


def _rank(own: Floats, x: Floats, grid: Floats, side: Any) -> Floats:
    """Return where x lies among a group's quantiles: the lower or the upper end of those that are equal to it."""
    at = np.searchsorted(own, x, side=side)
    low, high = np.clip(at - 1, 0, len(own) - 1), np.clip(at, 0, len(own) - 1)
    if side == "left":  # where it equals a quantile, that is its lower end
        exact = own[high] == x
    else:
        exact = own[low] == x
        high = np.where(exact, low, high)
    span = own[high] - own[low]
    part = np.divide(x - own[low], span, out=np.zeros_like(x), where=span > 0)
    out: Floats = np.where(exact, grid[high], grid[low] + np.clip(part, 0, 1) * (grid[high] - grid[low]))
    return out


@dataclass(frozen=True, slots=True)
class Words:
    """A column of texts. values: that it has, the missing one last; shares: of each in each group; target: of all rows."""

    values: tuple[str, ...]
    shares: tuple[tuple[float, ...] | None, ...]
    target: tuple[float, ...]

    @classmethod
    def learnt(cls, codes: Any, values: tuple[str, ...], groups: Any, many: int) -> Words:
        """Return the shares of a column. codes: of values, the greatest for a missing one."""
        size = len(values) + 1
        whole = np.bincount(codes, minlength=size) / max(len(codes), 1)
        held: list[tuple[float, ...] | None] = []
        for group in range(many):
            own = codes[groups == group]
            held.append(
                tuple((np.bincount(own, minlength=size) / len(own)).tolist()) if len(own) >= FEW else None
            )
        return cls(values, tuple(held), tuple(whole.tolist()))

    def repaired(self, codes: Any, groups: Any, level: float, rng: np.random.Generator) -> Any:
        """Return codes with as few changed as brings each group's shares to the target: a value that a group has too much of
        gives way, by lot, to those it has too little of, ``level`` of the way.
        """
        out = codes.copy()
        target = np.array(self.target)
        for group, held in enumerate(self.shares):
            rows = np.flatnonzero((groups == group) & (codes >= 0))
            if held is None or not len(rows) or not level:
                continue
            own = np.array(held)
            lost, gained = np.maximum(own - target, 0), np.maximum(target - own, 0)
            if gained.sum() <= 0:
                continue
            leave = np.divide(level * lost, own, out=np.zeros_like(own), where=own > 0)
            gone = rows[rng.random(len(rows)) < leave[codes[rows]]]
            out[gone] = rng.choice(len(own), len(gone), p=gained / gained.sum())
        return out
