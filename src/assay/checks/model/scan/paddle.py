"""PaddlePaddle's programs (.pdmodel) and numbers (.pdiparams): operators that reach out, numbers that fill their file.

Messages: framework.proto of PaddlePaddle; tensors: its LoDTensor streams, one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.checks.model.scan._names import readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles.proto import fields, first, shaped, text, varint

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_PROGRAM = {1: 2, 4: 2, 5: 2}
_BLOCK = {1: 0, 2: 0, 3: 2, 4: 2, 5: 0}
_DOES = {
    **dict.fromkeys(("py_func", "py_layer", "pylayer"), "runs Python code of the process that loads it"),
    **dict.fromkeys(("save", "save_combine", "print_to_file", "dump"), "writes files"),
    **dict.fromkeys(("load", "load_combine", "read_file", "create_py_reader", "open_files", "read"), "reads files"),
    **dict.fromkeys(("listen_and_serv", "send", "recv", "send_barrier", "fetch_barrier", "send_and_recv", "heter_listen_and_serv",
                     "distributed_lookup_table", "push_dense", "pull_sparse", "gen_nccl_id", "c_gen_nccl_id"), "opens network connections"),
    **dict.fromkeys(("custom_op", "run_program", "tensorrt_engine", "anakin_engine", "cinn_launch", "lite_engine"), "runs a program of another engine"),
}  # fmt: skip
_SIZES = {0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16}
_MOST, _LARGEST = 1_000_000, 1 << 60


def sniff(view: View) -> bool:
    """A program of blocks, or a first tensor."""
    head = view.head
    if head[:1] == b"\x0a":
        block = first_block(view)
        return block is not None
    return (
        head[:4] == bytes(4)
        and head[4:12] == bytes(8)
        and head[12:16] == bytes(4)
        and head[20:21] == b"\x08"
        and view.size > 22
    )


def first_block(view: View) -> tuple[int, int] | None:
    """Return where the first block of a program lies."""
    if not shaped(view.data, 0, view.size, _PROGRAM) >= {1}:
        return None
    block = first(view.data, 0, view.size, 1)
    if block is None or not shaped(view.data, *block, _BLOCK) >= {1, 2, 4}:
        return None
    operator = first(view.data, *block, 4)
    return block if operator and first(view.data, *operator, 3) else None


def examine(view: View, ground: Ground) -> bool:
    """Walk the program, or the tensors."""
    if view.head[:1] != b"\x0a":
        return _tensors(view, ground)
    try:
        for number, _, begin, end in fields(view.data, 0, view.size):
            if number == 1:
                for inner, wire, a, b in fields(view.data, begin, end):
                    if inner == 4 and wire == 2:
                        _operator(view, ground, a, b)
    except ValueError as error:
        return ground.lie(view, f"one of its messages is cut short ({error})")
    return True


def _operator(view: View, ground: Ground, start: int, end: int) -> None:
    name, texts = "", []
    for number, wire, begin, stop in fields(view.data, start, end):
        if number == 3 and wire == 2:
            name = text(view.data, begin, stop, 200)
        elif number == 4 and wire == 2:  # an attribute: its name, and where it is a text, that
            key, value = first(view.data, begin, stop, 1), first(view.data, begin, stop, 5)
            if (
                key
                and value
                and value[1] > value[0]
                and text(view.data, *key, 60) in ("file_path", "endpoint", "epmap", "filename")
            ):
                texts.append(f"{text(view.data, *key, 60)}={text(view.data, *value, 200)!r}")
    does = _DOES.get(name)
    if does:
        python = "Python" in does
        ground.find(
            "graph_operator", Severity.CRITICAL if python or "writes" in does else Severity.HIGH,
            f"{view.place} calls {name}({readable(', '.join(texts))[:200]}), which {does}.", view,
            remedy="do not load it outside the sandbox; ask for the model without such operators",
            refs=("CWE-94",) if python else ("CWE-73",), operator=readable(name), offset=start,
        )  # fmt: skip
    elif name.startswith("custom_") or "::" in name:
        ground.find(
            "custom_operator", Severity.HIGH,
            f"{view.place} calls the operator {readable(name)[:80]!r}, native code that PaddlePaddle does not bring.", view,
            remedy="load it only with a library that you trust to hold it", refs=("CWE-829",), operator=readable(name), offset=start,
        )  # fmt: skip


def _tensors(view: View, ground: Ground) -> bool:
    """Each: a version, levels, a version, a description of a size, the numbers."""
    at = count = 0
    data = view.data
    while at < view.size:
        count += 1
        head = bytes(data[at : at + 20])
        if len(head) < 20 or head[:4] != bytes(4) or head[12:16] != bytes(4) or count > _MOST:
            return ground.lie(view, f"its tensor {count} begins as none does", offset=at)
        if head[4:12] != bytes(8):
            return ground.not_understood(view, "a tensor has levels, which are not followed", offset=at)
        size = int.from_bytes(head[16:20], "little")
        begin = at + 20
        if begin + size > view.size:
            return ground.lie(view, f"its tensor {count} is cut short", offset=at)
        try:
            bytes_ = _described(view, begin, begin + size)
        except ValueError as error:
            return ground.lie(view, f"its tensor {count} is not described ({error})", offset=at)
        at = begin + size + bytes_
        if at > view.size:
            return ground.lie(
                view, f"its tensor {count} ends {at - view.size:,} bytes past the file", offset=begin
            )
    return True


def _described(view: View, begin: int, end: int) -> int:
    kind, items = -1, 1
    for number, wire, a, b in fields(view.data, begin, end):
        if number == 1 and wire == 0:
            kind = a
        elif number == 2 and wire == 0:
            items *= a
        elif number == 2 and wire == 2:
            at = a
            while at < b and items <= _LARGEST:
                value, at = varint(view.data, at, b)
                items *= value
        if items > _LARGEST:
            raise ValueError("its shape is larger than any file")
    if kind not in _SIZES:
        raise ValueError(f"its type is {kind}")
    return items * _SIZES[kind]
