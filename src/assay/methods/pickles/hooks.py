"""Names under which Python and libraries call what an object holds, while a pickle loads or soon after.

The unpickler itself calls ``__setstate__``, ``extend``, ``append`` and ``add`` of what it has made, NumPy and pandas an
object's ``__array__``: all of them whatever the object holds under that name. The text of an object's own attribute
is a name of its author's; one between two pairs of underscores is Python's, and an object whose state sets such a name
to another object is made to be called. What takes items one after the other is a list, a dict or a set.
"""

from __future__ import annotations

from typing import Any

from assay.methods.pickles.names import allowed
from assay.methods.pickles.opcodes import Buffer
from assay.methods.pickles.values import Bag, Computed, Global, Instance, Tup, show, text_of

# Which people write as keys of their own, and nothing calls.
_TITLES = frozenset(
    {"__version__", "__metadata__", "__meta__", "__author__", "__date__", "__doc__", "__name__", "__info__"}
)
_LISTS = {
    ("builtins", "list"), ("__builtin__", "list"), ("collections", "deque"), ("array", "array"),
    ("array", "_array_reconstructor"), ("pandas.core.indexes.frozen", "FrozenList"),
}  # fmt: skip
_DICTS = {
    ("builtins", "dict"), ("__builtin__", "dict"), ("collections", "OrderedDict"), ("collections", "defaultdict"),
    ("collections", "Counter"), ("collections", "UserDict"), ("collections", "ChainMap"),
    ("sklearn.utils._bunch", "Bunch"), ("sklearn.utils._encode", "_nandict"), ("sklearn.utils._encode", "_NaNCounter"),
    ("scipy.sparse._dok", "dok_matrix"), ("scipy.sparse._dok", "dok_array"), ("scipy.sparse.dok", "dok_matrix"),
}  # fmt: skip
_TAKES = {0x65: _LISTS, 0x75: _DICTS}
_CALLED = {0x65: "extend([...])", 0x75: "update({...})", 0x90: "add(...)"}


def takes(made: Instance, shape: int) -> bool:
    """Whether an object may be filled by this opcode: a container, or something of a class that the user vouches for."""
    key = made.of.key
    if key in _TAKES.get(shape, ()):
        return True
    if key in (("copyreg", "_reconstructor"), ("copyreg", "__newobj__")):
        return False
    return key not in allowed()


def asked_for(key: Any, data: Buffer) -> str:
    """Return the name that a dict gives an object under, where Python or a library asks for it; or the empty string."""
    if isinstance(key, (Instance, Computed)):
        return show(key, data)
    name = text_of(key, data) or ""
    asks = len(name) > 4 and name.startswith("__") and name.endswith("__") and name not in _TITLES
    return name if asks else ""


def names_itself(value: Any) -> bool:
    """Whether a value is surely called by who calls it: a class or function, or what holds one."""
    return isinstance(value, Global) or (
        isinstance(value, Instance) and value.of.key == ("functools", "partial")
    )


def made_names(state: Any) -> Any:
    """Return what in a state is no text or dict of the pickle's own, and may hold any names; None where nothing is."""
    parts = state.items if type(state) is Tup and len(state.items) == 2 else (state,)
    for part in parts:
        if isinstance(part, Computed) or (isinstance(part, Instance) and part.of.key in _DICTS):
            return part
        if type(part) is Bag and part.kind == "dict":
            for key in part.items[::2]:
                if isinstance(key, (Instance, Computed)):
                    return key
    return None


def filling(target: Any, shape: int, data: Buffer) -> str:
    """Return, as Python, what an opcode that adds items would call."""
    return f"{show(target, data)}.{_CALLED[shape]}"
