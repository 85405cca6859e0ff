"""TensorRT's plans: compiled kernels for a graphics processor. Native code, told as such; nobody can examine it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_MAGIC = (b"ftrt", b"ptrt", b"trtp")


def _offset(view: View) -> int:
    """Return where the plan begins: at once, or after a length and the JSON that some exporters put before it."""
    if view.head[:4] in _MAGIC:
        return 0
    size = int.from_bytes(view.head[:4], "little")
    if view.head[4:5] == b"{" and 2 <= size <= 1 << 20 and bytes(view.data[4 + size : 8 + size]) in _MAGIC:
        return 4 + size
    return -1


def sniff(view: View) -> bool:
    """The plan's mark."""
    return _offset(view) >= 0


def examine(view: View, ground: Ground) -> bool:
    """Note it; what its kernels do is not examined."""
    ground.find(
        "native_code",
        Severity.HIGH,
        f"{view.place} is a plan of TensorRT: compiled kernels and plug-ins, which were not examined.",
        view,
        remedy="build the plan yourself from the ONNX file, on the machine that will run it",
        refs=("CWE-829",),
        offset=_offset(view),
    )
    ground.skip(view.place, "it is compiled code")
    return False
