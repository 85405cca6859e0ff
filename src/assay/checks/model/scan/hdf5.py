"""HDF5, as Keras writes weights: followed object by object, without its library and without unpacking arrays."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.hdf5 import MAGIC, Hdf5

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_CODE = re.compile(rb"Lambda|__lambda__|TFSMLayer|TFOpLambda")


def sniff(view: View) -> bool:
    """HDF5's signature at the start, or where a user block may end."""
    return any(bytes(view.data[at : at + 8]) == MAGIC for at in (0, 512, 1024, 2048))


def examine(view: View, ground: Ground) -> bool:
    """Find links to other files, filters of others, values that are no numbers, and Lambda layers that it names."""
    named = _CODE.search(view.data)
    if named and not view.name.endswith(".weights.h5"):  # where a layer's name is no layer
        ground.find(
            "keras_code",
            Severity.CRITICAL,
            f"{view.place} names a Keras {named[0].decode()} layer, which carries code that runs when the model is used.",
            view,
            remedy="ask for the model without such layers",
            refs=("CWE-94",),
        )
    found = Hdf5(view.data)
    try:
        found.follow()
    except (ValueError, struct.error, IndexError) as error:
        return ground.not_understood(
            view, f"it is HDF5 that cannot be followed: {ascii(str(error))[1:-1][:120]}"
        )
    for what in found.odd[:20]:
        ground.find(
            "hdf5",
            Severity.HIGH,
            f"In {view.place} {ascii(what)[1:-1][:150]}.",
            view,
            remedy="do not load it; ask for the weights as safetensors, or the model as ONNX",
            refs=("CWE-73",),
        )
    return not found.odd
