"""What the names a pickle imports are used for: imported, called, changed; and what comes of it."""

from __future__ import annotations

from typing import Any

from assay.methods.pickles.hits import Hit
from assay.methods.pickles.names import Names
from assay.methods.pickles.opcodes import Buffer
from assay.methods.pickles.values import (
    Bag,
    Computed,
    DType,
    Global,
    Instance,
    Tup,
    call,
    plain_of,
    show,
    text_of,
)

HIT_LIMIT = 1_000
GLOBAL_LIMIT = 100_000
_RECONSTRUCT = {
    ("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor"), ("copyreg", "__newobj__"),
    ("copy_reg", "__newobj__"), ("copyreg", "__newobj_ex__"),
}  # fmt: skip
_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_LATIN = {"latin1", "latin-1", "latin_1", "iso-8859-1"}


class Calls:
    """Keeps the names of one pickle and judges what is done with them."""

    def __init__(self, data: Buffer, names: Names) -> None:
        self.data, self.names = data, names
        self.protocol = 0
        self.hits: list[Hit] = []
        self.forgotten = Computed("<something met earlier>")
        self._globals: dict[tuple[str, str, bool], Global] = {}
        self._hit_of: dict[tuple[str, str], Hit] = {}

    # ---- names

    def resolve(self, module: str, name: str, at: int, opcode: str) -> Any:
        """Return what stands for an imported name; one that is not allowed is a hit."""
        key = (module, name, self.protocol < 3)
        known = self._globals.get(key)
        if known is not None:
            return known
        judged = self.names.judge(module, name, self.protocol)
        found = Global(module, name, judged)
        if not judged.allowed:
            sort = "danger" if judged.level == "danger" else "unknown"
            hit = Hit(sort, f"{module}.{name}", show(found, self.data), at, opcode, what=judged.what)  # type: ignore[arg-type]
            self._add(hit)
            self._hit_of[module, name] = hit
        if len(self._globals) >= GLOBAL_LIMIT:
            return self.forgotten if judged.allowed else Computed(show(found, self.data))
        self._globals[key] = found
        return found

    def computed_name(self, module: Any, name: Any, at: int) -> Any:
        """Return what stands for a name that is not written down but computed."""
        text = f"<the name {show(module, self.data)} . {show(name, self.data)}>"
        self._add(Hit("unknown", text, text, at, "STACK_GLOBAL"))
        return Computed(text)

    def extension(self, code: int, at: int, opcode: str) -> Any:
        """Return what stands for an entry of the copyreg extension registry."""
        text = f"<extension code {code}>"
        self._add(Hit("unknown", text, text, at, opcode))
        return Computed(text)

    def _add(self, hit: Hit) -> None:
        if len(self.hits) < HIT_LIMIT:
            self.hits.append(hit)
        else:
            self.hits[-1].count += 1

    # ---- calls

    def call(self, callable_: Any, args: Any, at: int, opcode: str) -> Any:
        """Return what stands for the result of a call; a call that is not allowed is a hit."""
        if isinstance(callable_, Global):
            if callable_.judged.level == "call" and not self._misused(callable_, args):
                return self._result(callable_, args)
            return self._refused(callable_, args, at, opcode)
        text = call(callable_, args, self.data)
        sort = "lost" if callable_ is self.forgotten else "unknown"
        self._add(Hit(sort, text, text, at, opcode, called=True))  # type: ignore[arg-type]
        return Computed(text)

    def _refused(self, callable_: Global, args: Any, at: int, opcode: str) -> Any:
        text = call(callable_, args, self.data)
        hit = self._hit_of.get(callable_.key)
        if hit is None:  # may be mentioned, or called otherwise than so
            hit = Hit("unknown", f"{callable_.module}.{callable_.name}", text, at, opcode, called=True)
            self._hit_of[callable_.key] = hit
            self._add(hit)
        elif not hit.called:
            hit.expression, hit.offset, hit.opcode, hit.called = text, at, opcode, True
        else:
            hit.count += 1
        return Computed(text)

    def _misused(self, callable_: Global, args: Any) -> bool:
        """Whether an allowed callable is called in a way that is not."""
        given = args.items if type(args) is Tup else ()
        if callable_.module in ("builtins", "__builtin__"):
            if callable_.name == "type":
                return len(given) != 1
            if callable_.name == "getattr":  # how Python 3.11 writes a member of an enumeration
                name = text_of(given[1], self.data) if len(given) == 2 else None
                owner = given[0] if given else None
                if not isinstance(owner, Global) or not owner.judged.allowed or name is None:
                    return True
                return not self.names.judge(owner.module, f"{owner.name}.{name}").allowed
            if callable_.name in ("bytes", "bytearray", "str") and len(given) > 1:
                return str(text_of(given[1], self.data)).lower() not in _LATIN
        if callable_.key == ("_codecs", "encode"):
            return len(given) != 2 or str(text_of(given[1], self.data)).lower() not in _LATIN
        return False

    def _result(self, callable_: Global, args: Any) -> Any:
        given = args.items if type(args) is Tup else ()
        if callable_.key == ("_codecs", "encode"):
            return None
        if callable_.key in _RECONSTRUCT:
            cls = given[0] if given else None
            return cls.made() if isinstance(cls, Global) else callable_.made()
        if callable_.key == ("numpy", "dtype") and given:
            code = text_of(given[0], self.data)
            if code is not None and len(code) < 32:
                return DType(code, code.lstrip("<>|=")[:1] == "O")
        return callable_.made()

    # ---- state

    def build(self, target: Any, state: Any, at: int) -> None:
        """Note what BUILD does: a class or function changed in place is a hit."""
        if isinstance(target, Global):
            text = f"{show(target, self.data)}.__dict__.update({show(state, self.data)})"
            self._add(Hit("tampering", f"{target.module}.{target.name}", text, at, "BUILD", called=True))
        elif target is self.forgotten:
            text = show(target, self.data)
            self._add(Hit("lost", text, text, at, "BUILD", called=True))
        elif isinstance(target, DType):
            fields = plain_of(state, self.data)
            if isinstance(fields, tuple) and len(fields) >= 8 and isinstance(fields[7], int):
                target.objects = target.objects or bool(fields[7] & 1)
            elif target.code.lstrip("<>|=")[:1] == "V":
                target.code = "unknown"  # its fields may be objects

    # ---- joblib

    def is_wrapper(self, value: Any) -> bool:
        """Whether a value stands for joblib's NumpyArrayWrapper."""
        return isinstance(value, Instance) and value.of.key == _WRAPPER

    def extent(self, state: Any) -> tuple[int, bool, bool] | None:
        """Return (bytes, whether the items are objects, whether padding comes first), None when it cannot be told."""
        if not isinstance(state, Bag) or state.more:
            return None
        keys = [text_of(k, self.data) for k in state.items[::2]]
        fields = dict(zip(keys, state.items[1::2], strict=False))
        dtype, shape = fields.get("dtype"), plain_of(fields.get("shape"), self.data)
        if not isinstance(dtype, DType) or not isinstance(shape, tuple):
            return None
        if not all(type(n) is int and n >= 0 for n in shape):
            return None
        alignment = fields.get("numpy_array_alignment_bytes")
        aligned = alignment is not None and plain_of(alignment, self.data) is not None
        if dtype.objects:
            return 0, True, aligned
        if dtype.itemsize is None:
            return None
        size = dtype.itemsize
        for n in shape:
            size *= n
        return size, False, aligned
