"""Keras's configurations, in whatever file they lie: layers that carry code, names to import, files to open.

Keras builds what ``class_name`` and ``module`` name. A Lambda layer holds marshalled code, which is read here and never
loaded; a module that is not Keras's own is imported; a vocabulary that is a text is a file that is opened.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan import _callables
from assay.checks.model.scan._names import leaves, readable
from assay.kernel.severity import Severity
from assay.methods.modelfiles import bytecode, marshalled

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View

_LAMBDA = frozenset({"Lambda", "__lambda__"})
_GRAPHS = {"TFSMLayer": "a SavedModel", "TFOpLambda": "a function of TensorFlow", "SlicingOpLambda": "a function of TensorFlow",
           "TorchModuleWrapper": "a pickled module of PyTorch", "JaxLayer": "functions of JAX", "FlaxLayer": "a module of Flax"}  # fmt: skip
_OWN = re.compile(
    r"(?:keras(?:\.(?:src|api))*|tf_keras(?:\.src)?|tensorflow\.(?:python\.)?keras(?:\.src)?|keras_core|keras_nlp|keras_hub|keras_cv|keras_tuner"
    r"|tensorflow\.python\.keras)(?:\.(?:layers|models|initializers|regularizers|constraints|optimizers|losses|metrics|activations"
    r"|saving|engine|dtype_policies|random|callbacks|legacy|backend|ops|trainers|mixed_precision|quantizers|feature_column|samplers"
    r"|tokenizers)(?:\.\w+)*)?"
)
_REACHING = frozenset(
    [
        "get_file",
        "load_model",
        "load_weights",
        "save_model",
        "deserialize_keras_object",
        "pad_sequences",
        "enable_unsafe_deserialization",
        "image_dataset_from_directory",
        "text_dataset_from_directory",
        "plot_model",
        "PyDataset",
        "set_floatx",
        "run_on_cpu",
        "eval",
        "exec",
        "getattr",
    ]
)
_VOCABULARIES = frozenset(
    {"StringLookup", "IntegerLookup", "TextVectorization", "WordPieceTokenizer", "BytePairTokenizer",
     "SentencePieceTokenizer"}
)  # fmt: skip


def examine(tree: Any, view: View, ground: Ground, **where: Any) -> bool:
    """Judge every node of a configuration. Gives whether all could be read."""
    good = True
    for node in _nodes(tree):
        kind = node.get("class_name")
        if isinstance(kind, str) and (
            "config" in node or "module" in node or kind in _LAMBDA or kind in _GRAPHS
        ):
            good = _node(kind, node, view, ground, where) and good
    return good


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            yield node
            todo.extend(v for v in node.values() if isinstance(v, (dict, list)))
        elif isinstance(node, list):
            todo.extend(v for v in node if isinstance(v, (dict, list)))


def _node(kind: str, node: dict[str, Any], view: View, ground: Ground, where: dict[str, Any]) -> bool:
    bare = kind.rsplit(">", 1)[-1]
    held = node.get("config")
    config: dict[str, Any] = held if isinstance(held, dict) else {}
    layer = readable(str(config.get("name", "")))[:80]
    if bare in _LAMBDA:
        return _lambda(kind, config, layer, view, ground, where)
    if bare in _GRAPHS:
        _tell(view, ground, where, Severity.HIGH,
              f"holds a Keras {bare} layer{_called(layer)}, which carries {_GRAPHS[bare]} that runs when the model is used", layer)  # fmt: skip
        if bare == "TorchModuleWrapper" and isinstance(config.get("module"), str):
            return _packed(config["module"], layer, view, ground, where)
    module = node.get("module")
    if isinstance(module, str):
        _module(module, kind, held, layer, view, ground, where)
    if bare in _VOCABULARIES:
        for key in ("vocabulary", "merges", "proto", "vocabulary_file"):
            _vocabulary(config.get(key), key, bare, view, ground, where)
    registered = node.get("registered_name")
    package = registered.partition(">")[0] if isinstance(registered, str) and ">" in registered else ""
    if (package and package not in ("keras", "keras_hub", "keras_nlp", "keras_cv")) or (
        ">" in kind and not module
    ):
        ground.find(
            "custom_object",
            Severity.MEDIUM,
            f"{view.place} needs a class of someone's own, {readable(str(registered or kind))[:100]}, to be registered first.",
            view,
            remedy="read the code of that class before you register it",
            refs=("CWE-829",),
            **where,
        )
    return True


def _called(layer: str) -> str:
    return f" called {layer!r}" if layer else ""


def _tell(
    view: View, ground: Ground, where: dict[str, Any], severity: Severity, said: str, layer: str
) -> None:
    more: dict[str, Any] = {"layer": layer} if layer else {}
    ground.find(
        "keras_code", severity, f"{view.place} {said}.", view,
        remedy="ask for the model without such layers", refs=("CWE-94", "CWE-502"), **more, **where,
    )  # fmt: skip


def _lambda(
    kind: str, config: dict[str, Any], layer: str, view: View, ground: Ground, where: dict[str, Any]
) -> bool:
    """A Lambda layer: its function is marshalled code, or the name of one. Code within a function's node is told there."""
    function = config.get("function")
    code: Any = config.get("code")
    if isinstance(function, list) and function:
        code = function[0]
    elif isinstance(function, dict) and isinstance(function.get("config"), dict):
        code = function["config"].get("code")
        if kind == "Lambda" and function.get("class_name") == "__lambda__" and isinstance(code, str):
            return True  # told where the walk meets it
    if not isinstance(code, str):
        named = readable(str(function.get("config") if isinstance(function, dict) else function))[:100]
        _tell(view, ground, where, Severity.CRITICAL,
              f"holds a Keras Lambda layer{_called(layer)}, which calls {named} when the model is used", layer)  # fmt: skip
        return True
    try:
        value = marshalled.read(base64.b64decode(code, validate=False))
        if not isinstance(value, marshalled.Code):
            raise ValueError("it is no code")
    except (ValueError, binascii.Error) as error:
        _tell(view, ground, where, Severity.CRITICAL,
              f"holds a Keras Lambda layer{_called(layer)}, which carries code that runs when the model is used", layer)  # fmt: skip
        return ground.not_understood(view, f"the code of a Lambda layer cannot be read ({error})", **where)
    said = bytecode.calls(value) or bytecode.names(value)
    shown = "; ".join(ascii(t)[1:-1] for t in said[:6])[:300]
    _tell(view, ground, where, Severity.CRITICAL,
          f"holds a Keras Lambda layer{_called(layer)}, which carries code that runs when the model is used: "
          f"{shown or 'it calls nothing'}", layer)  # fmt: skip
    return True


