"""PyTorch's own layouts: the old stream of five pickles and raw storages, and its tar of before 2017."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._view import View
from assay.methods.pickles.values import Bag, Global, Tup, plain_of

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

SIZES = {
    "Float": 4, "Double": 8, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1,
    "Bool": 1, "ComplexFloat": 8, "ComplexDouble": 16, "QInt8": 1, "QUInt8": 1, "QInt32": 4, "Untyped": 1,
}  # fmt: skip


def item_size(value: Any) -> int | None:
    """Return the bytes of an item of a storage class such as torch.FloatStorage."""
    if not isinstance(value, Global) or not value.name.endswith("Storage"):
        return None
    return SIZES.get(value.name.removesuffix("Storage"))


def stream(view: View, ground: Ground, at: int) -> bool:
    """Follow the stream after its magic number: version, system, object, keys, then the storages' raw bytes."""
    from assay.checks.model.scan.pickle import one

    sizes: dict[Any, int] = {}
    order: list[Any] = []
    for number in range(4):
        found = one(view, ground, at, torch=True)
        if not found.complete:
            return False
        at = found.end
        if number == 2:
            for value in found.persistent:
                _storage(view, value, sizes)
        elif number == 3 and isinstance(found.result, Bag):
            order = [plain_of(k, view.data) for k in found.result.items]
            order = sorted(sizes, key=str) if found.result.more else order
    for key in order:
        after = _raw(view, at, sizes.get(key))
        if after is None:
            return ground.not_understood(view, "the length of a storage cannot be told", offset=at)
        at = after
    if at < view.size:
        return ground.not_understood(view, f"{view.size - at:,} bytes follow the last storage", offset=at)
    return True


def _storage(view: View, value: Any, sizes: dict[Any, int]) -> None:
    """Read ('storage', torch.FloatStorage, key, location, count, view) into key → item size."""
    if isinstance(value, Tup) and len(value.items) >= 5:
        size = item_size(value.items[1])
        key = plain_of(value.items[2], view.data)
        if size is not None and key is not None:
            sizes[key] = size


def _raw(view: View, at: int, size: int | None) -> int | None:
    """Return where a storage (a count of eight bytes, then its items) ends, None when it cannot be told."""
    if size is None or at + 8 > view.size:
        return None
    (count,) = struct.unpack_from("<q", view.data, at)
    after = at + 8 + int(count) * size
    return after if count >= 0 and after <= view.size else None


TAR = frozenset({"sys_info", "pickle", "storages", "tensors"})


def tar_member(view: View, ground: Ground) -> bool:
    """Follow a member of PyTorch's tar: pickles, after each of which raw bytes may stand."""
    from assay.checks.model.scan.pickle import one

    name = view.name
    found = one(view, ground, 0, torch=True)
    if not found.complete:
        return False
    at = found.end
    number = plain_of(found.result, view.data)
    count = number if name in ("storages", "tensors") and type(number) is int else 0
    for _ in range(min(count, view.size)):
        found = one(view, ground, at, torch=True)
        if not found.complete:
            return False
        items = found.result.items if isinstance(found.result, Tup) else ()
        after = (
            _raw(view, found.end, item_size(items[2]) if len(items) == 3 else None)
            if name == "storages"
            else _shape(view, found.end)
        )
        if after is None:
            return ground.not_understood(view, "the length of a storage cannot be told", offset=found.end)
        at = after
    while name == "storages" and at < view.size:  # the list of views that ends the member
        found = one(view, ground, at, torch=True)
        if not found.complete:
            return False
        at = found.end
    if at < view.size:
        return ground.not_understood(view, f"{view.size - at:,} bytes follow its last pickle", offset=at)
    return True


def _shape(view: View, at: int) -> int | None:
    if at + 8 > view.size:
        return None
    (dimensions,) = struct.unpack_from("<i", view.data, at)
    after = at + 8 + 16 * int(dimensions) + 8
    return after if 0 <= dimensions <= 64 and after <= view.size else None
