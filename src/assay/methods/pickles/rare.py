"""The less common opcodes: each takes the machine and its place, and returns where the next opcode stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assay.methods.pickles.opcodes import NAMES, line_end
from assay.methods.pickles.setting import CAPTURE_LIMIT
from assay.methods.pickles.values import ALIAS, Tup
from assay.methods.pickles.walk import Broken

if TYPE_CHECKING:
    from assay.methods.pickles.machine import Machine


def _proto(m: Machine, i: int) -> int:
    version = m.data[i + 1]
    if version > 5:
        raise Broken(f"protocol {version} does not exist")
    m.calls.protocol = version
    return i + 2


def _frame(m: Machine, i: int) -> int:
    size = int.from_bytes(m.data[i + 1 : i + 9], "little")
    if i + 9 + size > m.end:
        raise Broken("a frame is longer than the file")
    m.frame_end = i + 9 + size
    return i + 9


def _pop(m: Machine, i: int) -> int:
    if m.marks and m.marks[-1] == len(m.stack):
        m.marks.pop()
    else:
        m.pop("POP")
    return i + 1


def _pop_mark(m: Machine, i: int) -> int:
    m.to_mark("POP_MARK")
    return i + 1


def _dup(m: Machine, i: int) -> int:
    m.need(1, "DUP")
    top = m.stack[-1]
    m.stack.append(ALIAS if top is None else m.fetched(top))
    return i + 1


def _tuple(m: Machine, i: int) -> int:
    m.stack.append(m.tup(m.to_mark("TUPLE")))
    return i + 1


def _tuple_n(m: Machine, i: int) -> int:
    count = m.data[i] - 0x84
    m.need(count, NAMES[m.data[i]])
    items = m.stack[-count:]
    del m.stack[-count:]
    m.stack.append(m.tup(items))
    return i + 1


def _container(m: Machine, i: int) -> int:
    op = m.data[i]
    items = m.to_mark(NAMES[op])
    kind = {0x6C: 0x65, 0x64: 0x75, 0x91: 0x90}[op]
    m.look(None, kind, items)
    keep = bool(items) and m.captured < CAPTURE_LIMIT
    m.stack.append(m.more(None, kind, items) if keep else None)
    return i + 1


def _append(m: Machine, i: int) -> int:
    m.need(2, "APPEND")
    item = m.stack.pop()
    m.add(0x65, [item])
    return i + 1


def _setitem(m: Machine, i: int) -> int:
    m.need(3, "SETITEM")
    item = m.stack.pop()
    key = m.stack.pop()
    m.add(0x75, [key, item])
    return i + 1


def _get(m: Machine, i: int) -> int:
    stop, at = m.index(i)
    m.stack.append(m.get(at))
    return stop + 1


def _long_get(m: Machine, i: int) -> int:
    m.stack.append(m.get(int.from_bytes(m.data[i + 1 : i + 5], "little")))
    return i + 5


def _put(m: Machine, i: int) -> int:
    stop, at = m.index(i)
    m.need(1, "PUT")
    m.put(at, m.stack[-1])
    return stop + 1


def _binput(m: Machine, i: int) -> int:
    op = m.data[i]
    short = m.data[i + 1] if op == 0x71 else 0
    if len(m.stack) <= m.fence():
        raise Broken(f"{NAMES[op]} with nothing on the stack")
    m.put(short if op == 0x71 else int.from_bytes(m.data[i + 1 : i + 5], "little"), m.stack[-1])
    return i + (2 if op == 0x71 else 5)


def _global(m: Machine, i: int) -> int:
    value, after = m.named(i)
    m.stack.append(value)
    return after


def _stack_global(m: Machine, i: int) -> int:
    name, module = m.pop("STACK_GLOBAL"), m.pop("STACK_GLOBAL")
    m.stack.append(m.computed(module, name, i))
    return i + 1


def _inst(m: Machine, i: int) -> int:
    module, name, after = m.two_lines(i)
    args = Tup(m.to_mark("INST"))
    m.stack.append(m.calls.call(m.calls.resolve(module, name, i, "INST"), args, i, "INST"))
    return after


def _obj(m: Machine, i: int) -> int:
    items = m.to_mark("OBJ")
    if not items:
        raise Broken("OBJ without a class")
    m.stack.append(m.calls.call(items[0], Tup(items[1:]), i, "OBJ"))
    return i + 1


def _reduce(m: Machine, i: int) -> int:
    m.need(2, "REDUCE")
    args, callable_ = m.stack.pop(), m.stack.pop()
    m.stack.append(m.calls.call(callable_, args, i, "REDUCE"))
    return i + 1


def _newobj(m: Machine, i: int) -> int:
    m.need(2, "NEWOBJ")
    args, cls = m.stack.pop(), m.stack.pop()
    m.stack.append(m.calls.call(cls, args, i, "NEWOBJ"))
    return i + 1


def _newobj_ex(m: Machine, i: int) -> int:
    m.need(3, "NEWOBJ_EX")
    _, args, cls = m.stack.pop(), m.stack.pop(), m.stack.pop()
    m.stack.append(m.calls.call(cls, args, i, "NEWOBJ_EX"))
    return i + 1


def _build(m: Machine, i: int) -> int:
    m.need(2, "BUILD")
    state = m.stack.pop()
    top = m.stack[-1]
    m.calls.build(top, state, i)
    if m.calls.is_wrapper(top) and m.arrays:
        after = m.array(state, i + 1, m.frame_end, m.aliased)
        m.stack[-1] = None
        return after
    return i + 1


def _ext(m: Machine, i: int) -> int:
    m.stack.append(m.extension(i))
    return i + 1 + {0x82: 1, 0x83: 2, 0x84: 4}[m.data[i]]


def _persid(m: Machine, i: int) -> int:
    stop = line_end(m.data, i + 1, m.end)
    _persistent(m, None, i)
    return stop + 1


def _binpersid(m: Machine, i: int) -> int:
    _persistent(m, m.pop("BINPERSID"), i)
    return i + 1


def _persistent(m: Machine, value: Any, i: int) -> None:
    m.persistent(value, i)
    m.stack.append(None)


def _buffer(m: Machine, i: int) -> int:
    m.stack.append(None)
    return i + 1


def _readonly(m: Machine, i: int) -> int:
    m.need(1, "READONLY_BUFFER")
    return i + 1


HANDLERS: dict[int, Callable[[Machine, int], int]] = {
    0x80: _proto, 0x95: _frame, 0x30: _pop, 0x31: _pop_mark, 0x32: _dup,
    0x74: _tuple, 0x85: _tuple_n, 0x86: _tuple_n, 0x87: _tuple_n,
    0x6C: _container, 0x64: _container, 0x91: _container, 0x61: _append,
    0x73: _setitem, 0x67: _get, 0x6A: _long_get, 0x70: _put, 0x71: _binput, 0x72: _binput,
    0x63: _global, 0x93: _stack_global, 0x69: _inst, 0x6F: _obj,
    0x52: _reduce, 0x81: _newobj, 0x92: _newobj_ex, 0x62: _build,
    0x82: _ext, 0x83: _ext, 0x84: _ext, 0x50: _persid, 0x51: _binpersid,
    0x97: _buffer, 0x98: _readonly,
}  # fmt: skip
