"""Core ML: layers and models of an app's own code, models kept in other files, and weights that lie elsewhere.

Messages: Model.proto, NeuralNetwork.proto and MIL.proto of coremltools; weights: its blob storage, version 2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from assay.checks.model.scan._names import leaves, readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles.proto import Field, fields, shaped, text

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_KINDS = {
    200: "pipeline", 201: "pipeline", 202: "pipeline", 300: "", 301: "", 302: "", 303: "", 304: "", 400: "", 401: "", 402: "", 403: "",
    404: "", 500: "network", 501: "network", 502: "program", 555: "custom", 556: "linked", 560: "", 600: "", 601: "", 602: "",
    603: "", 604: "", 606: "", 607: "", 609: "", 610: "", 900: "", 2000: "", 2001: "", 2002: "", 2003: "", 2004: "", 2005: "", 2006: "",
    3000: "",
}  # fmt: skip
_TOP = {1: 0, 2: 2, 10: 0, **dict.fromkeys(_KINDS, 2), **dict.fromkeys((900, 901, 902), 2)}
_INSIDE = {
    "pipelines": {1: "pipeline"},
    "pipeline": {1: "models"},
    "models": {1: "model"},
    "network": {1: "layer"},
}
_SENTINEL = 0xDEADBEEF
_MOST, _DEEP = 5_000_000, 110


def sniff(view: View) -> bool:
    """A version, a description, and one kind of model; or a store of weights."""
    head = view.head
    if head[:1] == b"\x08":
        met = shaped(view.data, 0, view.size, _TOP)
        return 1 in met and 2 in met and len(met & _KINDS.keys()) == 1
    return _is_weights(view)


def _is_weights(view: View) -> bool:
    head = view.head
    return (
        len(head) >= 128 and head[4:8] == b"\x02\0\0\0" and int.from_bytes(head[64:68], "little") == _SENTINEL
    )


def examine(view: View, ground: Ground) -> bool:
    """Walk it."""
    if _is_weights(view):
        return _weights(view, ground)
    todo = [("model", 0, view.size, 0)]
    count = 0
    try:
        while todo:
            kind, start, end, deep = todo.pop()
            if deep > (
                _DEEP if kind == "mil" else 64
            ):  # no reader of protocol buffers follows messages so deep
                return ground.not_understood(view, "its messages nest too deep")
            for number, wire, begin, stop in _inner(kind, view, start, end):
                count += 1
                if count > _MOST:
                    return ground.not_understood(view, "it holds too many layers")
                if wire == 2:
                    todo += _step(kind, number, begin, stop, deep, view, ground)
    except ValueError as error:
        return ground.lie(view, f"one of its messages is cut short ({error})")
    return True


def _inner(kind: str, view: View, start: int, end: int) -> Iterable[Field]:
    """Give the fields of a message. In a program's messages, what is none is a text or numbers."""
    if kind != "mil":
        return fields(view.data, start, end)
    try:
        for count, _ in enumerate(fields(view.data, start, end)):  # twice, so that none need be held
            if count > _MOST:
                break
    except ValueError:
        return ()
    return fields(view.data, start, end)


def _step(
    kind: str, number: int, begin: int, stop: int, deep: int, view: View, ground: Ground
) -> list[tuple[str, int, int, int]]:
    if kind == "model":
        inner = _KINDS.get(number, "")
        if inner == "custom":
            _custom(view, ground, "is a model of an app's own code", begin, stop)
            return []
        if inner == "linked":
            return [("linked", begin, stop, deep + 1)]
        if inner == "pipeline" and number in (200, 201):
            return [("pipelines", begin, stop, deep + 1)]
        if inner == "pipeline":
            return [("models", begin, stop, deep + 1)]
        return [(inner, begin, stop, deep + 1)] if inner else []
    if kind == "models":
        return [("model", begin, stop, deep + 1)] if number == 1 else []
    if kind == "layer":
        if number == 500:
            _custom(view, ground, "has a layer of an app's own code", begin, stop)
        return [("branch", begin, stop, deep + 1)] if number in (600, 605, 615) else []
    if kind == "branch":
        return [("network", begin, stop, deep + 1)]
    if kind == "linked":
        if number == 1:
            return [("linkedfile", begin, stop, deep + 1)]
        return []
    if kind == "linkedfile":
        _linked(view, ground, begin, stop)
        return []
    if kind == "program":
        return [("mil", begin, stop, deep + 1)]
    if kind == "mil":
        return _mil(begin, stop, deep, view, ground)
    step = _INSIDE.get(kind, {}).get(number)
    return [(step, begin, stop, deep + 1)] if step else []


