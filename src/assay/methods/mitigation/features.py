"""A table as a matrix that trees and linear models learn from, encoded alike at training and at prediction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from assay.kernel.errors import BadInput
from assay.methods import facets
from assay.methods.values import spelled

MOST_VALUES = 100  # of a text; the rarer ones are one value together
IDENTITY = 0.5  # of the rows: a text of more different values names rows, and tells nothing of others

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Encoder:
    """Columns as numbers. A text is the place of its value, a value not held is one more, a missing one is NaN.

    columns: name and, of texts, the values held. mean, scale: of each number. left: columns that tell nothing, and why.
    """

    columns: tuple[tuple[str, tuple[str, ...] | None], ...]
    mean: Matrix
    scale: Matrix
    left: tuple[tuple[str, str], ...] = ()

    @classmethod
    def learnt(cls, table: pa.Table, names: Iterable[str]) -> Encoder:
        """Return the encoding of the named columns of a table."""
        columns: list[tuple[str, tuple[str, ...] | None]] = []
        left: list[tuple[str, str]] = []
        for name in names:
            column = table.column(name)
            if _numeric(column.type):
                columns.append((name, None))
                continue
            try:
                codes, held = facets.coded(facets.plain(column, name))
            except ValueError:
                left.append((name, "it holds neither numbers nor texts"))
                continue
            counts = np.bincount(codes[codes >= 0], minlength=len(held))
            if len(held) > MOST_VALUES and len(held) > IDENTITY * len(codes):
                left.append((name, "nearly every row has a value of its own"))
                continue
            said = [spelled(v) for v in held.to_pylist()]
            order = sorted((i for i in range(len(said)) if said[i]), key=lambda i: (-int(counts[i]), said[i]))
            columns.append((name, tuple(dict.fromkeys(said[i] for i in order[:MOST_VALUES]))))
        blank = np.zeros(len(columns))
        raw = cls(tuple(columns), blank, blank + 1, tuple(left)).matrix(table)
        numbers = np.array([values is None for _, values in columns], dtype=bool)
        known = np.isfinite(raw)
        n = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, raw, 0).sum(axis=0) / n
        scale = np.sqrt((np.where(known, raw - mean, 0) ** 2).sum(axis=0) / n)
        mean, scale = np.where(numbers, mean, 0), np.where(numbers & (scale > 0), scale, 1)
        return cls(tuple(columns), mean, scale, tuple(left))

    @property
    def names(self) -> list[str]:
        """Return the columns that are encoded."""
        return [name for name, _ in self.columns]

    @property
    def types(self) -> list[str]:
        """Return what each column is, in XGBoost's letters: q a quantity, c a category."""
        return ["q" if values is None else "c" for _, values in self.columns]

    def matrix(self, table: pa.Table) -> Matrix:
        """Return n × p floats, NaN where a value is missing. BadInput where a column of numbers holds none."""
        out = np.full((table.num_rows, len(self.columns)), np.nan)
        for at, (name, values) in enumerate(self.columns):
            column = table.column(name)
            if values is None:
                if not _numeric(column.type):
                    raise BadInput(f"{name} held numbers when this was learnt, and holds none", where=name)
                numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
                out[:, at] = np.where(np.isfinite(numbers), numbers, np.nan)
                continue
            codes, held = facets.coded(facets.plain(column, name))
            place = {v: i for i, v in enumerate(values)}
            said = [spelled(v) for v in held.to_pylist()]
            own = [float(place.get(s, len(values))) if s else np.nan for s in said]
            out[:, at] = np.array([*own, np.nan])[codes]
        return out

    def design(self, matrix: Matrix) -> Matrix:
        """Return what a linear model takes: numbers standardised, the mean where missing; a column of 0 and 1 a value."""
        parts: list[Matrix] = []
        for at, (_, values) in enumerate(self.columns):
            column = matrix[:, at]
            if values is None:
                parts.append(np.nan_to_num((column - self.mean[at]) / self.scale[at])[:, None])
            else:
                parts.append((column[:, None] == np.arange(len(values))[None, :]).astype(np.float64))
        return np.hstack(parts) if parts else np.zeros((len(matrix), 0))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        columns = [
            {"name": name, "mean": float(self.mean[i]), "scale": float(self.scale[i])}
            if values is None
            else {"name": name, "values": list(values)}
            for i, (name, values) in enumerate(self.columns)
        ]
        return {"columns": columns}

    @classmethod
    def from_json(cls, raw: Any) -> Encoder:
        """Read what to_json wrote; ValueError where it is none."""
        try:
            columns = [
                (str(c["name"]), tuple(map(str, c["values"])) if "values" in c else None)
                for c in raw["columns"]
            ]
            mean = np.array([float(c.get("mean", 0)) for c in raw["columns"]])
            scale = np.array([float(c.get("scale", 1)) for c in raw["columns"]])
        except (KeyError, TypeError, AttributeError):
            raise ValueError("its columns cannot be read") from None
        if not np.isfinite(mean).all() or not (np.isfinite(scale) & (scale > 0)).all():
            raise ValueError("its columns cannot be read")
        return cls(tuple(columns), mean, scale)


def _numeric(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind)
    )
