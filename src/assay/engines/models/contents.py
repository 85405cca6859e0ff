"""A file that answers nothing: arrays, tensors and plain values, to be written in a form that holds no code.

Runs inside the sandbox only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models import torchstored
from assay.engines.models.torchstored import Tensor

MOST = 1_000_000  # arrays, values and containers of one file
_DEEPEST = 32
_HEADER = 100 << 20  # the most that a safetensors header may have, as its own library has it
_PLAIN = (str, int, float, bool, type(None))


class ContentsModel:
    """What a file holds that has no predict. why: what whoever asks it is told."""

    def __init__(
        self, found: Any, framework: str, format: str, why: str, array: Callable[[Tensor], Any] | None = None
    ) -> None:
        self._found, self.framework, self.format, self._why, self._array = (
            found,
            framework,
            format,
            why,
            array,
        )

    @classmethod
    def of_torch(cls, path: Path, old: bool) -> ContentsModel:
        """Read weights that have no code beside them, without PyTorch. ValueError where there is more than weights in it."""
        found, array = torchstored.read(path, old)
        count = sum(not isinstance(v, _PLAIN) for _, v in leaves(found))
        return cls(found, "pytorch", "weights", _alone(path, count), array)

    @classmethod
    def of_safetensors(cls, path: Path) -> ContentsModel:
        """Read how many tensors a safetensors file names; ValueError where its header cannot be read."""
        with path.open("rb") as content:
            length = int.from_bytes(content.read(8), "little")
            try:
                header = json.loads(content.read(min(length, _HEADER)))
                count = sum(n != "__metadata__" for n in dict(header))
            except (ValueError, TypeError, RecursionError) as error:
                raise ValueError(f"{path.name} is no safetensors file: {str(error)[:100]}") from None
        return cls({}, "pytorch", "safetensors", _alone(path, count))

    @classmethod
    def of_numpy(cls, path: Path) -> ContentsModel:
        """Read an .npy or .npz of numbers; ValueError for one of objects."""
        try:
            opened = np.load(path, allow_pickle=False)
            found = dict(opened) if hasattr(opened, "files") else {"array": opened}
        except ValueError as error:
            raise ValueError(f"{path.name} holds more than arrays of numbers: {str(error)[:100]}") from None
        why = f"{path.name} holds arrays alone ({len(found)}), which answer nothing"
        return cls(found, "numpy", "npz" if hasattr(opened, "files") else "npy", why)

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself: that it answers nothing, and why."""
        return {
            "framework": self.framework, "format": self.format, "features": [], "classes": [], "task": "unknown",
            "detail": {"answers_nothing": self._why},
        }  # fmt: skip

    def predict(self, table: pa.Table) -> pa.Table:
        """Raise ValueError: it answers nothing."""
        raise ValueError(self._why)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Raise ValueError: it answers nothing."""
        raise ValueError(self._why)

    @property
    def found(self) -> Any:
        """Return it as it was read."""
        return self._found

    def arrays(self) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
        """Return its arrays by name, the types that numpy has no name for, and its plain values by name.

        What is nested is named by its place, as in ``encoder.0.weight``. ValueError for anything else, or too much of it.
        """
        arrays: dict[str, Any] = {}
        types: dict[str, str] = {}
        plain: dict[str, Any] = {}
        for name, value in leaves(self._found):
            if name in arrays or name in plain:
                raise ValueError(f"two things in it would be called {name[:100]}")
            if isinstance(value, Tensor) and self._array is not None:
                arrays[name] = self._array(value)
                if str(arrays[name].dtype) != value.type:
                    types[name] = value.type
            elif isinstance(value, (np.ndarray, np.generic)):
                arrays[name] = np.asarray(value)
            else:
                plain[name] = value
        return arrays, types, plain


def _alone(path: Path, count: int) -> str:
    return (
        f"{path.name} holds weights alone ({count} tensors); put the code beside them: model.py with "
        "build() or one module class, or code/inference.py with model_fn"
    )


def holds(found: Any) -> bool:
    """Whether something is arrays and plain values alone."""
    try:
        return all(True for _ in leaves(found))
    except ValueError:
        return False


def leaves(found: Any) -> Iterator[tuple[str, Any]]:
    """Give each array, tensor and plain value with its place; ValueError for what is none, or too much or too deep."""
    waiting: list[tuple[str, Any, int]] = [("", found, 0)]
    seen = 0
    while waiting:
        name, value, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST or seen > MOST:
            raise ValueError(f"it holds more than {MOST:,} values, or is nested more than {_DEEPEST} deep")
        if isinstance(value, (Tensor, *_PLAIN)) or (
            isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "fiubc"
        ):
            yield name or "array", value
        elif isinstance(value, dict) and all(isinstance(k, (str, int)) for k in value):
            inner = [(f"{name}.{k}" if name else str(k), v, depth + 1) for k, v in value.items()]
            waiting += reversed(inner)
        elif type(value) in (list, tuple):
            inner = [(f"{name}.{at}" if name else str(at), v, depth + 1) for at, v in enumerate(value)]
            waiting += reversed(inner)
        else:
            what = f"{type(value).__module__}.{type(value).__qualname__}"
            raise ValueError(f"{name or 'it'} is a {what}, which is neither an array nor a plain value"[:300])
