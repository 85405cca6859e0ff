"""MXNet's saved graph (``-symbol.json``), computed with numpy: the operators that Linear Learner and its like use.

Source of the operators: apache/mxnet, src/operator. An operator that is not known is named, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

_MOST_NODES = 2_000
_LOSSES = {
    "LogisticRegressionOutput": "logistic",
    "SoftmaxOutput": "softmax",
    "Softmax": "softmax",
    "LinearRegressionOutput": "linear",
    "MAERegressionOutput": "linear",
    "SVMOutput": "linear",
}


class Symbol:
    """A graph of operators. head: what its first output is (logistic, softmax or linear); inputs: names it must be given."""

    def __init__(self, content: bytes) -> None:
        """Read the JSON of a symbol; ValueError where it is none, or uses an operator that is not known."""
        try:
            raw = json.loads(content)
            self.nodes = [_Node(n) for n in raw["nodes"]]
            self.heads = [int(h[0]) for h in raw["heads"]]
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            raise ValueError("it is no symbol of MXNet's") from None
        if not self.heads or len(self.nodes) > _MOST_NODES:
            raise ValueError(f"its symbol has {len(self.nodes)} nodes and {len(self.heads)} outputs")
        for at, node in enumerate(self.nodes):
            if any(not 0 <= i < at for i in node.inputs):
                raise ValueError(f"the node {node.name[:60]!r} of its symbol uses what comes after it")
        if not all(0 <= h < len(self.nodes) for h in self.heads):
            raise ValueError("its symbol names an output that is not there")
        unknown = [self.nodes[i].op for i in self._needed() if self.nodes[i].op not in {"null", *_OPERATORS}]
        if unknown:
            raise ValueError(f"its symbol uses the operator {unknown[0][:60]!r}, which is not known here")
        self.head = _LOSSES.get(self.nodes[self.heads[0]].op, self._last())

    def _last(self) -> str:
        """What the first output is where no loss ends the graph: told by its last operator."""
        node = self.nodes[self.heads[0]]
        kind = node.attributes.get("act_type", node.op)
        return {"sigmoid": "logistic", "softmax": "softmax"}.get(kind, "linear")

    def variables(self) -> list[str]:
        """Return the names of all that is given: data, labels and parameters."""
        return [n.name for n in self.nodes if n.op == "null"]

    def compute(self, given: Mapping[str, Any], *, before: bool = False) -> Any:
        """Return the first output, rows first; ValueError for values that do not fit.

        before: what the last function (a logistic or a softmax) is given, rather than what it makes of it.
        """
        known: dict[int, Any] = {}
        for at in self._needed():
            node = self.nodes[at]
            if node.op == "null":
                if node.name not in given:
                    raise ValueError(
                        f"its symbol wants {node.name[:60]!r}, which is not among its parameters"
                    )
                known[at] = given[node.name]
                continue
            try:
                known[at] = _OPERATORS[node.op]([known[i] for i in self._used(node)], node.attributes)
            except (ValueError, IndexError, KeyError, TypeError, ZeroDivisionError) as error:
                raise ValueError(f"{node.op} {node.name[:60]!r} cannot be computed: {error}") from None
        last = self.nodes[self.heads[0]]
        return known[self._used(last)[0]] if before and self.head != "linear" else known[self.heads[0]]

    def _used(self, node: _Node) -> Sequence[int]:
        """A loss is asked for its answer alone: the label, its second input, is not there."""
        return node.inputs[:1] if node.op in _LOSSES else node.inputs

    def _needed(self) -> list[int]:
        found: set[int] = set()
        waiting = [self.heads[0]]
        while waiting:
            at = waiting.pop()
            if at not in found:
                found.add(at)
                waiting += self._used(self.nodes[at])
        return sorted(found)


class _Node:
    """op, name, the numbers of the nodes it takes, and its attributes as text."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.op, self.name = str(raw["op"]), str(raw["name"])
        self.inputs = [int(i[0]) for i in raw["inputs"]]
        written = raw.get("attrs") or raw.get("param") or raw.get("attr") or {}
        self.attributes = {str(k): str(v) for k, v in written.items()}


def _dense(x: list[Any], attributes: Mapping[str, str]) -> Any:
    data = x[0].reshape(len(x[0]), -1) if attributes.get("flatten", "True") in ("True", "1") else x[0]
    out = data @ x[1].T
    return out if attributes.get("no_bias", "False") in ("True", "1") else out + x[2]


def _dot(x: list[Any], attributes: Mapping[str, str]) -> Any:
    a, b = (
        v.T if attributes.get(f"transpose_{side}", "False") in ("True", "1") else v
        for v, side in zip(x, "ab", strict=True)
    )
    return a @ b


def _sigmoid(x: Any) -> Any:
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def _softmax(x: Any) -> Any:
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _activation(x: list[Any], attributes: Mapping[str, str]) -> Any:
    return _ACTIVATIONS[attributes["act_type"]](x[0])


def _reshape(x: list[Any], attributes: Mapping[str, str]) -> Any:
    shape = [int(v) for v in attributes["shape"].strip("()[] ").split(",") if v.strip()]
    if any(v < -1 for v in shape):
        raise ValueError(f"the shape {attributes['shape'][:40]}")
    return x[0].reshape([x[0].shape[i] if v == 0 else v for i, v in enumerate(shape)])


def _plain(function: Callable[..., Any]) -> Callable[[list[Any], Mapping[str, str]], Any]:
    return lambda x, _: function(*x)


def _scalar(function: Callable[[Any, float], Any]) -> Callable[[list[Any], Mapping[str, str]], Any]:
    return lambda x, attributes: function(x[0], float(attributes["scalar"]))


_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "softrelu": lambda x: np.logaddexp(0, x),
}
_OPERATORS: dict[str, Callable[[list[Any], Mapping[str, str]], Any]] = {
    "FullyConnected": _dense,
    "dot": _dot,
    "_sparse_dot": _dot,
    "Activation": _activation,
    "Flatten": lambda x, _: x[0].reshape(len(x[0]), -1),
    "Reshape": _reshape,
    "sigmoid": _plain(_sigmoid),
    "softmax": _plain(_softmax),
    "tanh": _plain(np.tanh),
    "exp": _plain(np.exp),
    "LogisticRegressionOutput": _plain(_sigmoid),
    "SoftmaxOutput": _plain(_softmax),
    "Softmax": _plain(_softmax),
    **{
        name: _plain(lambda x: x)
        for name in (
            "LinearRegressionOutput",
            "MAERegressionOutput",
            "SVMOutput",
            "BlockGrad",
            "MakeLoss",
            "identity",
            "_copy",
            "Dropout",
        )
    },
    **{
        f"{kind}{name}": _plain(function)
        for kind in ("broadcast_", "elemwise_", "_")
        for name, function in (
            ("add", np.add),
            ("plus", np.add),
            ("sub", np.subtract),
            ("minus", np.subtract),
            ("mul", np.multiply),
            ("div", np.divide),
        )
    },
    "_plus_scalar": _scalar(lambda x, s: x + s),
    "_minus_scalar": _scalar(lambda x, s: x - s),
    "_rminus_scalar": _scalar(lambda x, s: s - x),
    "_mul_scalar": _scalar(lambda x, s: x * s),
    "_div_scalar": _scalar(lambda x, s: x / s),
}
