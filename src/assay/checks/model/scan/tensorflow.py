"""TensorFlow's SavedModel, MetaGraph and GraphDef: every operator of every graph and function, and Keras's own notes.

An operator that reads or writes files, opens connections or runs Python code is told with the texts that lead into it;
so is one that TensorFlow does not bring, whose native code comes from elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from assay.checks.model.scan import _keras, _tensorflow
from assay.checks.model.scan._names import leaves, readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles import tensorflow
from assay.methods.modelfiles.proto import fields, shaped, text
from assay.methods.modelfiles.tensorflow import DANGERS, OUTPUTS, PLACES

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_FINGERPRINT = {1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 2, 7: 2}
_STREAMS = ("stdout", "stderr", "log(info)", "log(warning)", "log(error)")
_MOST = 64 << 20


def sniff(view: View) -> bool:
    """A message of the shape of one of them, whole."""
    return bool(_what(view))


def _what(view: View) -> str:
    if view.head[:1] not in (b"\x08", b"\x0a", b"\x12", b"\x22"):
        return ""
    found = tensorflow.kind(view.data)
    if found:
        return found
    if view.size < 1024 and len(shaped(view.data, 0, view.size, _FINGERPRINT) & {1, 2, 3, 4, 5}) >= 3:
        return "fingerprint"
    return "keras" if _notes(view) else ""


def examine(view: View, ground: Ground) -> bool:
    """Walk it."""
    what = _what(view)
    if what == "fingerprint":
        return True
    if what == "keras":
        return _metadata(_notes(view), view, ground)
    try:
        found = tensorflow.read(view.data, what)
    except ValueError as error:
        return ground.lie(view, f"one of its messages is cut short ({error})")
    for node in found.nodes:
        _node(node, view, ground)
    for name in found.assets:
        if leaves(name):
            ground.find(
                "external_data",
                Severity.CRITICAL,
                f"{view.place} takes {readable(name)!r} for an asset, outside the model's own folder.",
                view,
                remedy="do not load it",
                refs=("CWE-22",),
            )
    good = _metadata(found.metadata, view, ground)
    if found.more:
        return ground.not_understood(
            view, "its graphs hold more operators that reach out, or texts, than are followed"
        )
    return good


def _node(node: tensorflow.Node, view: View, ground: Ground) -> None:
    if node.operator in PLACES:
        for place in node.inputs:
            if leaves(place) or "://" in place:
                called = f"{node.operator}({place[:200]!r}), a file outside the model's own folder"
                _touches("external_data", called, node, view, ground)
        return
    if node.operator in OUTPUTS and node.operator not in DANGERS:
        stream = node.attributes.get(OUTPUTS[node.operator], "")
        if stream and stream not in _STREAMS:
            called = f"{node.operator}(…, {OUTPUTS[node.operator]}={stream!r}), which writes files"
            _touches("graph_operator", called, node, view, ground)
        return
    texts = [repr(t) for t in node.inputs] + [f"{k}={v!r}" for k, v in node.attributes.items() if v]
    written = f"{node.operator}({', '.join(texts)[:200]})"
    _tensorflow.tell(node.operator, view, ground, written=written, offset=node.at, node=readable(node.name))


def _touches(rule: str, called: str, node: tensorflow.Node, view: View, ground: Ground) -> None:
    """Find an operator that reads or writes files that are not the model's."""
    ground.find(
        rule,
        Severity.HIGH,
        f"{view.place} calls {called}.",
        view,
        remedy="do not load it outside the sandbox",
        refs=("CWE-73",),
        operator=node.operator,
        offset=node.at,
    )


def _notes(view: View) -> list[tuple[str, int]]:
    """Return the JSON of each layer in Keras's metadata of a SavedModel; empty where the file is none."""
    if view.head[:1] != b"\x0a" or view.size > _MOST or not shaped(view.data, 0, view.size, {1: 2}):
        return []
    out = []
    for _, _, start, end in fields(view.data, 0, view.size):
        if not shaped(view.data, start, end, {1: 2, 2: 0, 3: 2, 4: 2, 5: 2}):
            return []
        for number, wire, begin, stop in fields(view.data, start, end):
            if number == 5 and wire == 2 and view.data[begin : begin + 1] == b"{":
                out.append((text(view.data, begin, stop, _MOST), begin))
    return out


def _metadata(notes: list[tuple[str, int]], view: View, ground: Ground) -> bool:
    good = True
    for content, at in notes:
        try:
            tree = json.loads(content)
        except (ValueError, RecursionError):
            good = ground.not_understood(view, "what Keras notes of a layer is no valid JSON", offset=at)
            continue
        good = _keras.examine(tree, view, ground, offset=at) and good
    return good
