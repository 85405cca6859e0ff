"""The walk over R's items, on a stack of generators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from assay.methods.modelfiles.rds.source import Ascii, Xdr, start

SIZES = {10: 4, 13: 4, 14: 8, 15: 16, 24: 1}
_SYM, _LIST, _CLO, _ENV, _PROM, _LANG, _CHAR, _STR, _DOT, _VEC, _EXPR, _BC, _PTR, _WEAK, _S4 = (
    1, 2, 3, 4, 5, 6, 9, 16, 17, 19, 20, 21, 22, 23, 25,
)  # fmt: skip
_ALT, _ATTRLIST, _ATTRLANG, _BASEENV, _EMPTYENV, _REF_BC = 238, 239, 240, 241, 242, 243
_NAMED = {
    254: "NULL",
    253: "globalenv",
    251: "missing",
    252: "unbound",
    _BASEENV: "baseenv",
    _EMPTYENV: "emptyenv",
    247: "base",
}
_MOST, _DEEP = 20_000_000, 2000
_TEXT = 200


@dataclass(slots=True)
class Found:
    """calls: function → an expression and its offset. kinds: what stands there that is no data, with how often.

    promises: those not run yet, with their offset and whether they stand among a function's variables.
    """

    calls: dict[str, tuple[str, int]] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    promises: list[tuple[str, int, bool]] = field(default_factory=list)
    end: int = 0


def read(data: Any) -> Found:
    """Walk it; ValueError where it does not hold together."""
    return _Walk(data).run()


class _Walk:
    def __init__(self, data: Any) -> None:
        at = start(bytes(data[:16]))
        kind = bytes(data[at : at + 1])
        self.source: Any = (
            Ascii(data, at + 2) if kind == b"A" else Xdr(data, at + 2, ">" if kind == b"X" else "<")
        )
        self.found = Found()
        self.refs: list[str] = [""]
        self.left, self.environments = _MOST, 0
        version = self.source.integer()
        self.source.integer(), self.source.integer()
        if version == 3:
            self.source.raw(self.source.integer())

    def run(self) -> Found:
        """Walk items on a stack of generators, so that nesting takes no recursion."""
        stack: list[Iterator[Any]] = [self.item()]
        said: Any = None
        while stack:
            try:
                child = stack[-1].send(said) if said is not None else next(stack[-1])  # type: ignore[attr-defined]
            except StopIteration as done:
                stack.pop()
                said = done.value if done.value is not None else ""
                continue
            stack.append(child)
            said = None
            if len(stack) > _DEEP:
                raise ValueError(f"it nests deeper than {_DEEP}")
        self.found.end = self.source.at
        return self.found

    def item(self) -> Any:
        """Read one item; a generator that gives those within, and is sent what each is called."""
        self.left -= 1
        if self.left < 0:
            raise ValueError("it holds too many items")
        at = self.source.at
        flags = self.source.integer()
        kind = flags & 0xFF
        attributes, tagged = bool(flags & 0x200), bool(flags & 0x400)
        if kind in _NAMED:
            return _NAMED[kind]
        if kind == 255:
            place = flags >> 8 or self.source.integer()
            return self.refs[place] if 0 < place < len(self.refs) else "?"
        if kind == _SYM:
            name = yield self.item()
            self.refs.append(str(name))
            return str(name)
        if kind in (249, 250, 248):  # namespace, package, persistent
            self.source.integer()
            said = ""
            for _ in range(self._count()):
                one = yield self.item()
                said = said or str(one)
            self.refs.append(f"<{said}>")
            return said
        if kind == _ENV:
            self.source.integer()
            self.refs.append("<environment>")
            self.environments += 1
            for _ in range(4):
                yield self.item()
            self.environments -= 1
            return "<environment>"
        if kind == _CHAR:
            size = self.source.integer()
            return "NA" if size == -1 else self.source.raw(size).decode("utf-8", "replace")[:_TEXT]
        if kind in (_LIST, _LANG, _CLO, _PROM, _DOT, _ATTRLIST, _ATTRLANG):
            return (yield self._pairs(kind, attributes, tagged, at))
        return (yield self._other(kind, attributes, at))

    def _count(self) -> int:
        count = self.source.integer()
        if count == -1:
            high, low = self.source.integer(), self.source.integer()
            count = (high << 32) + (low & 0xFFFFFFFF)
        if count < 0 or count > len(self.source.data):
            raise ValueError(f"a list says it has {count:,} items, more than the file")
        return int(count)

    def _pairs(self, kind: int, attributes: bool, tagged: bool, at: int) -> Any:
        """A pair list goes on by its second half: followed in a loop."""
        if attributes or kind in (_ATTRLIST, _ATTRLANG):
            yield self.item()
        tag = (yield self.item()) if tagged or kind == _CLO else ""
        if kind == _CLO:  # environment (read as the tag), formals, body
            yield self.item()
            body = yield self.item()
            self._kind("functions")
            return f"function(…) {body}"[:_TEXT]
        if kind == _PROM:
            value = yield self.item()
            expression = yield self.item()
            self._kind("promises")
            # R writes those that were run (no environment any more), and those of a function's own arguments
            if (
                tagged
                and not (self.environments and "(" not in str(expression))
                and len(self.found.promises) < 100
            ):
                self.found.promises.append((str(expression)[:_TEXT], at, self.environments > 0))
            return str(value)
        parts: list[str] = []
        head = yield self.item()
        parts.append(f"{tag} = {head}" if tag and kind != _LANG else str(head))
        flags = self.source.integer()
        while flags & 0xFF in (_LIST, _ATTRLIST):
            self.left -= 1
            if self.left < 0:
                raise ValueError("it holds too many items")
            if flags & 0x200 or flags & 0xFF == _ATTRLIST:
                yield self.item()
            tag = (yield self.item()) if flags & 0x400 else ""
            one = yield self.item()
            if len(parts) < 6:
                parts.append(f"{tag} = {one}" if tag else str(one))
            flags = self.source.integer()
        if flags & 0xFF != 254:
            rest = yield self._given(flags)
            parts.append(str(rest))
        if kind in (_LANG, _ATTRLANG):
            return self._called(parts, at)
        return ", ".join(parts)[:_TEXT]

    def _given(self, flags: int) -> Any:
        """An item whose flags have been read: put back."""
        del flags
        self.source.at = self.source.before
        return (yield self.item())

    def _called(self, parts: list[str], at: int) -> str:
        self._kind("calls")
        function, args = parts[0], parts[1:]
        written = f"{function}({', '.join(args)})"
        if function in ("::", ":::", "$", "@") and len(args) == 2:
            written = f"{args[0]}{function}{args[1]}"
        if len(self.found.calls) < 10_000:
            name = function.rpartition("::")[2].lstrip(":")
            self.found.calls.setdefault(name, (written[:_TEXT], at))
        return written[:_TEXT]

    def _kind(self, what: str) -> None:
        self.found.kinds[what] = self.found.kinds.get(what, 0) + 1

    def _other(self, kind: int, attributes: bool, at: int) -> Any:
        said = "…"
        if kind in SIZES:
            self.source.skip(self._count(), SIZES[kind], kind)
        elif kind in (_STR, _VEC, _EXPR):
            for i in range(self._count()):
                one = yield self.item()
                said = f"'{one}'" if kind == _STR and not i else said
            if kind == _EXPR:
                self._kind("expressions")
        elif kind in (7, 8):  # a function of R's own, by name
            said = self.source.raw(self.source.integer()).decode("latin-1")[:_TEXT]
        elif kind == _PTR:
            self.refs.append("<pointer>")
            self._kind("pointers")
            yield self.item()
            yield self.item()
        elif kind == _WEAK:
            self.refs.append("<weak reference>")
            self._kind("weak references")
        elif kind == _BC:
            said = yield self._bytecode()
        elif kind == _ALT:
            info = yield self.item()
            yield self.item()
            yield self.item()
            self._kind(f"compact {info}"[:40])
            return said
        elif kind != _S4:
            raise ValueError(f"an item is of the kind {kind}")
        del at
        if attributes:
            yield self.item()
        return said

    def _bytecode(self) -> Any:
        """Compiled code: its constants hold the expression that it was compiled from."""
        self._kind("compiled functions")
        shared = self.source.integer()
        if not 0 <= shared <= 1_000_000:
            raise ValueError("compiled code says more than it holds")
        return (yield self._code())

    def _code(self) -> Any:
        yield self.item()
        said = ""
        for i in range(self._count()):
            kind = self.source.integer()
            if kind == _BC:
                one = yield self._code()
            elif kind in (_LANG, _LIST, _ATTRLANG, _ATTRLIST, 244, _REF_BC):
                one = yield self._constant(kind)
            else:
                one = yield self.item()
            said = str(one) if not i else said
        return said

    def _constant(self, kind: int) -> Any:
        """A language constant of compiled code, with its own way to say what was said before."""
        at = self.source.at
        if kind == _REF_BC:
            self.source.integer()
            return "…"
        if kind == 244:
            self.source.integer()
            kind = self.source.integer()
        if kind not in (_LANG, _LIST, _ATTRLANG, _ATTRLIST):
            return (yield self.item())
        if kind in (_ATTRLANG, _ATTRLIST):
            yield self.item()
        yield self.item()  # the tag
        parts: list[str] = []
        parts.append(str((yield self._constant(self.source.integer()))))
        rest = self.source.integer()
        while rest in (_LIST, _ATTRLIST):
            if rest == _ATTRLIST:
                yield self.item()
            yield self.item()
            one = yield self._constant(self.source.integer())
            if len(parts) < 6:
                parts.append(str(one))
            rest = self.source.integer()
        last = yield self._constant(rest)
        if str(last) not in ("NULL", ""):
            parts.append(str(last))
        return self._called(parts, at) if kind in (_LANG, _ATTRLANG) else ", ".join(parts)[:_TEXT]