def _custom(view: View, ground: Ground, said: str, begin: int, stop: int) -> None:
    name = next(
        (text(view.data, a, b, 200) for n, w, a, b in fields(view.data, begin, stop) if n == 10 and w == 2),
        "",
    )
    ground.find(
        "custom_operator", Severity.HIGH,
        f"{view.place} {said}, the class {readable(name)[:80]!r}, which whoever loads it must hold.", view,
        remedy="load it only in an app whose class of that name you have read", refs=("CWE-829",), operator=readable(name)[:80], offset=begin,
    )  # fmt: skip


def _linked(view: View, ground: Ground, begin: int, stop: int) -> None:
    names = [text(view.data, a, b, 300) for n, w, a, b in fields(view.data, begin, stop) if w == 2]
    shown = readable(next((n for n in names if n.strip()), ""))
    ground.find(
        "external_data", Severity.HIGH, f"{view.place} is a link to another model, {shown[:120]!r}.", view,
        remedy="examine that model in its place", refs=("CWE-829",), offset=begin,
    )  # fmt: skip


def _mil(begin: int, stop: int, deep: int, view: View, ground: Ground) -> list[tuple[str, int, int, int]]:
    """A program's messages, by what they could be: names of files begin as no other text does."""
    raw = bytes(view.data[begin : min(stop, begin + 400)])
    if raw.startswith((b"@model_path", b"/", b"..")) or b"/../" in raw:
        name = raw.decode("utf-8", "replace")
        within = name.removeprefix("@model_path/")
        if raw.startswith(b"@model_path") and not leaves(within):
            return []
        if raw.isascii() and all(32 <= b < 127 for b in raw) and leaves(within):
            ground.find(
                "external_data", Severity.CRITICAL,
                f"{view.place} takes its weights from {readable(name)[:150]!r}, outside the model's own folder.", view,
                remedy="do not load it", refs=("CWE-22",), offset=begin,
            )  # fmt: skip
            return []
    if raw == b"custom_layer" or raw.startswith(b"custom_layer:"):
        ground.find("custom_operator", Severity.HIGH, f"{view.place} calls an operator of an app's own code.", view,
                    remedy="load it only in an app whose class of that name you have read", refs=("CWE-829",), offset=begin)  # fmt: skip
        return []
    return [("mil", begin, stop, deep + 1)] if stop > begin else []


def _weights(view: View, ground: Ground) -> bool:
    """Records, each at a multiple of 64: a mark, a type, a size and where its numbers lie."""
    (count,) = struct.unpack_from("<I", view.data, 0)
    at = 64
    for number in range(min(count, 1_000_000)):
        if at + 64 > view.size:
            return ground.lie(
                view, f"it says that it holds {count:,} arrays, and record {number} lies past its end"
            )
        mark, _, size, offset = struct.unpack_from("<IIQQ", view.data, at)
        if mark != _SENTINEL or offset < at + 64 or offset + size > view.size:
            return ground.lie(view, f"its array {number} lies where none is", offset=at)
        at = -(-(offset + size) // 64) * 64
    return (
        True
        if at >= view.size
        else ground.not_understood(view, f"{view.size - at:,} bytes follow its arrays", offset=at)
    )
