"""TensorFlow Lite: operators that need native code of someone's own, and indices that lead out of its tables.

Files that its metadata name (labels, vocabularies) are a zip behind the model, and are examined there. Fields: schema.fbs of TensorFlow, version 3.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from assay.checks.model.scan import _tensorflow
from assay.checks.model.scan._names import readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles.flat import Table, root

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_CUSTOM = 32
_MOST = 500_000
_MOST_BUILTIN = 255  # of 209 now; a schema adds some each year
# Operators that TensorFlow's own interpreter registers under a name of their own.
_OWN = frozenset({"TFLite_Detection_PostProcess", "Mfcc", "AudioSpectrogram", "NumericVerify", "RFFT2D", "Convolution2DTransposeBias",
                  "MaxPoolingWithArgmax2D", "MaxUnpooling2D", "Multinomial", "RandomUniform", "RandomStandardNormal", "HashtableV2"})  # fmt: skip


def sniff(view: View) -> bool:
    """The identifier that follows the root's offset."""
    return view.head[4:8] == b"TFL3"


def examine(view: View, ground: Ground) -> bool:
    """Follow the tables that an interpreter follows."""
    try:
        return _model(root(view.data), view, ground)
    except (ValueError, struct.error) as error:
        return ground.lie(view, f"it is a TFLite model in which {ascii(str(error))[1:-1][:100]}")


class _Room:
    """How many entries of lists may still be read: many tables may share one list."""

    def __init__(self) -> None:
        self.left = _MOST

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise ValueError("its tables hold more than is followed")


def _model(model: Table, view: View, ground: Ground) -> bool:
    codes = model.tables(1)
    names: set[str] = set()
    for code in codes:
        number = max(code.number(0, "<b"), code.number(3))
        if number == _CUSTOM:
            names.add(code.text(1))
        elif not 0 <= number <= _MOST_BUILTIN:
            raise ValueError(f"an operator has the number {number}")
    buffers = model.tables(4)
    for buffer in buffers:
        buffer.span(0, 1)
        offset, size = buffer.number(1, "<Q"), buffer.number(2, "<Q")
        if offset > 1 and offset + size > view.size:
            raise ValueError("a buffer lies outside the file")
    room = _Room()
    for graph in model.tables(2):
        _graph(graph, len(codes), len(buffers), room)
    _operators(names, view, ground)
    return True


def _graph(graph: Table, codes: int, buffers: int, room: _Room) -> None:
    room.take(sum(graph.span(field, 4)[1] for field in range(4)))
    tensors = graph.tables(0)
    for tensor in tensors:
        if not 0 <= tensor.number(2, "<I") < max(1, buffers):
            raise ValueError("a tensor's buffer is not there")
    for field in (1, 2):
        _inside(graph.numbers(field), len(tensors), optional=False)
    for operator in graph.tables(3):
        room.take(operator.span(1, 4)[1] + operator.span(2, 4)[1])
        if not 0 <= operator.number(0, "<I") < codes:
            raise ValueError("an operator's kind is not there")
        _inside(operator.numbers(1), len(tensors), optional=True)
        _inside(operator.numbers(2), len(tensors), optional=False)
        operator.span(5, 1)


def _inside(numbers: tuple[int, ...], count: int, *, optional: bool) -> None:
    if any(n >= count or n < (-1 if optional else 0) for n in numbers):
        raise ValueError("an operator reaches for a tensor that is not there")


def _operators(names: set[str], view: View, ground: Ground) -> None:
    for name in sorted(names):
        if name.startswith("Flex"):
            _tensorflow.tell(name.removeprefix("Flex"), view, ground, how="through its Flex delegate")
        elif name not in _OWN:
            ground.find(
                "custom_operator",
                Severity.HIGH,
                f"{view.place} calls the operator {readable(name)[:80]!r}, native code that TensorFlow Lite does not bring.",
                view,
                remedy="load it only with a library that you trust to hold that operator",
                refs=("CWE-829",),
                operator=readable(name)[:80],
            )
