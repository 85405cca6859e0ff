"""Which columns together single rows out: the smallest sets, searched level by level within a bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from assay.methods.anonymity.classes import Ints, combined
from assay.methods.integrity.column import words

IDENTIFIES = 0.95  # from this share of rows alone in it on, a column names rows by itself
# Words of the names of columns that others know of a person: what registers, neighbours and social networks tell.
KNOWN = frozenset(
    [
        "age",
        "ages",
        "birth",
        "birthday",
        "birthdate",
        "dob",
        "born",
        "sex",
        "gender",
        "race",
        "ethnicity",
        "ethnic",
        "nationality",
        "citizenship",
        "country",
        "native",
        "zip",
        "zipcode",
        "postcode",
        "postal",
        "plz",
        "city",
        "town",
        "village",
        "state",
        "region",
        "province",
        "county",
        "district",
        "area",
        "neighborhood",
        "neighbourhood",
        "address",
        "street",
        "latitude",
        "longitude",
        "lat",
        "lon",
        "marital",
        "married",
        "relationship",
        "household",
        "family",
        "children",
        "dependents",
        "religion",
        "occupation",
        "job",
        "profession",
        "employer",
        "workclass",
        "industry",
        "education",
        "degree",
        "school",
        "university",
        "language",
        "height",
        "weight",
        "blood",
        "admission",
        "discharge",
        "hospital",
        "car",
        "vehicle",
    ]
)


@dataclass(frozen=True)
class Chosen:
    """Columns, the share of rows that are alone in them, of different classes among the rows, and of pairs told apart.

    distinction and separation: Motwani and Xu 2007.
    """

    columns: tuple[str, ...]
    unique: float
    distinction: float
    separation: float


def of_sizes(columns: tuple[str, ...], sizes: Ints) -> Chosen:
    """Return what classes of these sizes say of their columns."""
    n = int(sizes.sum())
    same = float(np.sum(sizes.astype(float) * (sizes - 1)))
    pairs = n * (n - 1.0)
    unique = float((sizes == 1).sum()) / n if n else 0.0
    return Chosen(columns, unique, len(sizes) / n if n else 0.0, 1 - same / pairs if pairs else 0.0)


def known_to_others(name: str) -> bool:
    """Whether a column's name says that others know it of a person."""
    return any(re.sub(r"s$", "", w) in KNOWN or w in KNOWN for w in words(name))


def search(
    names: Sequence[str],
    codes: Sequence[Ints],
    share: float,
    deepest: int,
    effort: int,
    tick: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[list[Chosen], bool]:
    """Return the minimal sets of up to ``deepest`` columns in which at least ``share`` of the rows are alone.

    codes: each column's values as numbers. No superset of a set found is tried. At most ``effort`` cells are looked at, the
    columns with most different values first; the second value says whether every set was tried.
    """
    rows = len(codes[0]) if codes else 0
    order = sorted(range(len(names)), key=lambda i: -int(codes[i].max(initial=0)))
    found: list[Chosen] = []
    minimal: list[frozenset[int]] = []
    keys: dict[tuple[int, ...], Ints] = {}
    spent, whole = 0, True
    for depth in range(1, deepest + 1):
        fresh: dict[tuple[int, ...], Ints] = {}
        for chosen in combinations(order, depth):
            if any(m <= set(chosen) for m in minimal):
                continue
            if spent + rows > effort:
                whole = False
                break
            spent += rows
            tick(spent, effort)
            base = keys.get(chosen[:-1])
            width = int(codes[chosen[-1]].max(initial=0)) + 1
            key = combined([codes[i] for i in chosen]) if base is None else base * width + codes[chosen[-1]]
            _, inverse, sizes = np.unique(key, return_inverse=True, return_counts=True)
            made = of_sizes(tuple(names[i] for i in sorted(chosen)), sizes)
            if made.unique >= share:
                minimal.append(frozenset(chosen))
                found.append(made)
            elif len(fresh) * rows < 50_000_000:
                fresh[chosen] = inverse.astype(np.int64)
        keys = fresh
    return sorted(found, key=lambda s: (len(s.columns), -s.unique)), whole
