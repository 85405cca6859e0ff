"""Slips planted in made-up tables, and what counts as found and as false."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

NAMES = np.array(
    "Ada Ben Cleo Dan Eva Finn Gita Hugo Ines Jon Kaya Leo Mia Nils Olga Paul Rosa Sam Tara Udo".split(),
    object,
)
CITIES = np.array(
    "Aldorf Bremke Corlin Dunow Elsfeld Farnau Grotz Hamm Ilmen Jorsk Kelm Lauda Morn Nauen Orb Pirk".split(),
    object,
)


@dataclass(frozen=True)
class Plant:
    """One planted rule. kinds: what it may be called. columns: of a dependency or order the last is the target.

    target: the cell that a slip changes. share: of rows that get one. slip: how, else by the column's type.
    """

    kinds: str
    columns: tuple[str, ...]
    target: str
    share: float = 0.01
    slip: Callable[[pd.DataFrame, Any, np.random.Generator], Any] | None = None
    where: Callable[[pd.DataFrame], Any] | None = None


@dataclass
class Planted:
    """A table with slips, the rules they break, and the rows of each."""

    name: str
    frame: pd.DataFrame
    rules: Sequence[Plant]
    rows: list[Any]
    others: dict[str, pd.DataFrame] = field(default_factory=dict)


Domain = Callable[[np.random.Generator, int], tuple[pd.DataFrame, Sequence[Plant]]]


def plant(domain: Domain, seed: int, n: int) -> Planted:
    """Make a domain's table and put slips of each rule into rows of their own, by lot."""
    rng = np.random.default_rng([seed, n])
    frame, rules = domain(rng, n)
    others = frame.attrs.pop("others", {})
    free = np.ones(n, bool)
    rows = []
    for rule in rules:
        able = free if rule.where is None else free & np.asarray(rule.where(frame), bool)
        able &= frame[rule.target].notna().to_numpy() | (rule.slip is not None)
        count = min(int(round(rule.share * n)), int(able.sum()) // 20)
        chosen = (
            np.sort(rng.choice(np.flatnonzero(able), count, replace=False)) if count else np.empty(0, int)
        )
        free[chosen] = False
        if count:
            _slip(frame, rule, chosen, rng)
        rows.append(chosen + 1)
    return Planted(domain.__name__, frame, rules, rows, others)


def _slip(frame: pd.DataFrame, rule: Plant, chosen: Any, rng: np.random.Generator) -> None:
    column = frame[rule.target]
    old = column.to_numpy()[chosen]
    if rule.slip is not None:
        new = rule.slip(frame, chosen, rng)
    elif pd.api.types.is_float_dtype(column):
        digits = max(
            (len(str(v).split(".")[1]) for v in column.dropna().head(50) if "e" not in str(v)), default=1
        )
        new = np.round(old * rng.choice([0.5, 0.9, 1.1, 2.0], len(old)) + 10.0**-digits * 7, digits)
    elif pd.api.types.is_bool_dtype(column):
        new = ~old.astype(bool)
    elif pd.api.types.is_integer_dtype(column) and column.nunique() > 2:
        new = old + rng.integers(1, 9, len(old))
    else:
        kinds = pd.unique(column.dropna())
        new = [rng.choice([k for k in kinds if k != o]) for o in old]
    values = column.to_numpy().copy()
    if isinstance(new, np.ndarray) and values.dtype.kind != "O":
        new = new.astype(values.dtype)
    values[chosen] = new
    frame[rule.target] = values


def matches(rule: dict[str, Any], plant: Plant) -> bool:
    """Whether a reported rule is a planted one: of its kind, and about the same columns.

    Of a dependency the target must be the planted one too.
    """
    if rule["kind"] not in plant.kinds.split("|") or set(rule["columns"]) != set(plant.columns):
        return False
    return rule["kind"] != "dependency" or rule["target"] == plant.columns[-1]
