"""Hyperparameters to choose among: values, ranges, all their combinations, draws by lot, and which trial is given up.

A space is name → values, ``[2, 4, 6]`` or ``2,4,6``, or a range, ``{from: 0.01, to: 0.5, log: true}`` (whole numbers where
both ends are). The median rule gives a trial up whose mean so far is worse than the median of the earlier trials' means
after as many folds (Golovin et al. 2017, Google Vizier, section 3.1).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeGuard

from assay.kernel.errors import UsageError
from assay.methods.headline import ERRORS
from assay.methods.nearest import did_you_mean

WAYS = ("grid", "random", "bayes")
MOST_COMBINATIONS = 64  # that nested folds try, each of them many times
MOST_TRIALS = 1_000
_PARTS = ("trials", "metric", "label", "positive", "goal", "on", "folds", "prune", "minutes")
_RANGE = ("from", "to", "log", "step")
_BEFORE = 4  # finished trials before any is given up


def listed(name: str, values: Any, option: str) -> tuple[Any, ...]:
    """Return the values of one hyperparameter, given as a list or as ``1,2,4``; UsageError for fewer than two."""
    if isinstance(values, str):
        parts: list[Any] = []
        for part in values.split(","):
            try:
                parts.append(json.loads(part))
            except ValueError:
                parts.append(part.strip())
        values = parts
    found = tuple(values) if isinstance(values, (list, tuple)) else (values,)
    if len(found) < 2 or any(isinstance(v, (list, dict)) for v in found):
        raise UsageError(
            f"{name} has no two values to choose from", where=option, remedy=f"write {name}=1,2,4"
        )
    return found


def combinations(
    space: Mapping[str, Any], option: str, most: int = MOST_COMBINATIONS
) -> tuple[dict[str, Any], ...]:
    """Return every combination of the values, in the order they are written; UsageError for more than ``most``."""
    values = {name: listed(name, given, option) for name, given in space.items()}
    many = math.prod(len(v) for v in values.values())
    if many > most:
        raise UsageError(f"{option} has {many} combinations, and at most {most} are tried")
    return tuple(dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))


def combination(space: Mapping[str, Sequence[Any]], place: int) -> dict[str, Any]:
    """Return the combination at a place, from 0, of all that ``combinations`` gives, without the others."""
    found: dict[str, Any] = {}
    for name in reversed(list(space)):
        place, at = divmod(place, len(space[name]))
        found[name] = space[name][at]
    return {name: found[name] for name in space}


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``, both in it. whole: only whole ones. log: even in their logarithms."""

    low: float
    high: float
    whole: bool
    log: bool = False
    step: float | None = None

    def at(self, part: float) -> float | int:
        """Return the number that lies at a part, 0 to 1, of the range."""
        if self.log:
            low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
            value = math.exp(math.log(low) + part * (math.log(high) - math.log(low)))
        elif self.step is not None:
            many = math.floor((self.high - self.low) / self.step + 1e-9) + 1
            value = self.low + min(int(part * many), many - 1) * self.step
        elif self.whole:
            value = self.low + min(int(part * (self.high - self.low + 1)), int(self.high - self.low))
        else:
            value = self.low + part * (self.high - self.low)
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value

    def is_end(self, value: float) -> bool:
        """Whether a number lies within a hundredth of the range of one of its ends, in logarithms where it is even in those."""
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return min(at - low, high - at) <= 0.01 * (high - low)


