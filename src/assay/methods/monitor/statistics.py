"""statistics.json of SageMaker Model Monitor: what a table's columns hold, with a sketch of each; read, written, counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from assay.methods.monitor.kll import SHRINKING, SIZE, Kll

if TYPE_CHECKING:
    import pyarrow as pa

Inferred = Literal["Integral", "Fractional", "String", "Unknown"]
BUCKETS = 10
_TRUTHS = {"true", "false"}
MOST_VALUES = 10_000  # different texts whose counts are kept


@dataclass
class Column:
    """What a column holds.

    present, missing: values and those that are not there. matches: share of the values that can be read as each type. Of
    numbers: mean, sum, standard deviation (divided by n), least, greatest, ``buckets`` of equal width as (lower, upper,
    count), and a sketch. Of texts: how many differ and, where they are not too many, how often each comes.
    """

    name: str
    inferred: Inferred
    present: int
    missing: int
    mean: float = math.nan
    total: float = math.nan
    deviation: float = math.nan
    least: float = math.nan
    most: float = math.nan
    buckets: list[tuple[float, float, int]] = field(default_factory=list)
    sketch: Kll | None = None
    distinct: int = 0
    values: dict[str, int] | None = None
    matches: dict[str, float] = field(default_factory=dict)

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.inferred in ("Integral", "Fractional")

    @property
    def completeness(self) -> float:
        """Return the share of rows that have a value; 1 where there is no row."""
        rows = self.present + self.missing
        return self.present / rows if rows else 1.0

    def called(self, name: str) -> Column:
        """Return it under another name."""
        return replace(self, name=name)

    def spelled_as(self, known: Iterable[str]) -> Column:
        """Return it with truth values spelled as those of a baseline: one caller writes True, another true. Other texts stay
        as they are.
        """
        spelling = {k.casefold(): k for k in known}
        if self.values is None or not spelling or not spelling.keys() <= _TRUTHS:
            return self
        values: dict[str, int] = {}
        for text, count in self.values.items():
            as_known = spelling.get(text.casefold(), text)
            values[as_known] = values.get(as_known, 0) + count
        return replace(self, values=values, distinct=len(values))


@dataclass
class Statistics:
    """Of a table: how many rows it has, and what each column holds, in order."""

    rows: int
    columns: dict[str, Column]

    def to_dict(self) -> dict[str, Any]:
        """Return it as Model Monitor writes it."""
        return {
            "version": 0.0,
            "dataset": {"item_count": self.rows},
            "features": [_feature(c) for c in self.columns.values()],
        }


def counted(name: str, values: Iterable[pa.Array], *, k: int = SIZE, c: float = SHRINKING) -> Column:
    """Return what a column holds, of its parts; these are of one type, and are gone through twice where they are several."""
    import pyarrow as pa

    parts = [p for p in values if len(p)]
    if not parts:
        return Column(name, "Unknown", 0, 0)
    type_ = parts[0].type
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return _numbers(name, parts, Kll(k, c), whole=pa.types.is_integer(type_))
    return _texts(name, parts)


def _numbers(name: str, parts: list[pa.Array], sketch: Kll, *, whole: bool) -> Column:
    import numpy as np
    import pyarrow as pa

    rows = sum(map(len, parts))
    n, total, least, most, integral = 0, 0.0, math.inf, -math.inf, 0
    mean = square = 0.0
    held = []
    for part in parts:
        values = part.cast(pa.float64(), safe=False) if not pa.types.is_float64(part.type) else part
        found = values.drop_null().to_numpy(zero_copy_only=False)
        found = found[~np.isnan(found)]
        finite = found[np.isfinite(found)]
        held.append(finite)
        n += len(found)
        integral += len(found) if whole else int(np.count_nonzero(finite == np.floor(finite)))
        if not len(finite):
            continue
        sketch.update(finite)
        least, most = min(least, float(finite.min())), max(most, float(finite.max()))
        with np.errstate(over="ignore", invalid="ignore"):
            part_mean, m = float(finite.mean()), len(finite)
            seen = sum(map(len, held)) - m
            delta = part_mean - mean
            square += float(((finite - part_mean) ** 2).sum()) + delta * delta * seen * m / (seen + m)
            mean += delta * m / (seen + m)
            total += float(finite.sum())
    count = sum(map(len, held))
    inferred: Inferred = "Unknown" if not n else "Integral" if integral == n else "Fractional"
    if not whole and inferred == "Integral":
        inferred = "Fractional"  # written with a point, as its type says
    column = Column(name, inferred, n, rows - n)
    if not n:
        return column
    column.matches = {
        "Integral": 1.0 if whole else _written_whole(integral, n),
        "Fractional": 1.0,
        "String": 1.0,
    }
    column.sketch = sketch
    if count:
        column.mean, column.total, column.least, column.most = mean, total, least, most
        column.deviation = math.sqrt(square / count)
        column.buckets = _buckets(held, least, most)
    return column


def _written_whole(integral: int, n: int) -> float:
    """Return the share of whole numbers; where all are whole and yet no integers, they were written with a point."""
    return 0.0 if integral == n else integral / n


def _buckets(parts: list[Any], least: float, most: float) -> list[tuple[float, float, int]]:
    """Return ten of equal width: the lower bound belongs to each, the upper to the last alone."""
    import numpy as np

    if least == most:
        return [(least, most, sum(map(len, parts)))]
    steps = np.arange(BUCKETS + 1) / BUCKETS
    edges = least * (1 - steps) + most * steps  # of which no part can be more than a float holds
    if not (edges[1:] > edges[:-1]).all():
        return [(least, most, sum(map(len, parts)))]
    counts = np.sum([np.histogram(part, edges)[0] for part in parts], axis=0)
    return [(float(a), float(b), int(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False)]


def _texts(name: str, parts: list[pa.Array]) -> Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = pa.chunked_array([as_text(p) for p in parts])
    rows, missing = len(whole), whole.null_count
    if missing == rows:
        return Column(name, "Unknown", 0, rows)
    found = pc.value_counts(whole.drop_null())
    values, counts = found.field(0), found.field(1)
    order = pc.sort_indices(pa.table({"n": counts, "v": values}), [("n", "descending"), ("v", "ascending")])
    column = Column(name, "String", rows - missing, missing, distinct=len(values))
    if len(values) <= MOST_VALUES:
        column.values = dict(zip(values.take(order).to_pylist(), counts.take(order).to_pylist(), strict=True))
    present = rows - missing
    column.matches = {
        "String": 1.0,
        "Integral": _share(pc.match_substring_regex(values, _WHOLE), counts) / present,
        "Fractional": _share(pc.match_substring_regex(values, _NUMBER), counts) / present,
    }
    return column


_WHOLE = r"^\s*[+-]?\d+\s*$"
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


def _share(which: pa.Array, counts: pa.Array) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(counts.filter(which)).as_py() or 0)


def as_text(values: pa.Array) -> pa.Array:
    """Return values as their texts: of a truth value ``true``, of a time its ISO form."""
    import pyarrow as pa
    import pyarrow.compute as pc

    type_ = values.type
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return values.cast(pa.string())
    if pa.types.is_boolean(type_):
        return pc.if_else(values, "true", "false")
    if pa.types.is_dictionary(type_):
        return values.dictionary_decode().cast(pa.string())
    if pa.types.is_binary(type_) or pa.types.is_nested(type_):
        return pa.array([None if v is None else str(v) for v in values.to_pylist()], pa.string())
    return values.cast(pa.string())


def _feature(column: Column) -> dict[str, Any]:
    common = {"num_present": column.present, "num_missing": column.missing}
    out: dict[str, Any] = {"name": column.name, "inferred_type": column.inferred}
    if column.numeric:
        numbers: dict[str, Any] = {"common": common}
        if column.sketch is not None and column.sketch.n:
            numbers |= {
                "mean": _plain(column.mean),
                "sum": _plain(column.total),
                "std_dev": _plain(column.deviation),
                "min": column.least,
                "max": column.most,
                "distribution": {
                    "kll": {
                        "buckets": [
                            {"lower_bound": a, "upper_bound": b, "count": float(n)}
                            for a, b, n in column.buckets
                        ],
                        "sketch": column.sketch.to_dict(),
                    }
                },
            }
        return out | {"numerical_statistics": numbers}
    texts: dict[str, Any] = {"common": common, "distinct_count": float(column.distinct)}
    if column.values is not None:
        buckets = [{"value": v, "count": n} for v, n in column.values.items()]
        texts["distribution"] = {"categorical": {"buckets": buckets}}
    return out | {"string_statistics": texts}


def _plain(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def read(raw: Any) -> Statistics:
    """Read a statistics.json that Model Monitor wrote, or we; ValueError where it is none. Whole numbers may stand as floats."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("features"), list):
        raise ValueError("it is no statistics.json: there are no features in it")
    columns = {}
    for feature in raw["features"]:
        try:
            column = _read(feature)
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"the feature {str(feature)[:60]!r} cannot be read") from error
        columns[column.name] = column
    dataset = raw.get("dataset")
    rows = _whole(dataset.get("item_count", 0)) if isinstance(dataset, Mapping) else 0
    return Statistics(rows, columns)


