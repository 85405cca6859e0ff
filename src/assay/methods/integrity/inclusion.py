"""Columns whose every value stands in a key of another table, or of their own: orders.customer_id in customers.id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.integrity.column import Sampled, words
from assay.methods.integrity.rule import Rule, surprise

LEAST_ROWS = 50
MOST_BROKEN = 0.05
LEAST_UNIQUE = 0.97  # what is referred to is different in nearly every row
LEAST_BITS = 60.0
LEAST_DISTINCT = 5
KEY_WORDS = frozenset(
    {"id", "key", "code", "no", "nr", "number", "num", "uuid", "guid", "ref", "fk", "pk", "name"}
)
# what a column of a table calls another row of the same table
SELF_WORDS = frozenset(
    {
        "parent",
        "manager",
        "supervisor",
        "boss",
        "superior",
        "reports",
        "previous",
        "prev",
        "next",
        "mentor",
        "root",
    }
    | {"referrer", "referred", "replaces", "replaced", "predecessor", "successor"}
)
NAMED_CHANCE = 0.5  # what names say is worth: a miss one time in two, were the values of another kind


@dataclass(frozen=True)
class Referred:
    """A key that may be referred to: its table's name, empty for the table's own; its column; and its values, each once."""

    table: str
    column: str
    type: str
    values: pa.Array

    @property
    def shown(self) -> str:
        """Return how a person names it."""
        return f"{self.table}.{self.column}" if self.table else self.column


def unique(column: Sampled) -> bool:
    """Return whether a column of a sample may be a key that others refer to."""
    known = int((column.codes >= 0).sum())
    return column.type in ("integer", "text") and known >= 2 and column.distinct >= LEAST_UNIQUE * known


def own(columns: Sequence[Sampled]) -> list[str]:
    """Return the keys of a sample that another of its columns may refer to: some of its values are among the key's."""
    able = [c for c in columns if c.type in ("integer", "text") and c.distinct >= 2]
    out = []
    for key in able:
        if unique(key):
            itself = Referred("", key.name, key.type, _distinct(key))
            others = (_distinct(c) for c in able if c is not key and c.type == key.type)
            if any((pc.sum(inside(o, itself)).as_py() or 0) >= 2 for o in others):
                out.append(key.name)
    return out


def find(columns: Sequence[Sampled], keys: Sequence[Referred]) -> Iterator[Rule]:
    """Give, for each column of a sample, the key of which it holds the values in nearly every row.

    How surprising that is: by how much of the numbers between its least and its greatest the key holds, for a small range of whole
    numbers lies in any long enough key by chance; then the names must agree. Of text, by how much of all other text in
    the columns stands in the key too.
    """
    for column in columns:
        if column.type not in ("integer", "text") or column.distinct < 2:
            continue
        best: tuple[float, Rule] | None = None
        for key in keys:
            if not key.table and key.column == column.name:
                continue
            rule = _judge(column, key, columns)
            if rule and (best is None or rule.bits + 1e6 * akin(column.name, key) > best[0]):
                best = rule.bits + 1e6 * akin(column.name, key), rule
        if best:
            yield best[1]


def akin(name: str, key: Referred) -> bool:
    """Return whether the names agree: ``customer_id`` with ``customers.id`` or ``customers.customer_id``."""
    mine = {_stem(w) for w in words(name)}
    theirs = {_stem(w) for w in words(key.column)}
    table = {_stem(w) for w in words(key.table)}
    telling = theirs - KEY_WORDS
    if not key.table:
        return bool(set(words(name)) & SELF_WORDS)
    if telling:
        return telling <= mine or (bool(mine - KEY_WORDS) and mine - KEY_WORDS <= telling)
    return bool(table and table <= mine) or bool(table & (mine - KEY_WORDS))


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def inside(array: Any, key: Referred) -> Any:
    """Return for each value whether the key holds it, null for null; a whole number is the text of its digits."""
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    values = key.values
    if array.type != values.type:
        array, values = plain(array), plain(values)
    found = pc.is_in(array, value_set=values)
    return pc.if_else(pc.is_valid(array), found, pa.scalar(None, pa.bool_()))


def _distinct(column: Sampled) -> Any:
    """Return a column's values, each once, in the type of the column: of 64 bits the greatest are no signed number."""
    kind = column.array.type
    return pa.array(column.values, kind.value_type if pa.types.is_dictionary(kind) else kind)


def plain(array: Any) -> Any:
    """Return values in the one type in which they can be compared: text."""
    return array.cast(pa.string()) if not pa.types.is_string(array.type) else array


def _judge(column: Sampled, key: Referred, columns: Sequence[Sampled]) -> Rule | None:
    support = int((column.codes >= 0).sum())
    if support < LEAST_ROWS or not len(key.values):
        return None
    distinct = _distinct(column)
    held = inside(distinct, key).to_numpy(zero_copy_only=False).astype(bool)
    broken = int(column.counts[~held].sum())
    if broken > MOST_BROKEN * support or held.sum() < 2:
        return None
    named = akin(column.name, key)
    miss = _miss(column, key, columns, held)
    if not named:
        # rows repeat values, and a few values that lie in a key by chance do so in every row
        bits = surprise(int(held.sum() + (~held).sum()), int((~held).sum()), miss)
        if held.sum() < LEAST_DISTINCT or miss < 0.3 or bits < LEAST_BITS:
            return None
    elif column.type != key.type and held.mean() < 0.5:
        return None
    chance = max(miss, NAMED_CHANCE) if named else miss
    shown = f"{column.name} is one of {key.shown}"
    return Rule(
        "inclusion", column.name, (), "", shown, support, broken, surprise(support, broken, chance), inside=(key.table, key.column)
    )  # fmt: skip


def _miss(column: Sampled, key: Referred, columns: Sequence[Sampled], held: Any) -> float:
    """Return how often a value of the column's kind is not in the key, by chance."""
    if column.type == "integer" and key.type == "integer":
        low, high = np.quantile(np.array(column.values, float)[held], [0.0, 1.0])
        keys = key.values.to_numpy(zero_copy_only=False).astype(float)
        there = int(((keys >= low) & (keys <= high)).sum())
        return max(0.0, 1 - there / max(1.0, float(high - low) + 1))
    misses = [
        1
        - float(np.mean(inside(pa.array(c.values[:5_000]), key).to_numpy(zero_copy_only=False).astype(bool)))
        for c in columns
        if c.type == "text" and c is not column and c.distinct >= 2
    ]
    return min(0.95, float(np.mean(misses)) if misses else 0.9)
