"""NumPy's arrays inside a pickle: what their dtype holds, and how long the raw bytes are that joblib writes after one."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

from assay.methods.pickles.opcodes import Buffer
from assay.methods.pickles.values import Bag, DType, Instance, Tup, plain_of, text_of
from assay.methods.pickles.walk import Broken

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")


class Arrays:
    """Reads states of dtypes and of joblib's wrappers."""

    data: Buffer

    def _set_dtype(self, target: DType, state: Any) -> str:
        """Read the state of a dtype as NumPy does from version 3 on; any other leaves the dtype unknown.

        The flags say whether its items are objects; fields that say otherwise make it unknown too. NumPy believes
        what a state says: what is false in it comes back, in words, or the empty string.
        """
        items = state.items if isinstance(state, Tup) else ()
        plain = [plain_of(v, self.data) for v in items]
        false = self._false(target, items, plain)
        target.used = True
        if len(items) not in (8, 9) or plain[0] not in (3, 4) or type(plain[7]) is not int:
            target.code = "unknown"
            return false
        target.objects = target.objects or bool(plain[7] & 1)
        inner = [v for v in items[2:5] if not self._none(v)]
        if inner and (
            not target.code.startswith("V") or (not target.objects and self._may_hold_objects(inner))
        ):
            target.code = "unknown"
        return false

    def _false(self, target: DType, items: tuple[Any, ...], plain: list[Any]) -> str:
        """Return what a dtype's state says falsely: of objects, sizes and places, all of which NumPy believes."""
        if target.used:
            return "is changed after it was used"
        if len(items) < 7:
            return "is given a state that cannot be read"
        parts, names, fields = items[2], items[3], items[4]
        size = plain[5]
        if target.code[:1] in ("S", "U", "V", "a"):
            width = 4 if target.code[0] == "U" else 1
            if type(size) is not int or size < 0 or size % width or target.itemsize not in (0, size):
                return "has another size than it says"
            target.code = f"{target.code[0]}{size // width}"
        nested = [v for v in (parts, names, fields) if not self._none(v)]
        if target.code == "unknown" and (nested or not target.named):
            return "is changed into another"
        if nested and not (target.code.startswith("V") and self._lies_within(parts, fields, size)):
            return "has fields that do not lie within it"
        empty = fields is None and size == 0
        holds = target.objects or (not empty and self._may_hold_objects(nested))
        if len(items) > 7 and holds and not (type(plain[7]) is int and plain[7] & 1):
            return "hides that it holds objects, so that bytes become addresses"
        return ""

    def _lies_within(self, parts: Any, fields: Any, size: int) -> bool:
        """Whether each field ends before its dtype does, and an inner array is as large as it says."""
        if not self._none(parts):
            base, shape = parts.items if isinstance(parts, Tup) and len(parts.items) == 2 else (None, None)
            sides = plain_of(shape, self.data)
            sides = sides if isinstance(sides, tuple) else (sides,)
            if not isinstance(base, DType) or not all(type(n) is int and n >= 0 for n in sides):
                return False
            base.used = True
            if prod(sides) * (base.itemsize or 8) != size:
                return False
        if self._none(fields):
            return True
        if not isinstance(fields, Bag):
            return fields is None and size == 0
        if fields.more:
            raise Broken("a NumPy type has more fields than are followed")
        for value in fields.items[1::2]:
            found = value.items if isinstance(value, Tup) else ()
            offset = plain_of(found[1], self.data) if len(found) > 1 else None
            if not isinstance(found[0] if found else None, DType) or type(offset) is not int:
                return False
            found[0].used = True
            inner = found[0].itemsize
            if offset < 0 or offset + (8 if inner is None else inner) > size:
                return False
        return True

    def _none(self, value: Any) -> bool:
        return type(value) is int and self.data[value] == 0x4E

    def _may_hold_objects(self, values: Iterable[Any]) -> bool:
        """Whether a dtype among these values holds objects, or cannot be seen."""
        todo, met = list(values), set()  # a list may hold itself, and one tuple stand in many places
        while todo:
            value = todo.pop()
            if type(value) is int:
                continue
            if isinstance(value, DType):
                if value.objects or value.code == "unknown":
                    return True
            elif isinstance(value, (Tup, Bag)):
                if isinstance(value, Bag) and value.more:
                    return True
                if id(value) not in met:
                    met.add(id(value))
                    todo.extend(value.items)
            else:
                return True
        return False

    def is_wrapper(self, value: Any) -> bool:
        """Whether a value stands for joblib's NumpyArrayWrapper."""
        return isinstance(value, Instance) and value.of.key == _WRAPPER

    def _field(self, state: Bag, name: str) -> Any:
        found = [
            v
            for k, v in zip(state.items[::2], state.items[1::2], strict=False)
            if text_of(k, self.data) == name
        ]
        return found[-1] if found else None

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
        if dtype.code == "unknown":
            return None
        if dtype.objects:
            return 0, True, aligned
        if dtype.itemsize is None:
            return None
        size = dtype.itemsize
        for n in shape:
            size *= n
        return size, False, aligned
