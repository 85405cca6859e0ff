"""LightGBM's model as text: trees whose children lead out of them, and sizes that do not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View

_MOST = 256 << 20
_KEYS = (b"split_feature", b"threshold", b"left_child", b"right_child", b"decision_type")


def examine(view: View, ground: Ground) -> bool:
    """Hold each tree against the number of leaves that it says. Gives False where one lies."""
    if view.size > _MOST:
        return ground.not_understood(view, "it is a LightGBM model of more than 256 MiB")
    head, *trees = bytes(view.data).split(b"\nTree=")
    features = _number(_after(head, b"max_feature_idx"))
    sizes = _after(head, b"tree_sizes").split()
    if sizes and len(sizes) != len(trees):
        return ground.lie(view, f"it says that it has {len(sizes):,} trees, and has {len(trees):,}")
    for number, text in enumerate(trees):
        wrong = _wrong(text.partition(b"\nend of trees")[0], features)
        if wrong:
            return ground.lie(view, f"its tree {number} {wrong}", tree=number)
    return True


def _after(text: bytes, key: bytes) -> bytes:
    at = text.find(b"\n" + key + b"=")
    return text[at + len(key) + 2 :].partition(b"\n")[0] if at >= 0 else b""


def _number(text: bytes) -> int:
    return int(text) if text.strip().isdigit() and len(text) < 12 else -1


def _wrong(text: bytes, features: int) -> str:
    leaves = _number(_after(text, b"num_leaves"))
    if leaves < 1:
        return "does not say how many leaves it has"
    if len(_after(text, b"leaf_value").split()) != leaves:
        return f"says it has {leaves:,} leaves, and has values for others"
    inner = leaves - 1
    if not inner:
        return ""
    for key in _KEYS:
        if len(_after(text, key).split()) != inner:
            return (
                f"says it has {inner:,} splits, and its {key.decode()} are {len(_after(text, key).split()):,}"
            )
    try:
        left = [int(v) for v in _after(text, b"left_child").split()]
        right = [int(v) for v in _after(text, b"right_child").split()]
        split = [int(v) for v in _after(text, b"split_feature").split()]
    except ValueError:
        return "has children that are no numbers"
    for node, pair in enumerate(zip(left, right, strict=True)):
        for child in pair:
            if not (node < child < inner or 0 <= ~child < leaves):
                return f"leads from split {node:,} to {child:,}, of {inner:,}"
    if features >= 0 and any(not 0 <= f <= features for f in split):
        return f"splits by a feature that is not among its {features + 1:,}"
    return ""