Choice = tuple[Any, ...] | Range


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a sweep is told. on: the channel that trials are judged on; "": rows of the first are held out, ``folds`` times.

    metric: "" for the one that stands for the model. goal: minimize, maximize, or "" where the metric says it.
    """

    way: str
    space: Mapping[str, Choice]
    trials: int
    metric: str
    label: str
    positive: str = ""
    goal: str = ""
    on: str = ""
    folds: int = 3
    prune: bool = False
    minutes: float = 60.0

    def lower(self, metric: str) -> bool:
        """Whether less of a metric is better."""
        return self.goal == "minimize" or (not self.goal and metric in ERRORS)


def read(given: Mapping[str, Any], channels: Sequence[str] = ()) -> Tuning:
    """Return what ``tune:`` says; UsageError for what it cannot say. channels: those that the step has."""
    ways = [w for w in WAYS if w in given]
    if len(ways) != 1:
        raise UsageError(
            "tune says " + (" and ".join(ways) if ways else "none of grid, random, bayes"),
            remedy="say one, such as grid: {max_depth: [2, 4, 6]}",
        )
    for key in given:
        if key not in (*_PARTS, *WAYS):
            raise UsageError(f"tune takes no {key!r}", remedy=did_you_mean(str(key), (*_PARTS, *WAYS)))
    way = ways[0]
    space = _space(way, given[way])
    size = math.prod(len(v) for v in space.values() if isinstance(v, tuple))
    if way == "grid" and "trials" not in given and size > MOST_TRIALS:
        raise UsageError(
            f"the grid has {size:,} combinations", remedy=f"say trials: up to {MOST_TRIALS:,}, drawn by lot"
        )
    usual = size if way == "grid" else 20
    trials = min(_whole(given, "trials", usual, 1, MOST_TRIALS), usual if way == "grid" else MOST_TRIALS)
    if not given.get("label"):
        raise UsageError("tune needs `label`, the column that holds the truth")
    on, goal = str(given.get("on") or ""), str(given.get("goal") or "")
    if on and channels and on not in channels:
        raise UsageError(f"there is no channel {on!r} to judge on", remedy=did_you_mean(on, channels))
    if goal and goal not in ("minimize", "maximize"):
        raise UsageError(f"goal cannot be {goal!r}", remedy="minimize or maximize")
    prune = given.get("prune", False)
    if not isinstance(prune, bool):
        raise UsageError("prune is true or false")
    if prune and on:
        raise UsageError(
            "a trial that is judged once cannot be given up half-way", remedy="leave `on` or `prune` out"
        )
    minutes = given.get("minutes", 60)
    if isinstance(minutes, bool) or not isinstance(minutes, (int, float)) or not 0 < minutes <= 100_000:
        raise UsageError("minutes takes a number above 0")
    return Tuning(
        way,
        space,
        trials,
        str(given.get("metric") or ""),
        str(given["label"]),
        str(given["positive"]) if "positive" in given else "",
        goal,
        on,
        _whole(given, "folds", 3, 1, 20),
        prune,
        float(minutes),
    )


def _whole(given: Mapping[str, Any], name: str, usual: int, low: int, high: int) -> int:
    value = given.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UsageError(f"{name} takes a whole number from {low} to {high:,}")
    return value


def _space(way: str, given: Any) -> dict[str, Choice]:
    if not isinstance(given, Mapping) or not given:
        raise UsageError(
            f"{way} needs hyperparameters and their values", remedy=f"{way}: {{max_depth: [2, 4, 6]}}"
        )
    if len(given) > 100:
        raise UsageError("at most 100 hyperparameters are chosen at once")
    out: dict[str, Choice] = {}
    for name, values in given.items():
        out[str(name)] = (
            _range(str(name), values) if isinstance(values, Mapping) else listed(str(name), values, way)
        )
        if way == "grid" and isinstance(out[str(name)], Range):
            raise UsageError(
                f"a grid needs the values of {name} themselves", remedy=f"{name}: [2, 4, 6], or random:"
            )
    return out


def _range(name: str, given: Mapping[str, Any]) -> Range:
    for key in given:
        if key not in _RANGE:
            raise UsageError(f"the range of {name} takes no {key!r}", remedy=did_you_mean(str(key), _RANGE))
    low, high, log, step = given.get("from"), given.get("to"), given.get("log", False), given.get("step")
    if not _number(low) or not _number(high) or not low < high:
        raise UsageError(
            f"the range of {name} goes from one number up to another", remedy=f"{name}: {{from: 1, to: 8}}"
        )
    if not isinstance(log, bool) or (log and (low <= 0 or step is not None)):
        raise UsageError(f"log of {name} is true or false, of numbers above 0, without a step")
    if step is not None and (not _number(step) or not 0 < step <= high - low):
        raise UsageError(f"the step of {name} is a number above 0 that fits the range")
    whole = all(isinstance(v, int) for v in (low, high, 1 if step is None else step))
    return Range(float(low), float(high), whole, log, None if step is None else float(step))


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def drawn(space: Mapping[str, Choice], lot: Any) -> dict[str, Any]:
    """Return hyperparameters drawn by lot. lot: a NumPy generator."""
    out: dict[str, Any] = {}
    for name, choice in space.items():
        part = float(lot.random())
        out[name] = (
            choice.at(part)
            if isinstance(choice, Range)
            else choice[min(int(part * len(choice)), len(choice) - 1)]
        )
    return out


def hopeless(so_far: Sequence[float], earlier: Sequence[Sequence[float]], *, lower: bool) -> bool:
    """Whether a trial is given up by the median rule. so_far: its scores; earlier: those of finished trials, fold by fold."""
    many = len(so_far)
    means = sorted(sum(s[:many]) / many for s in earlier if len(s) >= many > 0)
    if len(means) < _BEFORE:
        return False
    middle = (means[(len(means) - 1) // 2] + means[len(means) // 2]) / 2
    mean = sum(so_far) / many
    return mean > middle if lower else mean < middle
