"""Objects made to be called: each holds something under a name that the unpickler, NumPy or pandas asks for and calls.

WAYS is proven: loaded with ``os.getpid`` in the hook's place, each really calls it (test_hooks.py). The samples hold that,
and what reaches everything though it is on no list of dangers: getattr, type, partial.
"""

from __future__ import annotations

import collections
import enum
import functools
import math
import pickle
import types
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from tests.corpus.sample import Sample
from tests.corpus.streams import P4, short, stack

ONE, NS = b"K\x01", stack("types", "SimpleNamespace") + b")R"


def call(module: str, name: str, *args: bytes) -> bytes:
    return stack(module, name) + b"(" + b"".join(args) + b"tR"


def dict_of(**items: bytes) -> bytes:
    return b"}(" + b"".join(short(k) + v for k, v in items.items()) + b"u"


def holding(**items: bytes) -> bytes:
    """A SimpleNamespace that holds these."""
    return NS + dict_of(**items) + b"b"


def made(module: str, name: str, state: bytes) -> bytes:
    return stack(module, name) + b")\x81" + state + b"b"


# How the hook is reached: by the unpickler, by NumPy, by other libraries.
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "extend, by APPENDS": lambda x: holding(extend=x) + b"(" + ONE + b"e",
    "append, by APPEND": lambda x: holding(append=x) + ONE + b"a",
    "append, by APPENDS": lambda x: holding(append=x) + b"(" + ONE + b"e",
    "add, by ADDITEMS": lambda x: holding(add=x) + b"(" + ONE + b"\x90",
    "__setstate__, by a second BUILD": lambda x: holding(__setstate__=x) + ONE + b"b",
    "__setstate__ as a slot": lambda x: NS + b"N" + dict_of(__setstate__=x) + b"\x86b" + ONE + b"b",
    "__setstate__ in a state made of pairs": lambda x: NS + call("collections", "OrderedDict", b"](" + short("__setstate__") + x + b"\x86e") + b"b" + ONE + b"b",
    "__setstate__ under a name that is made": lambda x: NS + b"}" + call("builtins", "str", short("__setstate__")) + x + b"sb" + ONE + b"b",
    "__setstate__ with letters escaped": lambda x: NS + b"}V__set\\u0073tate__\n" + x + b"sb" + ONE + b"b",
    "__setstate__ by DICT": lambda x: NS + b"(" + short("__setstate__") + x + b"db" + ONE + b"b",
    "__setstate__ behind twenty others": lambda x: NS + dict_of(**{f"a{i}": ONE for i in range(20)}, __setstate__=x) + b"b" + ONE + b"b",
    "__setstate__ of a dict known by another name": lambda x: NS + b"}\x94(" + short("__setstate__") + x + b"ub" + ONE + b"b",
    "__setstate__ to a partial's keyword": lambda x: holding(__setstate__=stack("functools", "partial") + b"(" + stack("builtins", "max") + b"](" + ONE + ONE + b"et" + dict_of(key=x) + b"\x92") + ONE + b"b",
    "keys, by dict": lambda x: call("builtins", "dict", holding(keys=x)),
    "replace, by UUID": lambda x: call("uuid", "UUID", holding(replace=x)),
    "__array__, by numpy.matrix": lambda x: call("numpy", "matrix", holding(__array__=x)),
    "__array__, by numpy.float64": lambda x: call("numpy", "float64", holding(__array__=x)),
    "__array__ as a slot": lambda x: call("numpy", "matrix", NS + b"N" + dict_of(__array__=x) + b"\x86b"),
    "__array__, by a masked array": lambda x: call("numpy.ma", "MaskedArray", holding(__array__=x)),
    "a maker of random states": lambda x: call("numpy.random._pickle", "__randomstate_ctor", short("MT19937"), x),
}  # fmt: skip
HEAVY: dict[str, Callable[[bytes], bytes]] = {
    "__array__, by a pandas index": lambda x: call("pandas", "Index", holding(__array__=x)),
    "__array__, by a sparse matrix": lambda x: call("scipy.sparse._csr", "csr_matrix", holding(__array__=x)),
    "__array__, by a spline": lambda x: call("scipy.interpolate._bsplines", "BSpline", holding(__array__=x), ONE, ONE),
    "an attribute that is an item": lambda x: call("sklearn.utils._bunch", "Bunch") + b"(" + short("extend") + x + b"u(" + ONE + b"e",
    "a scorer of scorers": lambda x: holding(extend=made("sklearn.metrics._scorer", "_MultimetricScorer", dict_of(_scorers=dict_of(a=x), _raise_exc=b"\x88"))) + b"(" + ONE + b"e",
}  # fmt: skip
# What does nothing by itself and everything when it is called with what a file says.
REACHING = (("builtins", "getattr"), ("builtins", "type"), ("functools", "partial"))


def written(way: Callable[[bytes], bytes], module: str, name: str) -> bytes:
    """The pickle."""
    return P4 + way(stack(module, name)) + b"."


class Kind(enum.Enum):
    """Python 3.11 writes its members through getattr."""

    ONE = 1


def _benign() -> Iterator[object]:
    counted = collections.Counter("abca")
    ordered = collections.OrderedDict(a=1)
    ordered.note = "an attribute of its own"
    yield {"__version__": types.SimpleNamespace(major=1), "__class__": "a text", "__len__": 3}
    yield types.SimpleNamespace(f=math.log, g=functools.partial(max, key=abs), kind=type(None))
    yield [counted, ordered, collections.deque([1, 2], 5), collections.defaultdict(list, a=[1])]
    yield [type(None), type(...), type(NotImplemented), ..., NotImplemented]


def samples(folder: Path) -> Iterator[Sample]:
    """Each way with each of what it must not hold; and what merely looks alike."""
    number = 0
    for way, make in (WAYS | HEAVY).items():
        for module, name in (("os", "getpid"), *REACHING):
            path = folder / f"hook{number}.pkl"
            path.write_bytes(written(make, module, name))
            number += 1
            yield Sample(path, True, "hooks", f"{name} as {way}", "pickle" if module == "os" else "")
    path = folder / "class.pkl"
    path.write_bytes(
        P4 + call("builtins", "type", call("fractions", "Fraction")) + b"N" + dict_of(__add__=ONE) + b"\x86b."
    )
    yield Sample(path, True, "hooks", "a class reached by type and changed in place")
    for at, value in enumerate(_benign()):
        for protocol in (0, 2, 4):
            path = folder / f"plain{at}-{protocol}.pkl"
            path.write_bytes(pickle.dumps(value, protocol))
            yield Sample(path, False, "hooks", f"{value!r}"[:60])


def quick(folder: Path) -> Iterator[Sample]:
    """Those of one way in three, and the benign ones."""
    every = list(samples(folder))
    yield from islice((s for s in every if s.hostile), 0, None, 3)
    yield from (s for s in every if not s.hostile)
