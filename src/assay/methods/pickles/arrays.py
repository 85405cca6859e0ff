"""NumPy's arrays inside a pickle: what their dtype holds, and how long the raw bytes are that joblib writes after one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assay.methods.pickles.opcodes import Buffer
from assay.methods.pickles.values import Bag, DType, Instance, Tup, plain_of, text_of

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")


class Arrays:
    """Reads states of dtypes and of joblib's wrappers."""

    data: Buffer

    def _set_dtype(self, target: DType, state: Any) -> None:
        """Read the state of a dtype as NumPy does from version 3 on; any other leaves the dtype unknown.

        The flags say whether its items are objects; fields that say otherwise make it unknown too.
        """
        items = state.items if isinstance(state, Tup) else ()
        plain = [plain_of(v, self.data) for v in items]
        if len(items) not in (8, 9) or plain[0] not in (3, 4) or type(plain[7]) is not int:
            target.code = "unknown"
            return
        target.objects = target.objects or bool(plain[7] & 1)
        inner = [v for v in items[2:5] if not self._none(v)]
        if inner and (
            not target.code.startswith("V") or (not target.objects and self._may_hold_objects(inner))
        ):
            target.code = "unknown"

    def _none(self, value: Any) -> bool:
        return type(value) is int and self.data[value] == 0x4E

    def _may_hold_objects(self, values: Iterable[Any]) -> bool:
        """Whether a dtype among these values holds objects, or cannot be seen."""
        for value in values:
            if type(value) is int:
                continue
            if isinstance(value, DType):
                if value.objects or value.code == "unknown":
                    return True
            elif isinstance(value, (Tup, Bag)):
                if isinstance(value, Bag) and value.more:
                    return True
                if self._may_hold_objects(value.items):
                    return True
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
