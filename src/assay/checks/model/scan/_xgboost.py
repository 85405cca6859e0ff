"""XGBoost's trees in JSON: an index that leads out of its tree makes a reader read past it, or walk for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View

_LEAF = -1


def examine(tree: dict[str, Any], view: View, ground: Ground) -> bool:
    """Hold each tree against its own counts. Gives False where one lies."""
    for number, one in enumerate(_trees(tree)):
        what = wrong(one)
        if what:
            return ground.lie(view, f"its tree {number} {what}", tree=number)
    return True


def _trees(tree: Any) -> Iterator[dict[str, Any]]:
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if "left_children" in node and "tree_param" in node:
                yield node
            else:
                todo.extend(v for v in node.values() if isinstance(v, (dict, list)))
        elif isinstance(node, list):
            todo.extend(reversed([v for v in node if isinstance(v, (dict, list))]))


def wrong(one: dict[str, Any]) -> str:
    """Return what does not hold of a tree, or the empty string."""
    try:
        count = int(one["tree_param"]["num_nodes"])
        features = int(one["tree_param"].get("num_feature", 0))
    except (KeyError, TypeError, ValueError, AttributeError):
        return "does not say how many nodes it has"
    left, right = one.get("left_children"), one.get("right_children")
    if (
        not isinstance(left, list)
        or not isinstance(right, list)
        or not all(type(n) is int for n in (*left, *right))
    ):
        return "has children that are no numbers"
    for key in (
        "left_children",
        "right_children",
        "split_indices",
        "split_conditions",
        "default_left",
        "base_weights",
    ):
        held = one.get(key, [])
        if isinstance(held, list) and key in one and len(held) < count:
            return f"says it has {count:,} nodes, and its {key} are {len(held):,}"
    parents = 0
    for node, pair in enumerate(zip(left[:count], right[:count], strict=True)):
        if pair[0] == _LEAF:  # the right one of a leaf of several outputs is where its numbers stand
            continue
        for child in pair:
            if child != _LEAF and not node < child < count:
                return f"leads from node {node:,} to {child:,}, of {count:,}"
            parents += child != _LEAF
    if parents >= max(1, count):
        return "has nodes with several parents"
    indices = one.get("split_indices", [])
    if features and any(
        type(i) is int and i >= features for i, n in zip(indices, left, strict=False) if n != _LEAF
    ):
        return f"splits by a feature that is not among its {features:,}"
    return ""