def _whole(value: Any) -> int:
    found = int(float(value))
    if found < 0:
        raise ValueError(f"statistics.json counts {found}, and nothing comes less than never")
    return found


def _read(raw: Mapping[str, Any]) -> Column:
    numbers, texts = raw.get("numerical_statistics"), raw.get("string_statistics")
    held: Mapping[str, Any] = numbers or texts or {}
    common = held.get("common") or {}
    inferred = str(raw.get("inferred_type") or "Unknown")
    if inferred not in ("Integral", "Fractional", "String"):
        inferred = "Unknown"
    column = Column(
        str(raw["name"]),
        inferred,  # type: ignore[arg-type]
        _whole(common.get("num_present", 0)),
        _whole(common.get("num_missing", 0)),
    )
    if numbers:
        for name, key in (("mean", "mean"), ("total", "sum"), ("deviation", "std_dev"), ("least", "min"), ("most", "max")):  # fmt: skip
            setattr(column, name, float(numbers.get(key, math.nan)))
        kll = (numbers.get("distribution") or {}).get("kll") or {}
        column.buckets = [
            (float(b["lower_bound"]), float(b["upper_bound"]), _whole(b["count"]))
            for b in kll.get("buckets") or ()
        ]
        if kll.get("sketch"):
            column.sketch = Kll.from_dict(kll["sketch"])
    elif texts:
        column.distinct = _whole(texts.get("distinct_count", 0))
        categories = (texts.get("distribution") or {}).get("categorical")
        if categories:
            column.values = {str(b["value"]): _whole(b["count"]) for b in categories.get("buckets") or ()}
    return column
