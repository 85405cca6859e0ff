"""What a file of PyTorch's holds, read without PyTorch: its pickle by a reader that knows tensors and containers alone.

The forms are those of ``torch.save``: the zip since 1.6 (data.pkl beside data/KEY) and the stream before it (magic number,
version, the pickle, then the storages in the order that a list of keys gives). Runs inside the sandbox only.
"""

from __future__ import annotations

import collections
import math
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

# a storage's class → the name of its type, and what numpy holds its bytes as
_STORAGES = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8",
    "BoolStorage": "bool", "ComplexFloatStorage": "complex64", "UntypedStorage": "uint8",
}  # fmt: skip
_HELD = {"bfloat16": "uint16", "float8_e4m3fn": "uint8", "float8_e5m2": "uint8"}
_DTYPES = {
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
} | {n: n for n in (*_STORAGES.values(), *_HELD, "uint16", "uint32", "uint64")}  # fmt: skip
_REPEATED = 1 << 28  # values of a tensor that has more of them than its storage
_NUMPY = {"_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer"}


@dataclass(frozen=True, slots=True)
class _Named:
    """A class or a type that a tensor is described by."""

    type: str


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    type: str


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor before its bytes are read. type: by the name that PyTorch has for it, such as bfloat16."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    type: str

    def array(self, raw: bytes, order: Literal["<", ">"]) -> Any:
        """Return its values as an array of its own, of a type numpy has: bfloat16 as uint16. order: of the bytes, < or >.

        ValueError where it reaches beyond its storage, as only a forged file says.
        """
        held = np.dtype(_HELD.get(self.type, self.type))
        flat = np.frombuffer(raw, held.newbyteorder(order), count=len(raw) // held.itemsize)
        numbers = (self.offset, *self.size, *self.stride)
        last = self.offset + sum((n - 1) * s for n, s in zip(self.size, self.stride, strict=True))
        empty = 0 in self.size
        if min(numbers) < 0 or (not empty and last >= len(flat)):
            raise ValueError("a tensor in it reaches beyond what is stored for it")
        if empty:
            return np.zeros(self.size, held)
        if math.prod(self.size) > max(_REPEATED, len(flat)):  # by a stride of 0
            raise ValueError("a tensor in it repeats what is stored for it too often")
        strides = tuple(s * held.itemsize for s in self.stride)
        view = np.lib.stride_tricks.as_strided(flat[self.offset :], self.size, strides, writeable=False)
        return np.ascontiguousarray(view).astype(held, copy=False).reshape(self.size)


def read(path: Path, old: bool) -> tuple[Any, Callable[[Tensor], Any]]:
    """Return what a file holds, tensors as ``Tensor``, and what gives the array of one.

    old: whether it is the stream of before PyTorch 1.6. ValueError where it holds anything but tensors, numbers and text.
    """
    try:
        return _stream(path) if old else _zip(path)
    except (
        pickle.UnpicklingError,
        EOFError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
    ) as error:
        raise ValueError(f"{path.name} cannot be read: {str(error)[:150] or type(error).__name__}") from None


def _zip(path: Path) -> tuple[Any, Callable[[Tensor], Any]]:
    opened = zipfile.ZipFile(path)
    (pickled,) = (n for n in opened.namelist() if n.rpartition("/")[2] == "data.pkl")
    top = pickled[: -len("data.pkl")]
    big = f"{top}byteorder" in opened.namelist() and opened.read(f"{top}byteorder") == b"big"
    with opened.open(pickled) as content:
        found = _Reader(content, path.name).load()

    def array(tensor: Tensor) -> Any:
        return tensor.array(opened.read(f"{top}data/{tensor.storage.key}"), ">" if big else "<")

    return found, array


def _stream(path: Path) -> tuple[Any, Callable[[Tensor], Any]]:
    with path.open("rb") as content:
        for _ in range(3):  # the magic number, the version, and how the machine was that wrote it
            _Reader(content, path.name).load()
        reader = _Reader(content, path.name)
        found = reader.load()
        widths = {s.key: np.dtype(_HELD.get(s.type, s.type)).itemsize for s in reader.storages}
        raw = {}
        for key in _Reader(content, path.name).load():
            count = int.from_bytes(content.read(8), "little")
            raw[str(key)] = content.read(count * widths[str(key)])
    return found, lambda tensor: tensor.array(raw[tensor.storage.key], "<")


class _Reader(pickle.Unpickler):
    """Unpickles nothing but containers, numbers, text, arrays of numbers and the description of tensors."""

    def __init__(self, content: IO[bytes], name: str) -> None:
        super().__init__(content)
        self._name = name
        self.storages: list[_Storage] = []

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name; ValueError for one that is none of these."""
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name in _BUILT:
            return _BUILT[name]
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _Named(_STORAGES[name])
        if module == "torch" and name == "Size":
            return tuple
        if module == "torch" and name in _DTYPES:
            return _Named(_DTYPES[name])
        if module.startswith(("numpy.core.", "numpy._core.", "numpy")) and name in _NUMPY:
            return super().find_class(module, name)
        if (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise ValueError(
            f"{self._name} holds {module}.{name}"[:200]
            + ", and that is never loaded; save model.state_dict(), or the model as TorchScript"
        )

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that is named, to be read when all names are known."""
        if pid[0] != "storage" or not isinstance(pid[1], _Named):
            raise ValueError(f"{self._name} holds the source of a module, which is not read")
        if len(pid) > 5 and pid[5] is not None:
            raise ValueError(
                f"{self._name} holds a view of another storage, as PyTorch before 0.4 wrote it; save it anew"
            )
        found = _Storage(str(pid[2]), pid[1].type)
        self.storages.append(found)
        return found


def _tensor(
    storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> Tensor:
    return Tensor(storage, offset, tuple(size), tuple(stride), storage.type)


def _typed(
    storage: _Storage,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    grad: Any,
    hooks: Any,
    dtype: _Named,
    *_: Any,
) -> Tensor:
    return Tensor(storage, offset, tuple(size), tuple(stride), dtype.type)


def _same(tensor: Tensor, *_: Any) -> Tensor:
    return tensor


_BUILT: dict[str, Callable[..., Tensor]] = {
    "_rebuild_tensor": _tensor, "_rebuild_tensor_v2": _tensor, "_rebuild_tensor_v3": _typed,
    "_rebuild_parameter": _same, "_rebuild_parameter_with_state": _same,
}  # fmt: skip
