"""skops' schema.json: the types it would build, held against the same allow-list as a pickle's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.model.scan import _callables
from assay.checks.model.scan._names import readable

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View

# Nodes whose content is data whatever class they name.
_DATA = frozenset({"JsonNode", "NdArrayNode"})
_REACHING = frozenset({"MethodNode", "OperatorFuncNode", "ReduceNode"})


def examine(tree: dict[str, Any], view: View, ground: Ground) -> bool:
    """Note each type that is not known to be harmless. Gives True: the schema is read to its end."""
    todo: list[Any] = [tree]
    told: set[tuple[str, str, str]] = set()
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if "__loader__" in node:
                _node(node, view, ground, told)
            todo.extend(v for v in node.values() if isinstance(v, (dict, list)))
        elif isinstance(node, list):
            todo.extend(v for v in node if isinstance(v, (dict, list)))
    return True


def _node(node: dict[str, Any], view: View, ground: Ground, told: set[tuple[str, str, str]]) -> None:
    loader = str(node["__loader__"])
    module, name = str(node.get("__module__", "")), str(node.get("__class__", ""))
    if (module, name, loader) in told or (loader in _DATA and module in ("builtins", "numpy")):
        return
    told.add((module, name, loader))
    judged = ground.names.judge(module, name)
    if judged.allowed and loader not in _REACHING:
        return
    full = readable(f"{module}.{name}")
    does = f"would build {full} by a {readable(loader)} when loaded"
    _callables.tell(full, does, judged.what, view, ground)
