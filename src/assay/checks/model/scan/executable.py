"""Machine code and Python bytecode: recognised, and always a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_MAGIC = {
    b"\x7fELF": "a Linux program or library",
    b"\xfe\xed\xfa\xce": "a macOS program or library",
    b"\xfe\xed\xfa\xcf": "a macOS program or library",
    b"\xce\xfa\xed\xfe": "a macOS program or library",
    b"\xcf\xfa\xed\xfe": "a macOS program or library",
    b"\xca\xfe\xba\xbe": "a macOS or Java program",
    b"\0asm": "a WebAssembly program",
}


def _kind(view: View) -> str:
    head = view.head
    if head[:2] == b"MZ" and (view.name.endswith((".exe", ".dll", ".pyd", ".sys")) or b"PE\0\0" in head):
        return "a Windows program or library"
    if head[2:4] == b"\r\n" and 2000 < int.from_bytes(head[:2], "little") < 4500 and view.size >= 16:
        return "compiled Python code"
    return _MAGIC.get(head[:4], "")


def sniff(view: View) -> bool:
    """The magic bytes of programs."""
    return bool(_kind(view))


def examine(view: View, ground: Ground) -> bool:
    """Note it; what it does is not examined."""
    kind = _kind(view)
    ground.find(
        "executable",
        Severity.HIGH,
        f"{view.place} is {kind}; what it does was not examined.",
        view,
        remedy="take it out of the model, or install it from its own publisher",
        refs=("CWE-506",),
    )
    ground.skip(view.place, f"it is {kind}")
    return False
