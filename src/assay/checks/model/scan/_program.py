"""PyTorch's programs: TorchScript's source and torch.export's graph, which travel with their weights and need no Python.

Both are code. TorchScript's runs when it is loaded (__setstate__) and whenever it is asked; it can do what PyTorch's
operators do, a few of which read and write files, and what libraries of the reader's have added. It is named for what it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.pickles.names import Judgement, Names

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_FILES = re.compile(rb"\btorch\.(?:ops\.aten\.)?(from_file|save|load|_load_for_lite_interpreter)\b")
_OWN = re.compile(
    rb"\b(?:torch\.)?ops\.(?!aten\b|prim\b|prims\b|quantized\b|prepacked\b|higher_order\b)([A-Za-z_]\w*)\.(\w+)"
)
_CLASSES = re.compile(rb"__torch__\.torch\.classes\.(?!quantized\b|xnnpack\b)([\w.]+)")
_TOP = "__torch__"


class ScriptNames(Names):
    """The judge of names inside TorchScript: what is called __torch__ is made of the source that lies beside it.

    PyTorch's reader makes these without Python; Python's own finds no such module. That source is examined by itself.
    """

    def __init__(self, within: Names) -> None:
        self._within = within

    def judge(self, module: str, name: str, protocol: int = 4) -> Judgement:
        """Judge what a name would bring in."""
        if module == _TOP or module.startswith(f"{_TOP}."):
            return Judgement("call")
        return self._within.judge(module, name, protocol)


def kind(names: list[str]) -> str:
    """Return what a zip of these members is: script, exported, or neither."""
    tops = {n.partition("/")[0] for n in names}
    if len(tops) != 1:
        return ""
    (top,) = tops
    held = set(names)
    if f"{top}/constants.pkl" in held and f"{top}/data.pkl" in held:
        return "script"
    return "exported" if f"{top}/archive_format" in held else ""


def raw(names: list[str]) -> re.Pattern[str]:
    """Return what matches the tensors of an exported program, which are mapped as they are."""
    top = re.escape(names[0].partition("/")[0])
    return re.compile(
        rf"{top}/data/(?:weights|constants)/(?:weight|tensor|script_object)_\d+|{top}/\.data/serialization_id"
    )


def tell(view: View, ground: Ground, names: list[str], what: str) -> None:
    """Say once that an archive is a program."""
    if what == "script":
        files = sum(n.endswith(".py") for n in names)
        said = f"is TorchScript: {files} files of code run when it is loaded and asked"
    else:
        said = "is an exported program: its graph runs when it is asked"
    ground.find(
        "program",
        Severity.LOW,
        f"{view.place} {said}, with the operators of PyTorch and no Python.",
        view,
        remedy="load it in the sandbox; weights alone (safetensors) with code that you have read say more",
        refs=("CWE-94",),
    )


def is_source(member: str, what: str) -> bool:
    """Whether a member is the program itself."""
    if what == "script":
        return "/code/" in member and member.endswith(".py")
    return "/models/" in member and member.endswith(".json")


def source(view: View, ground: Ground) -> bool:
    """Look for operators that touch files, and for those that PyTorch does not bring."""
    data = bytes(view.data)
    found = {f"torch.{m.decode()}" for m in _FILES.findall(data)}
    if found:
        ground.find(
            "program_files",
            Severity.HIGH,
            f"{view.place} calls {', '.join(sorted(found))}, which reads or writes files.",
            view,
            remedy="do not load it outside the sandbox; ask why a model needs files",
            refs=("CWE-94",),
        )
    own = {f"{a.decode()}.{b.decode()}" for a, b in _OWN.findall(data)}
    own |= {m.decode() for m in _CLASSES.findall(data)}
    if own:
        ground.find(
            "program_operators",
            Severity.HIGH,
            f"{view.place} calls operators that PyTorch does not bring: {', '.join(sorted(own)[:5])[:200]}.",
            view,
            remedy="they are native code of whoever loads it; see that they are what they should be",
            refs=("CWE-94",),
        )
    ground.seen += 1
    ground.understood += 1
    ground.formats["program"] += 1
    return True
