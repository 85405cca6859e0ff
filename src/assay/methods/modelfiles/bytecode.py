"""What code of Python would call, read off its instructions without running any: expressions as one would write them.

Straight through, one instruction after another, with a stack of texts; where the way forks both sides are read. Numbers
of instructions: Lib/opcode.py of Python 3.6 to 3.14; code of older versions gives the names it holds and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.methods.modelfiles.marshalled import Code

_OLD = {
    100: "const", 101: "name", 116: "name", 106: "attr", 160: "attr", 108: "import", 109: "from", 124: "local", 136: "deref",
    131: "call", 141: "callkw", 142: "callex", 161: "call", 144: "extended", 125: "store", 90: "storename", 97: "storename",
    137: "storederef", 25: "item", 23: "add", 102: "tuple", 103: "tuple", 157: "join", 1: "pop",
}  # fmt: skip
_311 = {
    **{k: v for k, v in _OLD.items() if k not in (131, 136, 141, 161, 23)}, 116: "global", 171: "call", 137: "deref",
    138: "storederef", 2: "null", 122: "add", 166: "skip",
}  # fmt: skip
_312 = {**_311, 106: "attr12"}
_313 = {
    83: "const", 92: "name", 91: "global", 82: "attr12", 75: "import", 74: "from", 85: "local", 87: "local", 84: "deref",
    53: "call", 57: "callkw", 54: "callex", 71: "extended", 110: "store", 114: "storename", 113: "storename",
    109: "storederef", 5: "item", 45: "add", 52: "tuple", 47: "tuple", 51: "join", 34: "null", 88: "locals2", 32: "pop",
}  # fmt: skip
_314 = {
    82: "const", 93: "name", 92: "global", 80: "attr12", 73: "import", 72: "from", 84: "local", 86: "local", 83: "deref",
    52: "call", 55: "callkw", 4: "callex", 69: "extended", 112: "store", 116: "storename", 115: "storename", 111: "storederef",
    44: "add", 51: "tuple", 46: "tuple", 50: "join", 33: "null", 31: "pop", 94: "small",
}  # fmt: skip
_MOST = 50_000
_WIDE = 200


def nested(code: Code) -> Iterator[Code]:
    """Give a code object and those within it."""
    todo = [code]
    met: set[int] = {id(code)}  # marshal writes what stands in many places once, and refers to it
    while todo:
        one = todo.pop()
        yield one
        stack = list(one.consts)
        while stack:
            item = stack.pop()
            if not isinstance(item, (Code, tuple)) or id(item) in met:
                continue
            met.add(id(item))
            if isinstance(item, Code):
                todo.append(item)
            else:
                stack.extend(item)


def names(code: Code) -> list[str]:
    """Return every name that code fetches, once, in order."""
    return list(dict.fromkeys(name for one in nested(code) for name in one.names))


def calls(code: Code) -> list[str]:
    """Return the calls that code would make, as expressions, once each and in order."""
    found: dict[str, None] = {}
    for one in nested(code):
        for written in _Machine(one).run():
            found.setdefault(written)
    return list(found)


def _table(code: Code) -> dict[int, str]:
    if code.layout == 8:
        return _OLD
    if code.layout == 3:
        return _OLD
    operations = set(code.code[::2])
    if code.code[:1] == b"\x80" or (128 in operations and not operations & {149, 151}):
        return _314
    if 149 in operations and 151 not in code.code[:8:2]:
        return _313
    return _311 if 166 in operations else _312


class _Machine:
    def __init__(self, code: Code) -> None:
        self.code, self.stack = code, list[str]()
        self.kept: dict[str, str] = {}
        self.shown: dict[int, str] = {}
        self.null = False

    def run(self) -> Iterator[str]:
        """Give each call."""
        if self.code.layout == 2 or (self.code.layout == 3 and len(self.code.code) % 2):
            return
        table = _table(self.code)
        wide = 0
        code = self.code.code[: 2 * _MOST]
        for at in range(0, len(code) - 1, 2):
            what = table.get(code[at], "")
            arg = wide << 8 | code[at + 1]
            wide = arg & 0xFFFFFF if what == "extended" else 0
            if what and what != "extended":
                written = self.step(what, arg)
                if written:
                    yield written

    def step(self, what: str, arg: int) -> str:
        """Do one instruction; return the call that it makes, if it makes one."""
        if what in ("const", "small", "name", "global", "local", "deref", "locals2"):
            self.push(self._loaded(what, arg))
        elif what in ("attr", "attr12"):
            place = arg >> 1 if what == "attr12" else arg
            self.push(f"{self.pop()}.{_at(self.code.names, place)}")
        elif what == "import":
            self.pop(), self.pop()
            self.push(f"__import__({_at(self.code.names, arg)!r})")
            return self.stack[-1]
        elif what == "from":
            self.push(f"{self.stack[-1] if self.stack else '…'}.{_at(self.code.names, arg)}")
        elif what in ("store", "storename", "storederef"):
            names_ = self.code.names if what == "storename" else self.code.locals
            self.kept[_at(names_, arg)] = self.pop()
        elif what in ("item", "add"):
            right, left = self.pop(), self.pop()
            self.push(f"{left}[{right}]" if what == "item" else f"{left} + {right}")
        elif what in ("tuple", "join"):
            items = [self.pop() for _ in range(min(arg, 100))][::-1]
            self.push((" + " if what == "join" else ", ").join(items).join(("(", ")")))
        elif what == "pop":
            self.pop()
        elif what in ("call", "callkw", "callex"):
            return self._call(what, arg)
        return ""

    def _call(self, what: str, arg: int) -> str:
        if what == "callkw":
            self.pop()
        count = 1 + (arg & 1) if what == "callex" else min(arg, 100)
        args = [self.pop() for _ in range(count)][::-1]
        function = self.pop()
        written = f"{function}({', '.join(('*' if what == 'callex' else '') + a for a in args)})"
        self.push(written)
        return written[:_WIDE]

    def _loaded(self, what: str, arg: int) -> str:
        if what == "small":
            return str(arg)
        if what == "const":
            if arg not in self.shown:
                self.shown[arg] = _short(self.code.consts[arg] if arg < len(self.code.consts) else "…")
            return self.shown[arg]
        if what in ("name", "global"):
            name = _at(self.code.names, arg >> 1 if what == "global" else arg)
            return self.kept.get(name, name)
        if what == "locals2":
            self.push(self._local(arg >> 4))
            return self._local(arg & 15)
        return self._local(arg)

    def _local(self, arg: int) -> str:
        name = _at(self.code.locals, arg)
        return self.kept.get(name, name)

    def push(self, text: str) -> None:
        """Put a text on the stack, cut short."""
        self.stack.append(text[:_WIDE])

    def pop(self) -> str:
        """Take the topmost text, or one that says that there is none."""
        return self.stack.pop() if self.stack else "…"


def _at(names_: tuple[str, ...], place: int) -> str:
    return names_[place][:_WIDE] if place < len(names_) else "…"


def _short(value: Any, deep: int = 0) -> str:
    """Return the beginning of a constant as one would write it, however long or deep it is."""
    if isinstance(value, Code):
        return f"<{value.name[:_WIDE]}>"
    if isinstance(value, tuple):
        inner = ", ".join(_short(v, deep + 1) for v in value[:20]) if deep < 3 else "…"
        return (f"({inner},)" if len(value) == 1 else f"({inner})")[:80]
    if isinstance(value, (str, bytes)):
        return repr(value[:100])[:80]
    if isinstance(value, int) and value.bit_length() > 1000:  # Python refuses to spell out the longest
        return "…"
    return repr(value)[:80]
