"""What the names a pickle imports are used for: imported, called, changed; and what comes of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from assay.methods.pickles import hooks, sizes
from assay.methods.pickles.arrays import Arrays
from assay.methods.pickles.hits import Hit
from assay.methods.pickles.names import Names
from assay.methods.pickles.opcodes import NAMES, Buffer
from assay.methods.pickles.values import (
    Bag,
    Computed,
    DType,
    Global,
    Instance,
    Tup,
    call,
    show,
    text_of,
)

HIT_LIMIT = 1_000
GLOBAL_LIMIT = 10_000
CALL_LIMIT = 20_000  # calls that are not allowed, and names that are computed, that are each spelled out
_RECONSTRUCT = {
    ("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor"), ("copyreg", "__newobj__"),
    ("copy_reg", "__newobj__"), ("copyreg", "__newobj_ex__"),
}  # fmt: skip
_ARRAYS = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")}
_TYPED = {(f"numpy.{core}.{module}", name) for core in ("core", "_core") for module, name in (("multiarray", "scalar"), ("numeric", "_frombuffer"))}  # fmt: skip
# These call or make what they are given.
_CALLERS = {
    ("numpy.random._pickle", "__generator_ctor"), ("numpy.random._pickle", "__bit_generator_ctor"),
    ("numpy.random._pickle", "__randomstate_ctor"), ("numpy.ma.core", "_mareconstruct"),
    ("pandas.core.indexes.base", "_new_Index"), ("pandas.core.indexes.datetimes", "_new_DatetimeIndex"),
    ("pandas.core.indexes.period", "_new_PeriodIndex"), ("pandas.core.indexes.interval", "_new_IntervalIndex"), ("pandas.core.internals.blocks", "new_block"),
    ("torch._tensor", "_rebuild_from_type_v2"), ("torch._utils", "_rebuild_wrapper_subclass"),
}  # fmt: skip
# What they give, or whether they may give it, depends on what they are given.
_HEEDED = {("_codecs", "encode"), ("numpy", "dtype")}
_HEEDED_BUILTINS = {"type", "getattr", "bytes", "bytearray", "str"}
# What holds a callable with some of what it is given, for whoever calls it later.
PARTIAL = ("functools", "partial")
_MEMMAP = ("numpy", "memmap")  # opens its file when made by any means but as an array
_LATIN = {"latin1", "latin-1", "latin_1", "iso-8859-1"}


class Calls(Arrays):
    """Keeps the names of one pickle and judges what is done with them."""

    def __init__(self, data: Buffer, names: Names) -> None:
        self.data, self.names = data, names
        self.protocol = 0
        self.hits: list[Hit] = []
        self.forgotten = Computed("<something met earlier>")
        self._globals: dict[tuple[str, str, bool], Global] = {}
        self._hit_of: dict[tuple[str, str], Hit] = {}
        self._loose: Counter[Global] = Counter()
        self._hooks: dict[str, Hit] = {}
        self._dangers = self._written = 0
        self._late = Computed("<what one of very many calls gave>")

    # ---- names

    def resolve(self, module: str, name: str, at: int, opcode: str) -> Any:
        """Return what stands for an imported name; one that is not allowed is a hit."""
        key = (module, name, self.protocol < 3)
        known = self._globals.get(key)
        if known is not None:
            if known.guarded:
                self.appears(known)
            return known
        judged = self.names.judge(module, name, self.protocol)
        found = Global(module, name, judged, at=at)
        if not judged.allowed:
            sort = "danger" if judged.level == "danger" else "unknown"
            hit = Hit(sort, f"{module}.{name}", show(found, self.data), at, opcode, what=judged.what)  # type: ignore[arg-type]
            self._add(hit)
            self._hit_of[module, name] = hit
        if len(self._globals) >= GLOBAL_LIMIT:
            return self.forgotten if judged.allowed else Computed(show(found, self.data))
        self._globals[key] = found
        if found.guarded:
            self.appears(found)
        return found

    # ---- names whose every appearance must be accounted for

    def appears(self, found: Global) -> None:
        """Note that a guarded name stands on the stack once more."""
        self._loose[found] += 1

    def _spent(self, holder: Tup | Bag | None, found: Any) -> None:
        """Note that a guarded name was used as its own library uses it; once for each tuple or dict that holds it."""
        if isinstance(found, Global) and found.guarded and not (holder is not None and holder.spent):
            self._loose[found] -= 1
            if holder is not None:
                holder.spent = True

    def account(self) -> None:
        """Note the guarded names that were used for something else."""
        for found, count in self._loose.items():
            if count > 0:
                name = f"{found.module}.{found.name}"
                self._add(Hit("unknown", name, f"{name} handed on", found.at, "GLOBAL", called=True))

    def computed_name(self, module: Any, name: Any, at: int) -> Any:
        """Return what stands for a name that is not written down but computed."""
        self._written += 1
        late = self._written > CALL_LIMIT
        text = self._late.text if late else f"<the name {show(module, self.data)} . {show(name, self.data)}>"
        self._add(Hit("unknown", text, text, at, "STACK_GLOBAL"))
        return self._late if late else Computed(text)

    def extension(self, code: int, at: int, opcode: str) -> Any:
        """Return what stands for an entry of the copyreg extension registry."""
        text = f"<extension code {code}>"
        self._add(Hit("unknown", text, text, at, opcode))
        return Computed(text)

    def _add(self, hit: Hit) -> None:
        self._dangers += hit.sort == "danger"
        if len(self.hits) < HIT_LIMIT or (hit.sort == "danger" and self._dangers < HIT_LIMIT):
            self.hits.append(hit)
        else:
            self.hits[-1].count += 1

    # ---- calls

    def call(self, callable_: Any, args: Any, at: int, opcode: str) -> Any:
        """Return what stands for the result of a call; a call that is not allowed is a hit."""
        if isinstance(callable_, Global):
            level = callable_.judged.level
            self._spent(None, callable_)
            if level == "make" and opcode in ("NEWOBJ", "NEWOBJ_EX") and callable_.key != _MEMMAP:
                return callable_.made()
            if level == "call" and not self._misused(callable_, args):
                self._weigh(callable_, args, at, opcode)
                return self._result(callable_, args)
            return self._refused(callable_, args, at, opcode)
        self._written += 1
        late = self._written > CALL_LIMIT
        text = self._late.text if late else call(callable_, args, self.data)
        sort = "lost" if callable_ is self.forgotten else "unknown"
        self._add(Hit(sort, text, text, at, opcode, called=True))  # type: ignore[arg-type]
        return self._late if late else Computed(text)

    def _weigh(self, callable_: Global, args: Any, at: int, opcode: str) -> None:
        given = args.items if type(args) is Tup else ()
        self._use(given)
        much = sizes.large(callable_, given, self.data) if callable_.key in sizes.WEIGHED else ""
        if much:
            text, name = call(callable_, args, self.data), f"{callable_.module}.{callable_.name}"
            self._add(Hit("bomb", name, text, at, opcode, called=True, what=much))

    def _use(self, given: tuple[Any, ...]) -> None:
        """Note dtypes that something is made of: who changes them from now on changes what was made."""
        for value in given:
            if isinstance(value, DType):
                value.used = True

    def _refused(self, callable_: Global, args: Any, at: int, opcode: str) -> Any:
        hit = self._hit_of.get(callable_.key)
        self._written += 1
        if hit is not None and hit.called and self._written > CALL_LIMIT:
            hit.count += 1
            return self._late
        text = call(callable_, args, self.data)
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
        if callable_.key in _RECONSTRUCT:
            return self._reconstructs(callable_, given)
        if callable_.key == PARTIAL:
            return not given or not self._holds(given[0])
        if callable_.key in _CALLERS or callable_.name == "newObj":
            return not isinstance(args, Tup) or self._hands_on(given)
        if callable_.module in ("builtins", "__builtin__"):
            if callable_.name == "type":  # of None and its like, which have no name
                return len(given) != 1 or not (self._none(given[0]) or self._nameless(given[0]))
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

    def _holds(self, held: Any) -> bool:
        """Whether a partial may hold this: an allowed name, and none that is heeded for what it is given.

        NumPy calls what objects hold (``__array__``, an item's ``sin``) while a pickle loads: a getattr so held
        reaches everything, though the pickle itself never calls it.
        """
        return (
            isinstance(held, Global)
            and held.judged.allowed
            and held.key != PARTIAL
            and held.key not in _HEEDED | _RECONSTRUCT | _CALLERS | _ARRAYS
            and held.name != "newObj"
            and not (held.module in ("builtins", "__builtin__") and held.name in _HEEDED_BUILTINS)
        )

    def _reconstructs(self, callable_: Global, given: tuple[Any, ...]) -> bool:
        """Whether copyreg is asked to make something else than an object of an allowed class, or by another's means."""
        cls = given[0] if given else None
        if not isinstance(cls, Global) or cls.judged.level not in ("call", "make") or cls.key == _MEMMAP:
            return True
        if cls.key == PARTIAL:
            inner = given[1] if callable_.name == "__newobj_ex__" and len(given) > 1 else Tup(list(given[1:]))
            return type(inner) is not Tup or not inner.items or not self._holds(inner.items[0])
        if callable_.name != "_reconstructor":
            return False
        base = given[1] if len(given) > 2 else None
        return not isinstance(base, Global) or base.judged.level != "call"

    def _hands_on(self, given: tuple[Any, ...]) -> bool:
        """Whether something is called by an allowed callable that may not be called by the pickle itself."""
        for at, value in enumerate(given):
            if isinstance(value, Global) and (value.judged.level != "call" or value.guarded):
                return True
            if isinstance(value, Computed) or (isinstance(value, Instance) and value.of.name == "partial"):
                return True
            inner = given[2] if at == 0 and len(given) > 2 else None
            if isinstance(value, Global) and type(inner) is Tup and self._misused(value, inner):
                return True
        return False

    def _result(self, callable_: Global, args: Any) -> Any:
        given = args.items if type(args) is Tup else ()
        if callable_.key == ("_codecs", "encode"):
            return None
        if callable_.key in _RECONSTRUCT:
            cls = given[0]
            self._spent(args, cls)
            return cls.made()
        if callable_.key in _ARRAYS and given:
            self._spent(args, given[0])  # a memmap is written as any array is, and read as one
        if callable_.key == ("numpy", "dtype") and given:
            return DType.read(text_of(given[0], self.data)) or DType.of(given[0])
        return callable_.made()

    def is_array(self, value: Instance) -> bool:
        """Whether it stands for an array whose state is still to come."""
        return value.of.key in _ARRAYS or value.of.key in sizes.WEIGHED

    def gives_one(self, callable_: Global) -> bool:
        """Whether each call of it gives the same, whatever it is given and however it is called."""
        if callable_.judged.level != "call" or callable_.name == "newObj":
            return False
        if callable_.key in _HEEDED | {PARTIAL} | _RECONSTRUCT | _CALLERS | _ARRAYS | _TYPED | sizes.WEIGHED:
            return False
        return callable_.module not in ("builtins", "__builtin__") or callable_.name not in _HEEDED_BUILTINS

    def _nameless(self, value: Any) -> bool:
        return isinstance(value, Global) and value.name in ("Ellipsis", "NotImplemented")

    # ---- names that are asked for

    def keyed(self, key: Any, value: Any, at: int) -> None:
        """Note an object that a dict holds under a name at which Python or a library calls it."""
        name = hooks.asked_for(key, self.data)
        if name and (type(key) is int or hooks.names_itself(value)):
            self._hook(name, f"{{{name!r}: {show(value, self.data)}}}", at)

    def filled(self, target: Any, at: int, shape: int) -> None:
        """Note items that are added to what is no container: whatever it holds by the name of ``extend`` is called."""
        if target is self.forgotten:
            text = show(target, self.data)
            self._add(Hit("lost", text, text, at, NAMES[self.data[at]], called=True))
        elif isinstance(target, Global) or (isinstance(target, Instance) and not hooks.takes(target, shape)):
            text = hooks.filling(target, shape, self.data)
            self._hook(text.rsplit(".", 1)[1].partition("(")[0], text, at)

    def _hook(self, name: str, text: str, at: int) -> None:
        hit = self._hooks.get(name)
        if hit is not None:
            hit.count += 1
            return
        hit = Hit("hook", name, text, at, NAMES[self.data[at]], called=True)
        if len(self._hooks) < HIT_LIMIT:
            self._hooks[name] = hit
        self._add(hit)

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
            false = self._set_dtype(target, state)
            if false:
                text = f"{show(target, self.data)}.__setstate__({show(state, self.data)})"
                self._add(Hit("lie", "numpy.dtype", text, at, "BUILD", called=True, what=false))
        elif isinstance(target, Instance) and target.of.key == PARTIAL:
            items = state.items if type(state) is Tup else ()
            if not items or not self._holds(items[0]):
                text = f"{show(target, self.data)}.__setstate__({show(state, self.data)})"
                self._add(Hit("unknown", "functools.partial", text, at, "BUILD", called=True))
        elif self.is_wrapper(target) and isinstance(state, Bag):
            self._use(tuple(state.items))
            self._spent(state, self._field(state, "subclass"))
        elif isinstance(target, Instance):
            self._use(state.items if type(state) is Tup else ())
            made = hooks.made_names(state)
            if made is not None:
                text = f"{show(target, self.data)}.__dict__.update({show(state, self.data)})"
                self._hook(show(made, self.data), text, at)
