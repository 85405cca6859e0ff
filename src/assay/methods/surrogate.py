"""A small tree that answers as a model does, and how well it does so on rows that it has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from assay.methods.effects import floats, number

_MOST_VALUES = 12
_HELD_OUT = 0.3


class Leaf(NamedTuple):
    """When a tree says so, what it says, and its share of the rows."""

    when: str
    says: float
    share: float


class Surrogate(NamedTuple):
    """leaves: the tree in words; fidelity: R² against the model's answers on held-out rows; rows held out."""

    leaves: list[Leaf]
    fidelity: float
    held_out: int


def fitted(table: pa.Table, names: Sequence[str], answers: Any, depth: int, rng: Any) -> Surrogate:
    """Fit a tree of bounded depth to a model's answers, three tenths of the rows held out for its fidelity.

    Text columns are asked by their commonest values. ValueError with fewer than 20 rows.
    """
    from sklearn.tree import DecisionTreeRegressor

    if table.num_rows < 20:
        raise ValueError("a tree is not fitted to fewer than 20 rows")
    matrix, said = _numbers(table, names)
    order = rng.permutation(len(answers))
    cut = int(len(order) * _HELD_OUT)
    test, train = order[:cut], order[cut:]
    tree = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=max(5, len(train) // 200), random_state=0)
    tree.fit(matrix[train], answers[train])
    left = answers[test] - tree.predict(matrix[test])
    spread = float(((answers[test] - answers[test].mean()) ** 2).sum())
    # of answers that are all alike: whole where the tree says so too, and none where it says anything else
    fidelity = 1 - float((left**2).sum()) / spread if spread > 0 else float(not left.any())
    grown = tree.tree_
    leaves = list(
        spoken(
            grown.children_left,
            grown.children_right,
            grown.feature,
            grown.threshold,
            grown.weighted_n_node_samples,
            grown.value[:, 0, 0],
            said,
            depth,
        )
    )
    return Surrogate(leaves, fidelity, cut)


def _numbers(table: pa.Table, names: Sequence[str]) -> tuple[Any, list[tuple[str, str | None]]]:
    """Return rows × numbers, and what each column of it is: a column, or one value of it."""
    columns: list[Any] = []
    said: list[tuple[str, str | None]] = []
    for name in names:
        column = table.column(name)
        if number(column) or pa.types.is_boolean(column.type):
            columns.append(floats(column))
            said.append((name, None))
            continue
        texts = np.array([str(v) for v in column.to_pylist()], dtype=object)
        held, count = np.unique(texts.astype(str), return_counts=True)
        for value in held[np.argsort(-count, kind="stable")][:_MOST_VALUES]:
            columns.append((texts == value).astype(float))
            said.append((name, str(value)))
    return np.column_stack(columns), said


def spoken(
    left: Any,
    right: Any,
    feature: Any,
    threshold: Any,
    cover: Any,
    value: Any,
    said: Sequence[tuple[str, str | None]],
    depth: int,
) -> Iterator[Leaf]:
    """Give a tree's leaves in words, from left to right, down to a depth: below it a branch's own value stands for it.

    said: what each feature is: (column, None), or (column, the value that a 1 stands for).
    """
    whole = float(cover[0]) or 1.0

    def walk(node: int, path: tuple[tuple[int, bool, float], ...]) -> Iterator[Leaf]:
        if left[node] < 0 or len(path) >= depth:
            yield Leaf(_words(path, said), float(value[node]), float(cover[node]) / whole)
            return
        at = int(feature[node])
        yield from walk(int(left[node]), (*path, (at, True, float(threshold[node]))))
        yield from walk(int(right[node]), (*path, (at, False, float(threshold[node]))))

    yield from walk(0, ())


def _words(path: Sequence[tuple[int, bool, float]], said: Sequence[tuple[str, str | None]]) -> str:
    """Say a path: of several bounds of one column only the narrowest, of its values only the one that it is."""
    bounds: dict[int, list[float | None]] = {}
    for at, below, threshold in path:
        held = bounds.setdefault(at, [None, None])
        if below:
            held[1] = threshold if held[1] is None else min(held[1], threshold)
        else:
            held[0] = threshold if held[0] is None else max(held[0], threshold)
    is_ = {said[at][0] for at, held in bounds.items() if said[at][1] is not None and held[0] is not None}
    out = []
    for at, (low, high) in bounds.items():
        name, value = said[at]
        if value is not None:
            if low is not None:
                out.append(f"{name} is {value}")
            elif name not in is_:
                out.append(f"{name} is not {value}")
        elif low is None:
            out.append(f"{name} ≤ {high:.4g}")
        elif high is None:
            out.append(f"{name} > {low:.4g}")
        else:
            out.append(f"{low:.4g} < {name} ≤ {high:.4g}")
    return ", ".join(out) or "always"
