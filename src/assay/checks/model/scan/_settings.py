"""Configurations (JSON, YAML) that make the loader of a model import, fetch or render something.

Hugging Face: ``auto_map``, custom pipelines, chat templates, sentence-transformers' modules; Hydra's ``_target_``;
jsonpickle's ``py/…``; LangChain's constructors; MXNet's custom operators; Core ML's manifest; .NET's and Java's types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan import _callables, _template
from assay.checks.model.scan._names import leaves, readable
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_PIPES = ("diffusers", "transformers", "onnxruntime", "flax", "torch", "null")
_SENTENCE = ("sentence_transformers.", "pylate.", "model2vec.")
_OWN_TARGETS = re.compile(r"(?:torch\.(?:nn|optim)|torchvision\.(?:models|transforms)|sklearn|transformers|diffusers|lightning|pytorch_lightning|torchmetrics|nemo\.collections|keras|builtins\.(?:dict|list|tuple|set|int|float|str|bool)$)(?:\.|$)")  # fmt: skip
_OWN_BASES = re.compile(
    r"(?:transformers|diffusers|sentence_transformers|timm|torch|torchvision|peft|__main__)(?:\.|$)"
)
_DOTNET = re.compile(
    r"System\.(?:Diagnostics|Windows\.Data|Configuration\.Install|Activities|Management)\b|ObjectDataProvider",
    re.IGNORECASE,
)
_JAVA = re.compile(
    r"(?:com\.sun\.rowset\.|javax\.script\.|org\.apache\.xalan|java\.lang\.(?:ProcessBuilder|Runtime)|java\.net\.URLClassLoader)"
)
_MOST = 2_000_000


def examine(tree: Any, view: View, ground: Ground) -> bool:
    """Judge every node. Gives whether all could be read."""
    good = True
    for node in _nodes(tree):
        for rule in _RULES:
            good = rule(node, view, ground) is not False and good
    if isinstance(tree, list):
        _sentence(tree, view, ground)
    return good


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    todo: list[Any] = [tree]
    seen: set[int] = set()  # an alias of YAML is followed once
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if len(seen) > _MOST:
            raise ValueError("it holds too much to follow")
        if isinstance(node, dict):
            yield node
            todo.extend(v for v in node.values() if isinstance(v, (dict, list)))
        elif isinstance(node, list):
            todo.extend(v for v in node if isinstance(v, (dict, list)))


def _remote(view: View, ground: Ground, said: str, **where: Any) -> None:
    ground.find(
        "remote_code", Severity.HIGH, f"{view.place} {said}.", view,
        remedy="read that code, and load without trust_remote_code", refs=("CWE-94",), **where,
    )  # fmt: skip


def _auto_map(node: dict[str, Any], view: View, ground: Ground) -> None:
    held = node.get("auto_map")
    if isinstance(held, (dict, str)) and held:
        values = sorted(str(v) for v in held.values()) if isinstance(held, dict) else [held]
        _remote(view, ground, f"names code of its own to be imported (auto_map: {readable(values[0])[:100]}) where remote code is trusted")  # fmt: skip
    if node.get("trust_remote_code") is True:
        _remote(view, ground, "asks for code of its own to be trusted (trust_remote_code: true)")
    pipes = node.get("custom_pipelines")
    if isinstance(pipes, dict) and pipes:
        first = next(iter(pipes.values()))
        code = first.get("impl") if isinstance(first, dict) else first
        _remote(
            view,
            ground,
            f"names code of its own for a pipeline (custom_pipelines: {readable(str(code))[:100]})",
        )


def _adapter(node: dict[str, Any], view: View, ground: Ground) -> None:
    """PEFT's: the module that its base model's class is imported from, whatever it is."""
    held = node.get("auto_mapping")
    module = held.get("parent_library") if isinstance(held, dict) else None
    if isinstance(module, str) and module and not _OWN_BASES.match(module):
        _remote(view, ground, f"has its base model's class imported from {readable(module)[:100]} (auto_mapping), code of its own or of a library it names")  # fmt: skip


def _diffusers(node: dict[str, Any], view: View, ground: Ground) -> None:
    name = node.get("_class_name")
    if isinstance(name, list) and len(name) == 2:
        _remote(
            view,
            ground,
            f"names code of its own as its pipeline ({readable('.'.join(map(str, name)))[:100]})",
        )
    if not isinstance(name, str) or "_diffusers_version" not in node:
        return
    for key, value in node.items():
        if isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value):
            library = value[0]
            if library.split(".")[0] not in _PIPES and library != name.lower():
                _remote(view, ground, f"has its {readable(key)[:40]} imported from {readable(library)[:80]}, code of its own or of a library it names")  # fmt: skip


def _templates(node: dict[str, Any], view: View, ground: Ground) -> bool:
    good = True
    for key, value in node.items():
        if isinstance(key, str) and (
            "chat_template" in key or key in ("prompt_template", "template", "jinja_template")
        ):
            if isinstance(value, str) and "{" in value:
                good = _template.judge(value, view, ground, key) and good
            elif isinstance(value, dict):
                for name, text in value.items():
                    if isinstance(text, str) and "{" in text:
                        good = _template.judge(text, view, ground, f"{key}.{name}") and good
    return good


def _target(node: dict[str, Any], view: View, ground: Ground) -> None:
    """Hydra's, and those of libraries that took it over: imported, and called with the other keys."""
    name = node.get("_target_")
    if not isinstance(name, str) or not _DOTTED.fullmatch(name):
        return
    _imported(name, "_target_", view, ground, own=bool(_OWN_TARGETS.match(name)))


