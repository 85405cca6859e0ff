"""Disparate impact remover (Feldman, Friedler, Moeller, Scheidegger, Venkatasubramanian 2015, "Certifying and removing
disparate impact"): a column's distribution made alike in every group, while ranks within a group stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.errors import BadInput, UsageError
from assay.methods import outcomes
from assay.methods.mitigation.grouping import Grouping

if TYPE_CHECKING:
    import pyarrow as pa

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


class Learnt:
    """Each column's distributions by group, and how far they are to be brought together."""

    def __init__(
        self, grouping: Grouping, numbers: dict[str, Numbers], words: dict[str, Words], level: float
    ) -> None:
        self.grouping, self.numbers, self.words, self.level = grouping, numbers, words, level

    @classmethod
    def of(
        cls, data: pa.Table, grouping: Grouping, names: Sequence[str], texts: Sequence[str], level: float
    ) -> Learnt:
        """Learn of a table."""
        codes, many = grouping.codes(data), len(grouping.names)
        values = outcomes.floats(data, names)
        numbers = {n: Numbers.learnt(values[:, i], codes, many) for i, n in enumerate(names)}
        words = {}
        for name in texts:
            held = _texts(data, name)
            words[name] = Words.learnt(_places(data, name, held), held, codes, many)
        return cls(grouping, numbers, words, level)

    def kept(self, group: int) -> bool:
        """Whether a group's distributions are known."""
        known = [n.groups[group] is not None for n in self.numbers.values()]
        return any(known + [w.shares[group] is not None for w in self.words.values()])

    def applied(
        self, data: pa.Table, codes: Any, level: float, rng: Callable[[str], np.random.Generator]
    ) -> tuple[dict[str, Any], Any, Any]:
        """Return the changed columns, and the numbers before and after."""
        import pyarrow as pa
        import pyarrow.compute as pc

        before = outcomes.floats(data, list(self.numbers))
        after = np.column_stack(
            [n.repaired(before[:, i], codes, level) for i, n in enumerate(self.numbers.values())]
        )
        changed = (
            {n: pa.array(after[:, i], from_pandas=True) for i, n in enumerate(self.numbers)} if level else {}
        )
        for name, words in self.words.items():
            places = words.repaired(_places(data, name, words.values), codes, level, rng(f"impact/{name}"))
            given = data.column(name).combine_chunks().cast(pa.string())
            told = pa.array([*words.values, None], pa.string()).take(pa.array(np.maximum(places, 0)))
            new = pc.if_else(pa.array(places < 0), given, told)
            changed[name] = new.combine_chunks() if isinstance(new, pa.ChunkedArray) else new
        return changed, before, after

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        words = {
            n: {
                "values": list(w.values),
                "shares": [None if s is None else list(s) for s in w.shares],
                "target": list(w.target),
            }
            for n, w in self.words.items()
        }
        numbers = {n: v.to_json() for n, v in self.numbers.items()}
        return {"grouping": self.grouping.to_json(), "level": self.level, "numbers": numbers, "words": words}

    @classmethod
    def read(cls, raw: Any, where: str) -> Learnt:
        """Read what to_json wrote; BadInput where it is none."""
        try:
            grouping, level = Grouping.from_json(raw["grouping"]), float(raw["level"])
            many = len(grouping.names)
            numbers = {str(n): Numbers.from_json(v, many) for n, v in raw["numbers"].items()}
            words = {}
            for name, held in raw["words"].items():
                shares = tuple(None if s is None else tuple(map(float, s)) for s in held["shares"])
                target, values = tuple(map(float, held["target"])), tuple(map(str, held["values"]))
                sizes = {len(s) for s in (target, *shares) if s is not None}
                told = [x for s in (target, *shares) if s is not None for x in s]
                if len(shares) != many or sizes != {len(values) + 1} or not all(0 <= x <= 1 for x in told):
                    raise ValueError("its shares cannot be read")
                words[str(name)] = Words(values, shares, target)
            if not 0 <= level <= 1 or not numbers:
                raise ValueError("its level or its columns cannot be read")
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"this cannot be applied: it lacks {error}", where=where) from None
        except (ValueError, OverflowError) as error:
            raise BadInput(f"this cannot be applied: {error}", where=where) from None
        return cls(grouping, numbers, words, level)


def _texts(data: pa.Table, name: str) -> tuple[str, ...]:
    import pyarrow as pa

    held = data.column(name).cast(pa.string()).unique().drop_null().to_pylist()
    if len(held) > 1000:
        raise UsageError(
            f"{name} has {len(held):,} different texts, and 1,000 are the most that are repaired"
        )
    return tuple(sorted(held))


def _places(data: pa.Table, name: str, values: Sequence[str]) -> Any:
    """Return the place of each row's text among the values; one more where it is missing, -1 where it was never there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = data.column(name).combine_chunks().cast(pa.string())
    at = pc.index_in(texts, value_set=pa.array(list(values), pa.string()))
    found = np.asarray(at.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.where(np.asarray(texts.is_null()), len(values), found)
