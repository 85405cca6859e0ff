"""HDF5, as Keras writes weights: known by its signature, and not followed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_MAGIC = b"\x89HDF\r\n\x1a\n"
_CODE = re.compile(rb"Lambda|__lambda__|TFSMLayer|TFOpLambda")


def sniff(view: View) -> bool:
    """HDF5's signature at the start, or where a user block may end."""
    return any(bytes(view.data[at : at + 8]) == _MAGIC for at in (0, 512, 1024, 2048))


def examine(view: View, ground: Ground) -> bool:
    """Note it as not examined: its arrays are read by a native library alone. A Lambda layer that it names is a finding."""
    named = _CODE.search(view.data)
    if named:
        ground.find(
            "keras_code",
            Severity.CRITICAL,
            f"{view.place} names a Keras {named[0].decode()} layer, which carries code that runs when the model is used.",
            view,
            remedy="ask for the model without such layers",
            refs=("CWE-94",),
        )
    why = "it is HDF5, whose inside is not followed"
    ground.find(
        "hdf5",
        Severity.MEDIUM,
        f"{view.place} is HDF5, and was not examined within: it is read by native code, and may point at other files.",
        view,
        remedy="load it in the sandbox; ask for the weights as safetensors, or the model as ONNX",
        refs=("CWE-502",),
    )
    ground.skip(view.place, why)
    return False