def _jsonpickle(node: dict[str, Any], view: View, ground: Ground) -> None:
    for key in ("py/object", "py/type", "py/function", "py/mod", "py/newargs", "py/reduce", "py/repr"):
        value = node.get(key)
        if value is None:
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            continue  # its first is a node of its own, which says what it is
        if isinstance(value, str):
            name = value.replace("/", ".") if key == "py/repr" else value
            _imported(name, key, view, ground, own=False)


def _langchain(node: dict[str, Any], view: View, ground: Ground) -> None:
    if node.get("lc") == 1 and node.get("type") == "constructor" and isinstance(node.get("id"), list):
        name = ".".join(map(str, node["id"]))
        if not name.startswith(("langchain", "langgraph")):
            _imported(name, "lc", view, ground, own=False)


def _imported(name: str, key: str, view: View, ground: Ground, *, own: bool) -> None:
    module, _, leaf = name.rpartition(".")
    judged = ground.names.judge(module, leaf)
    if judged.allowed or (own and judged.level != "danger"):
        return
    full = readable(name)[:150]
    does = f"would import {full} by its key {key} when loaded"
    _callables.tell(full, does, judged.what, view, ground, refs=("CWE-502", "CWE-470"))


def _foreign(node: dict[str, Any], view: View, ground: Ground) -> None:
    """Types that readers of other languages build."""
    for key in ("$type", "@type", "@class", "__type"):
        value = node.get(key)
        if isinstance(value, str) and (_DOTNET.search(value) or _JAVA.search(value)):
            does = f"would have a reader build {readable(value)[:120]} by its key {key}"
            _callables.tell(readable(value)[:120], does, "runs code", view, ground)


def _mxnet(node: dict[str, Any], view: View, ground: Ground) -> None:
    if not {"nodes", "arg_nodes", "heads"} <= node.keys() or not isinstance(node["nodes"], list):
        return
    for item in node["nodes"]:
        if isinstance(item, dict) and item.get("op") in ("Custom", "_Native", "_NDArray", "_CustomFunction"):
            attributes = item.get("attrs") or item.get("attr") or item.get("param") or {}
            kind = attributes.get("op_type", "") if isinstance(attributes, dict) else ""
            ground.find(
                "custom_operator", Severity.HIGH,
                f"{view.place} calls MXNet's {item['op']} operator {readable(str(kind))[:80]!r}, Python code that whoever loads it must hold.",
                view, remedy="load it only with an operator whose code you have read", refs=("CWE-829",),
                operator=readable(str(kind))[:80],
            )  # fmt: skip


def _manifest(node: dict[str, Any], view: View, ground: Ground) -> None:
    """Core ML's package: where its parts lie."""
    items = node.get("itemInfoEntries")
    for item in items.values() if isinstance(items, dict) else ():
        path = item.get("path") if isinstance(item, dict) else None
        if isinstance(path, str) and leaves(path):
            _outside(path, view, ground)


def _weights(node: dict[str, Any], view: View, ground: Ground) -> None:
    """Shards of weights: a file beside it for each tensor."""
    shards = node.get("weight_map")
    bad = [v for v in shards.values() if isinstance(v, str) and leaves(v)] if isinstance(shards, dict) else []
    if bad:
        _outside(bad[0], view, ground)


def _outside(path: str, view: View, ground: Ground) -> None:
    ground.find(
        "external_data", Severity.CRITICAL,
        f"{view.place} takes a part of the model from {readable(path)[:150]!r}, outside the model's own folder.", view,
        remedy="do not load it", refs=("CWE-22",),
    )  # fmt: skip


def _sentence(tree: list[Any], view: View, ground: Ground) -> None:
    """The modules of sentence-transformers: each a class that is imported."""
    for node in tree:
        if (
            isinstance(node, dict)
            and {"idx", "path", "type"} <= node.keys()
            and isinstance(node["type"], str)
        ) and not node["type"].startswith(_SENTENCE):
            _remote(
                view,
                ground,
                f"has sentence-transformers import {readable(node['type'])[:100]}, code of its own",
            )


_RULES: tuple[Callable[[dict[str, Any], View, Ground], bool | None], ...] = (
    _auto_map, _adapter, _diffusers, _templates, _target, _jsonpickle, _langchain, _foreign, _mxnet, _manifest, _weights,
)  # fmt: skip
