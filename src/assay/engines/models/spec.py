"""assay.json, which lies beside a network: what stands in the tensor that it takes, and what its answers are.

A tensor has no names, so that the order of columns and the codes of categories must be said by whoever trained it:

    {"features": ["age", "city"], "categories": {"city": ["Bern", "Graz"]}, "one_hot": true,
     "mean": {"age": 41.2}, "scale": {"age": 12.5}, "classes": ["no", "yes"], "output": "logits"}

A number is (number - mean) / scale. A category is its place in its list, or one column for each with one_hot; one that is
not in the list is none of them. "output" is "logits", "probabilities" or "number". "input": "image" takes a picture,
resized to "size" [height, width], divided by "divide" (255), channels first unless "channels_last". "class" and
"arguments" name what model.py builds. Runs inside the sandbox only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.frame import predictions, to_pandas, told

NAME = "assay.json"
_LONGEST = 1 << 20
_OUTPUTS = ("logits", "probabilities", "number")


@dataclass(frozen=True)
class Spec:
    """What assay.json says, each of it optional."""

    features: list[str] = field(default_factory=list)
    categories: dict[str, list[Any]] = field(default_factory=dict)
    one_hot: bool = False
    mean: dict[str, float] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    classes: list[Any] = field(default_factory=list)
    output: str = ""
    input: str = "columns"
    size: list[int] = field(default_factory=list)
    divide: float = 255.0
    channels_last: bool = False
    made_of: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, *folders: Path) -> Spec:
        """Read the first assay.json of the folders; an empty one where there is none. ValueError where it is none."""
        for folder in folders:
            path = folder / NAME
            if path.is_file():
                if path.stat().st_size > _LONGEST:
                    raise ValueError(f"{NAME} is larger than {_LONGEST >> 20} MiB")
                return cls.parsed(path.read_text("utf-8"))
        return cls()

    @classmethod
    def parsed(cls, text: str) -> Spec:
        """Return what JSON says; ValueError that names the field which it gets wrong."""
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{NAME} is no JSON: {str(error)[:100]}") from None
        if not isinstance(raw, dict):
            raise ValueError(f"{NAME} holds no object")
        kinds: dict[str, type | tuple[type, ...]] = {
            "features": list, "categories": dict, "one_hot": bool, "mean": dict, "scale": dict, "classes": list,
            "output": str, "input": str, "size": list, "divide": (int, float), "channels_last": bool,
            "class": str, "arguments": dict,
        }  # fmt: skip
        for key, kind in kinds.items():
            if key in raw and not isinstance(raw[key], kind):
                raise ValueError(f"{NAME}: {key} is a {type(raw[key]).__name__}")
        made = cls(**{("made_of" if k == "class" else k): raw[k] for k in kinds if k in raw})
        if not all(isinstance(n, str) for n in made.features):
            raise ValueError(f"{NAME}: features are names")
        unknown = [n for n in (*made.categories, *made.mean, *made.scale) if n not in made.features]
        if unknown:
            raise ValueError(f"{NAME}: {unknown[0]!r} is none of its features")
        if made.output not in ("", *_OUTPUTS):
            raise ValueError(f"{NAME}: output is one of {', '.join(_OUTPUTS)}")
        if made.classes and made.output not in ("logits", "probabilities"):
            raise ValueError(
                f'{NAME} names classes, and not whether its output is "logits" or "probabilities"'
            )
        if made.input not in ("columns", "image"):
            raise ValueError(f'{NAME}: input is "columns" or "image"')
        if made.input == "image" and len(made.features) > 1:
            raise ValueError(f"{NAME}: of a picture there is one feature, the column that holds it")
        if made.size and (
            len(made.size) != 2 or not all(type(s) is int and 0 < s <= 4096 for s in made.size)
        ):
            raise ValueError(f"{NAME}: size is [height, width], each up to 4096")
        return made

    @property
    def task(self) -> str:
        """Return the kind of problem, in the words of ModelInfo."""
        if self.classes:
            return "binary" if len(self.classes) == 2 else "multiclass"
        return "regression" if self.output == "number" else "unknown"

    @property
    def smooth(self) -> bool:
        """Whether its tensor can be moved a little: it holds numbers, and no places in lists."""
        return self.input == "columns" and bool(self.features) and (self.one_hot or not self.categories)

    def group(self) -> list[int]:
        """Return the feature that each column of the tensor comes from."""
        out: list[int] = []
        for at, name in enumerate(self.features):
            out += [at] * (len(self.categories[name]) if name in self.categories and self.one_hot else 1)
        return out

    def tensor(self, table: pa.Table) -> Any:
        """Return what the network takes: rows × columns, or rows × pictures, in 32 bits. ValueError where it cannot be told."""
        if self.input == "image":
            return self._pictures(table)
        if not self.features:
            raise ValueError(
                f"it takes a matrix and does not say which columns stand in it; name them in {NAME} beside it: "
                '{"features": ["…"]}'
            )
        frame = to_pandas(table, self.features)
        parts = [self._column(name, frame[name]) for name in self.features]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def _column(self, name: str, column: Any) -> Any:
        if name in self.categories:
            place = {str(value): at for at, value in enumerate(self.categories[name])}
            codes = np.array([place.get(str(v), -1) for v in column])
            if self.one_hot:
                return (codes[:, None] == np.arange(len(place))).astype(np.float64)
            return codes[:, None]
        try:
            found = column.to_numpy(dtype=np.float64)[:, None]
        except (TypeError, ValueError):
            raise ValueError(
                f"{name} holds no numbers, and {NAME} does not say how it is coded (categories)"
            ) from None
        return (found - float(self.mean.get(name, 0))) / float(self.scale.get(name, 1) or 1)

    def _pictures(self, table: pa.Table) -> Any:
        frame = to_pandas(table, self.features)
        held = [c for c in frame.columns if len(frame) and isinstance(frame[c].iloc[0], np.ndarray)]
        if len(frame) and len(held) != 1:
            raise ValueError(
                "it takes a picture, and the data has none: model.explain is given them by --image, and other checks judge a "
                "table of its answers (--predicted)"
            )
        found = [resized(picture, self.size) for picture in (frame[held[0]] if held else ())]
        if len({p.shape for p in found}) > 1:
            raise ValueError(f'its pictures are not of one size; name it in {NAME}: "size": [height, width]')
        stacked = np.stack(found).astype(np.float32) / self.divide
        return stacked if self.channels_last else stacked.transpose(0, 3, 1, 2)

    def told(self, raw: Any) -> pa.Table:
        """Return a network's answers, rows or rows × outputs, as the table that a model answers with."""
        raw = np.asarray(raw, dtype=np.float64)
        raw = raw.reshape(len(raw), -1) if raw.ndim > 1 else raw[:, None]
        if not self.classes:
            return predictions(raw[:, 0]) if self.output == "number" and raw.shape[1] == 1 else told(raw)
        wanted = {1, 2} if len(self.classes) == 2 else {len(self.classes)}
        if raw.shape[1] not in wanted:
            raise ValueError(f"it gives {raw.shape[1]} outputs for {len(self.classes)} classes")
        scores = probabilities(raw) if self.output == "logits" else raw
        if scores.shape[1] == 1:
            scores = np.column_stack([1 - scores[:, 0], scores[:, 0]])
        return predictions(np.asarray(self.classes)[scores.argmax(axis=1)], scores, self.classes)


def probabilities(logits: Any) -> Any:
    """Return the logistic function of one output, the softmax of several."""
    if logits.shape[1] == 1:
        return 0.5 * (1 + np.tanh(0.5 * logits))
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


def resized(picture: Any, size: list[int]) -> Any:
    """Return a picture (height × width × channels) at another size, bilinear between the centres of its points."""
    if not size or list(picture.shape[:2]) == size:
        return picture
    out = picture.astype(np.float32)
    for axis, (old, new) in enumerate(zip(picture.shape[:2], size, strict=True)):
        place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = np.floor(place).astype(int)
        share = (place - low).reshape([-1 if a == axis else 1 for a in range(3)]).astype(np.float32)
        high = np.minimum(low + 1, old - 1)
        out = out.take(low, axis=axis) * (1 - share) + out.take(high, axis=axis) * share
    return out
