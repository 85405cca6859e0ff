"""JSON: XGBoost's model, configurations, and what in them makes a loader run code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

LIMIT = 64 << 20
_XGBOOST = (b'{"learner"', b'{"version"', b'{"Config"')


def sniff(view: View) -> bool:
    """Text that begins with a brace or a bracket and ends with its counterpart."""
    head = view.head.lstrip(b"\xef\xbb\xbf \r\n\t")
    tail = bytes(view.data[-64:]).rstrip()
    return head[:1] + tail[-1:] in (b"{}", b"[]") and b"\0" not in view.head


def examine(view: View, ground: Ground) -> bool:
    """Look for layers and classes that run code when the configuration is loaded."""
    from assay.checks.model.scan import _skops

    if view.size > LIMIT:
        return _large(view, ground)
    try:
        tree = json.loads(bytes(view.data))
    except (ValueError, RecursionError) as error:
        if view.name.endswith((".json", ".ubj")):
            return ground.not_understood(view, f"it is no valid JSON ({ascii(str(error))[:80]})")
        return True  # JSON lines and other text: the text format has read it
    good = True
    if isinstance(tree, dict) and "__loader__" in tree:
        good = _skops.examine(tree, view, ground)
    for node in _nodes(tree):
        _keras(node, view, ground)
        _auto_map(node, view, ground)
    return good


def _large(view: View, ground: Ground) -> bool:
    head = bytes(view.data[:64]).replace(b" ", b"").replace(b"\n", b"")
    if head.startswith(_XGBOOST) and all(
        view.data.find(word) < 0 for word in (b"class_name", b"auto_map", b"__loader__", b"\\u")
    ):
        return True
    return ground.not_understood(view, "it is JSON of more than 64 MiB, and not XGBoost's")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            yield node
            todo.extend(v for v in node.values() if isinstance(v, (dict, list)))
        elif isinstance(node, list):
            todo.extend(v for v in node if isinstance(v, (dict, list)))


def _keras(node: dict[str, Any], view: View, ground: Ground) -> None:
    if node.get("class_name") in ("Lambda", "__lambda__", "TFSMLayer", "TFOpLambda"):
        kind = node["class_name"]
        ground.find(
            "keras_code",
            Severity.CRITICAL if kind in ("Lambda", "__lambda__") else Severity.HIGH,
            f"{view.place} holds a Keras {kind} layer, which carries code that runs when the model is used.",
            view,
            remedy="ask for the model without such layers",
            refs=("CWE-94",),
        )


def _auto_map(node: dict[str, Any], view: View, ground: Ground) -> None:
    if isinstance(node.get("auto_map"), dict) and node["auto_map"]:
        names = ascii(sorted(str(v) for v in node["auto_map"].values())[0])[1:-1][:100]
        ground.find(
            "remote_code",
            Severity.HIGH,
            f"{view.place} names code of its own to be imported (auto_map: {names}) where remote code is trusted.",
            view,
            remedy="read that code, and load without trust_remote_code",
            refs=("CWE-94",),
        )
