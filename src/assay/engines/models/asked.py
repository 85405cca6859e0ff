"""A model that answers messages: what it says of itself, predictions, contributions, and what is inside.

Whoever answers, in the sandbox, in memory or behind a URL, is asked and checked alike.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assay.engines.isolation import Level
from assay.engines.models import wire
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput
from assay.kernel.handles import ModelInfo, Table

if TYPE_CHECKING:
    import pyarrow

_BATCH = 50_000
_BYTES = 128 << 20  # of a message; pictures are large
_LONGEST = 16 << 20


class ModelError(BadInput):
    """A model that cannot be loaded or does not answer."""


class AskedModel(ABC):
    """Implements the kernel's Model over an exchange of messages; every answer is checked, whoever gave it."""

    asset: Asset
    level: Level
    _info: ModelInfo

    @abstractmethod
    def _ask(self, kind: bytes, body: bytes) -> bytes:
        """Send a message and return what is answered, empty for none; ModelError where it does not answer."""

    def _described(self, said: bytes) -> ModelInfo:
        """Read what it says of itself, which untrusted code has written."""
        try:
            raw = json.loads(said) if len(said) <= _LONGEST else {}
            features, classes = raw["features"], raw["classes"]
            names = [raw["framework"], raw["format"], raw["task"], *features]
            if not isinstance(features, list) or not isinstance(classes, list):
                raise TypeError
            if not all(isinstance(n, str) and len(n) <= 1000 for n in names):
                raise TypeError
            if not all(isinstance(c, (str, int, float, bool, type(None))) for c in classes):
                raise TypeError
            detail = raw.get("detail")
            if detail is not None and not isinstance(detail, dict):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ModelError("says nothing of itself that can be read", where=self.asset.name) from None
        return ModelInfo(
            raw["framework"], raw["format"], tuple(features), tuple(classes), raw["task"], detail
        )

    @property
    def info(self) -> ModelInfo:
        """Return what it says of itself."""
        return self._info

    def predict(self, data: Table | pyarrow.Table) -> pyarrow.Table:
        """Return prediction, and score or score_<class>, a row a row."""
        table = self._all(b"P", data)
        if table is None:
            raise ModelError("gives no predictions", where=self.asset.name)
        return table

    def contributions(self, data: Table | pyarrow.Table, *, of: str | None = None) -> pyarrow.Table | None:
        """Return exact SHAP values, a column a feature, ``bias`` and ``margin``; None where it has none."""
        return self._all(b"C", data, of)

    def background(self, data: pyarrow.Table) -> None:
        """Name the rows that a linear model's values are measured against."""
        self._ask(b"B", wire.pack_table(data.select(self._wanted(data.column_names)).slice(0, _BATCH)))

    def interactions(self, data: pyarrow.Table, *, of: str | None = None) -> pyarrow.Table | None:
        """Return mean |SHAP interaction values|, features × features; None where it has none."""
        given = data.select(self._wanted(data.column_names))
        answer = self._ask(b"N", wire.pack_asked(of, given))
        return self._read(answer) if answer else None

    def gradients(
        self, data: Table | pyarrow.Table, *, of: str | None = None, baseline: str = "mean"
    ) -> pyarrow.Table | None:
        """Return integrated gradients as contributions are returned; None where it has no gradients."""
        return self._all(b"G", data, {"of": of, "baseline": baseline})

    def inside(self) -> dict[str, Any] | None:
        """Return its tree or its coefficients as JSON, which untrusted code has written; None where it has neither."""
        said = self._ask(b"S", b"")
        if not said:
            return None
        try:
            found = json.loads(said) if len(said) <= _LONGEST else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ModelError("says nothing of its inside that can be read", where=self.asset.name)
        return found

    def _all(self, kind: bytes, data: Table | pyarrow.Table, of: Any = None) -> pyarrow.Table | None:
        import pyarrow as pa

        parts = []
        for batch in self._batches(data):
            answer = self._ask(
                kind, wire.pack_asked(of, batch) if kind in (b"C", b"G") else wire.pack_table(batch)
            )
            if not answer:
                return None
            parts.append(self._checked(answer, batch.num_rows))
        try:
            return pa.concat_tables(parts, promote_options="permissive")
        except pa.ArrowException as error:
            raise ModelError(f"answers unlike columns ({str(error)[:100]})", where=self.asset.name) from None

    def _checked(self, answer: bytes, rows: int) -> pyarrow.Table:
        table = self._read(answer)
        if table.num_rows != rows:
            raise ModelError(f"answered {table.num_rows} rows for {rows}", where=self.asset.name)
        return table

    def _read(self, answer: bytes) -> pyarrow.Table:
        """What comes back was made by untrusted code."""
        try:
            return wire.unpack_answer(answer)
        except ValueError as error:
            raise ModelError(
                f"answered what is no table of plain columns: {error}", where=self.asset.name
            ) from None

    def _batches(self, data: Table | pyarrow.Table) -> Iterator[pyarrow.Table]:
        import pyarrow as pa

        if isinstance(data, pa.Table):
            wanted = self._wanted(data.column_names)
            size = (
                _BATCH if data.nbytes < _BYTES else max(1, min(_BATCH, _BYTES * data.num_rows // data.nbytes))
            )
            for start_ in range(0, max(data.num_rows, 1), size):
                yield data.slice(start_, size).select(wanted)
            return
        wanted = self._wanted([c.name for c in data.columns])
        found = False
        for batch in data.batches(wanted, _BATCH):
            found = True
            yield pa.Table.from_batches([batch])
        if not found:
            yield data.arrow(wanted, limit=0)

    def _wanted(self, columns: Sequence[str]) -> list[str]:
        features = self._info.features
        if not features:
            return list(columns)
        missing = [f for f in features if f not in columns]
        if missing:
            some = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            raise ModelError(f"wants columns that the data does not have: {some}", where=self.asset.name)
        return list(features)