def _packed(text: str, layer: str, view: View, ground: Ground, where: dict[str, Any]) -> bool:
    """PyTorch's module inside a layer: examined as the file it is."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return ground.not_understood(view, f"the module of {layer or 'a layer'} is no base64", **where)
    return ground.examine(view.inside(data, f"{layer or 'layer'}.module"))


def _module(
    module: str, kind: str, config: Any, layer: str, view: View, ground: Ground, where: dict[str, Any]
) -> None:
    name = config if isinstance(config, str) and kind in ("function", "builtin_function_or_method") else kind
    full = readable(f"{module}.{name}")[:150]
    builtin = module == "builtins" and name in (
        "tuple",
        "list",
        "set",
        "dict",
        "slice",
        "str",
        "int",
        "float",
        "bool",
        "bytes",
        "range",
    )
    if (_OWN.fullmatch(module) and name not in _REACHING) or builtin:
        return
    if module.startswith(("numpy", "jax", "torch", "tensorflow", "builtins")) and kind in (
        "ndarray",
        "Tensor",
        "TensorShape",
        "DType",
        "dtype",
    ):
        return
    judged = ground.names.judge(module, str(name))
    if judged.level == "call":
        return
    harm = judged.what or ("fetches or opens files" if name in _REACHING else "")
    does = f"has Keras import {full} when it is loaded{_called(layer)}"
    _callables.tell(full, does, harm, view, ground, refs=("CWE-502", "CWE-94"), **where)


def _vocabulary(value: Any, key: str, kind: str, view: View, ground: Ground, where: dict[str, Any]) -> None:
    if isinstance(value, str) and value:
        grave = leaves(value) or "://" in value
        ground.find(
            "external_data",
            Severity.HIGH if grave else Severity.MEDIUM,
            f"{view.place} has a {kind} layer open {readable(value)[:150]!r} as its {key}.",
            view,
            remedy="do not load it; ask for a model that holds its vocabulary",
            refs=("CWE-73", "CWE-918"),
            **where,
        )
