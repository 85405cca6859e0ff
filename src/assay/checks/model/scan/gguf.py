"""GGUF, as llama.cpp reads it: sizes that do not hold, and chat templates that reach out of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.checks.model.scan import _template
from assay.checks.model.scan._view import View
from assay.methods.modelfiles.gguf import MAGIC, read

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_PADDING = 1 << 20


def sniff(view: View) -> bool:
    """The magic bytes."""
    return view.head.startswith(MAGIC)


def examine(view: View, ground: Ground) -> bool:
    """Read the header; tensors must lie in the file, beside one another; templates are read."""
    try:
        found = read(view.data)
    except ValueError as error:
        return ground.lie(view, ascii(str(error))[1:-1][:160])
    good, at = True, found.start
    for name, begin, end in sorted(found.tensors, key=lambda t: t[1:]):
        if end > view.size:
            return ground.lie(
                view,
                f"its tensor {ascii(name)[:80]} ends {end - view.size:,} bytes past the file",
                offset=begin,
            )
        if begin < at:
            return ground.lie(view, f"its tensor {ascii(name)[:80]} lies over another", offset=begin)
        if begin - at >= _PADDING:
            return ground.not_understood(view, f"{begin - at:,} bytes lie between its tensors", offset=at)
        at = end
    if view.size - at >= _PADDING or (view.size > at and bytes(view.data[at:]).strip(b"\0")):
        good = ground.not_understood(view, f"{view.size - at:,} bytes follow its tensors", offset=at)
    for key, (text, place) in found.texts.items():
        if "template" in key:
            good = _template.judge(text, view, ground, key, offset=place) and good
    return good
