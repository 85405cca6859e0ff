"""ONNX, read as the protocol buffer it is: files it would open, operators that need a library of their own.

Field numbers: onnx.proto3 of the ONNX project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.checks.model.scan._names import leaves, readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles.proto import fields, first, text
from assay.methods.pickles.opcodes import Buffer

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

KNOWN = frozenset({"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", "com.microsoft",
                   "com.microsoft.nchwc", "com.microsoft.experimental", "com.ms.internal.nhwc"})  # fmt: skip
_TOP = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
PYTHON = frozenset({"com.microsoft.pyop", "com.microsoft.python", "ai.onnx.contrib.python"})
DEPTH = 32
_DOMAIN, _NAME = {"node": 7, "function": 10}, {"node": 4, "function": 1}


def sniff(view: View) -> bool:
    """A whole message of the fields of a ModelProto, with a graph and a version."""
    if view.head[:1] not in (b"\x08", b"\x12", b"\x1a", b"\x22", b"\x3a", b"\x42", b"\x32"):
        return False
    numbers = set()
    try:
        for number, wire, _, _ in fields(view.data, 0, view.size):
            if _TOP.get(number) != wire:
                return False
            numbers.add(number)
    except ValueError:
        return False
    return 7 in numbers and bool(numbers & {1, 8})


# message → field → the message it holds
_INSIDE = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "tensor": {13: "external"},
}


def examine(view: View, ground: Ground) -> bool:
    """Walk every graph, node and tensor."""
    todo = [("model", 0, view.size, 0)]
    used: dict[str, set[str]] = {}
    functions: set[tuple[str, str]] = set()
    places: dict[str, int] = {}
    while todo:
        kind, start, end, deep = todo.pop()
        if deep > DEPTH:
            return ground.not_understood(view, f"its graphs nest deeper than {DEPTH}")
        inside = _INSIDE.get(kind, {})
        domain = name = ""
        try:
            for number, wire, begin, stop in fields(view.data, start, end):
                if wire != 2:
                    continue
                if number in inside:
                    if inside[number] != "external":
                        todo.append((inside[number], begin, stop, deep + 1))
                elif number == _DOMAIN.get(kind):
                    domain = text(view.data, begin, stop)
                elif number == _NAME.get(kind):
                    name = text(view.data, begin, stop)
            if kind == "node" and domain not in KNOWN:
                used.setdefault(domain, set()).add(name)
            if kind == "function":
                functions.add((domain, name))
            if kind == "tensor":
                place, last = _outside(view.data, start, end)
                if place:
                    places[place] = max(places.get(place, 0), last)
        except ValueError as error:
            return ground.lie(view, f"its {kind} is cut short ({error})", offset=start)
    for place, last in sorted(places.items()):
        _external(place, view, ground)
        if last and not leaves(place):
            ground.vouch(view, place, -last)
    for domain in sorted(d for d, held in used.items() if any((d, name) not in functions for name in held)):
        python = domain in PYTHON
        ground.find(
            "custom_operator",
            Severity.HIGH if python else Severity.MEDIUM,
            f"{view.place} uses operators of {readable(domain)!r}, which run "
            + ("Python code of whoever loads it." if python else "code of a library it does not contain."),
            view,
            remedy="load it only with a library you trust",
            refs=("CWE-829",),
        )
    return True


def _outside(data: Buffer, start: int, end: int) -> tuple[str, int]:
    """Return the file that a tensor's numbers lie in, and where they end in it (0 where that is not said)."""
    said: dict[str, str] = {}
    for number, wire, begin, stop in fields(data, start, end):
        if number == 13 and wire == 2:
            key = first(data, begin, stop, 1)
            value = first(data, begin, stop, 2)
            if key and value:
                said[text(data, *key)] = text(data, *value)
    offset, length = said.get("offset", "0"), said.get("length", "")
    last = (
        int(offset) + int(length)
        if offset.isdecimal() and length.isdecimal() and len(offset + length) < 36
        else 0
    )
    return said.get("location", ""), last


def _external(place: str, view: View, ground: Ground) -> None:
    if leaves(place):
        ground.find(
            "external_data",
            Severity.CRITICAL,
            f"{view.place} reads its tensors from {readable(place)!r}, outside the model's own folder.",
            view,
            remedy="do not load it",
            refs=("CWE-22",),
        )
    else:
        ground.find(
            "external_data",
            Severity.INFO,
            f"{view.place} reads its tensors from {readable(place)!r} beside it.",
            view,
        )
