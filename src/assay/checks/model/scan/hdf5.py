"""HDF5, as Keras writes weights: followed object by object, without its library and without unpacking arrays."""

from __future__ import annotations

import json
import mmap
import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.checks.model.scan import _keras
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.hdf5 import MAGIC, Hdf5

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_CODE = re.compile(rb'"class_name": ?"(?:Lambda|__lambda__|TFSMLayer|TFOpLambda)"')
_PIECE = 4 << 20


def sniff(view: View) -> bool:
    """HDF5's signature at the start, or where a user block may end."""
    return any(bytes(view.data[at : at + 8]) == MAGIC for at in (0, 512, 1024, 2048))


def examine(view: View, ground: Ground) -> bool:
    """Find links to other files, filters of others, values that are no numbers, and what Keras's configuration holds."""
    found = Hdf5(view.data)
    try:
        found.follow()
    except (ValueError, struct.error, IndexError) as error:
        _named(view, ground)
        return ground.not_understood(
            view, f"it is HDF5 that cannot be followed: {ascii(str(error))[1:-1][:120]}"
        )
    good = True
    for name, attribute, text in found.texts:
        if text.lstrip()[:1] in ("{", "["):
            good = _configuration(name, attribute, text, view, ground) and good
    for what in found.odd[:20]:
        ground.find(
            "hdf5",
            Severity.HIGH,
            f"In {view.place} {ascii(what)[1:-1][:200]}.",
            view,
            remedy="do not load it; ask for the weights as safetensors, or the model as ONNX",
            refs=("CWE-73",),
        )
    if found.odd:
        _named(view, ground)
    return not found.odd and good


def _configuration(name: str, attribute: str, text: str, view: View, ground: Ground) -> bool:
    where = {"attribute": f"{name.rstrip('/')}/@{attribute}"[:200]}
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        if "config" not in attribute:
            return True  # a text that begins so, and is read by nobody as JSON
        return ground.not_understood(view, f"its attribute {ascii(attribute)[:60]} is no valid JSON", **where)
    return _keras.examine(tree, view, ground, **where)


def _named(view: View, ground: Ground) -> None:
    """In a file that cannot be followed, the names of layers that carry code."""
    for at, named in _pieces(view):
        ground.find(
            "keras_code",
            Severity.CRITICAL,
            f"{view.place} names a Keras {named[0].decode()} layer, which carries code that runs when the model is used.",
            view,
            remedy="ask for the model without such layers",
            refs=("CWE-94",),
            offset=at + named.start(),
        )
        return


def _pieces(view: View) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Give where such a name stands, looked for a piece at a time: a file of zeros need not fill the memory."""
    for at in range(0, view.size, _PIECE):
        named = _CODE.search(bytes(view.data[at : at + _PIECE + 64]))
        if isinstance(view.data, mmap.mmap):
            view.data.madvise(mmap.MADV_DONTNEED, at, min(_PIECE, view.size - at))
        if named:
            yield at, named
