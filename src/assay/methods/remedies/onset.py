"""Since when a column is wrong, in which rows, and who sends them.

Each row is scored by how much it looks like what is wrong: 1 or 0 where a value is one that never came before (beyond the range,
of no known category, missing), else how far its rank leans the way in which the column moved. The onset is where the cumulative
sum of the scores less their mean strays furthest for its place (the maximum-likelihood estimate of one change of mean), if it
strays further than chance leads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_RARE = 0.005  # the share of rows from which values that never came before are what is wrong
_MANY = 1000  # categories beyond which a column of texts is no column of categories
_MOSTLY = 0.9
_GAP = 7.0  # mean distances of wrong rows, beyond which chance parts two of them once in a thousand times
_GREW = 0.01
_ALIKE = 0.5  # of the larger of two shares, that they may differ by
_SURE = 1.63  # of the scaled cumulative sum: chance leads it so far once in a hundred times (Kolmogorov's distribution)


@dataclass(frozen=True, slots=True)
class Before:
    """What a column was. low, high: of numbers; known: categories and their shares, None where not known; sample: sorted numbers;
    missing: the share of values that were.
    """

    low: float | None = None
    high: float | None = None
    known: dict[str, float] | None = None
    sample: NDArray[np.float64] | None = None
    missing: float = 0.0


@dataclass(frozen=True, slots=True)
class Scored:
    """rows: 0 to 1, by how much each looks wrong. plain: whether each is simply right or wrong. what: in words, after the column's
    name. values: those that never came before, the most frequent first.
    """

    rows: NDArray[np.float64]
    plain: bool
    what: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who sends what. rows: so many since the onset; share: of them that are wrong; part: of all wrong ones, those of this one."""

    name: str
    rows: int
    share: float
    part: float


@dataclass(frozen=True, slots=True)
class Onset:
    """first: place of the first wrong row, None where that cannot be told. share: of rows from there on that are wrong."""

    first: int | None
    share: float
    earlier: bool = False  # whether the rows that are at hand were wrong from the beginning
    carriers: tuple[Carrier, ...] = field(default=())


def before(column: pa.ChunkedArray) -> Before:
    """Return what a column was, from rows that were right."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = column.null_count / len(column) if len(column) else 0.0
    if _numeric(column.type):
        values = _numbers(column)
        values = np.sort(values[np.isfinite(values)])
        if not len(values):
            return Before(missing=missing)
        return Before(float(values[0]), float(values[-1]), None, values, missing)
    counts = pc.value_counts(column.cast(pa.string()).drop_null()) if _textual(column.type) else None
    if counts is None or len(counts) > _MANY:
        return Before(missing=missing)
    total = sum(c["counts"].as_py() for c in counts) or 1
    return Before(known={c["values"].as_py(): c["counts"].as_py() / total for c in counts}, missing=missing)


def scored(column: pa.ChunkedArray, was: Before) -> Scored | None:
    """Return how wrong each row is; None where nothing tells."""
    import numpy as np

    nulls = np.asarray(column.is_null().to_numpy(zero_copy_only=False) if hasattr(column, "to_numpy") else [])
    if nulls.mean() > was.missing + _RARE and nulls.mean() > 2 * was.missing:
        return Scored(nulls.astype(float), True, "is missing")
    if _numeric(column.type):
        return _number(_numbers(column), was)
    if was.low is not None and _textual(column.type):
        return Scored(_unreadable(column), True, "is no number")
    return _category(column, was) if _textual(column.type) and was.known is not None else None


def onset(score: Scored, groups: Sequence[Any] | None = None) -> Onset:
    """Return where it began, and which groups (callers, variants; one a row) carry it."""
    import numpy as np

    rows = score.rows
    if not len(rows) or rows.max() <= 0:
        return Onset(None, 0.0)
    sums = np.cumsum(rows - rows.mean())
    spread = float(rows.std()) * len(rows) ** 0.5
    changed = spread > 0 and -float(sums.min()) / spread > _SURE
    place = _split(sums) if changed else 0
    if score.plain:
        place = _first(rows, place)
    carriers = _carriers(rows[place:], groups, place) if groups is not None else ()
    return Onset(place, float(rows[place:].mean()), place == 0, carriers)


def _split(sums: NDArray[np.float64]) -> int:
    """Return before which row the mean changed: where the sum, weighed by how far it may stray there by chance, is least."""
    import numpy as np

    rows = len(sums)
    edge = max(1, rows // 200)  # nearer to an end chance alone strays as far
    places = np.arange(edge, rows - edge + 1)
    if not len(places):
        return int(np.argmin(sums)) + 1
    return int(places[np.argmin(sums[places - 1] / np.sqrt(places * (rows - places + 1e-9)))])


def _first(rows: NDArray[np.float64], place: int) -> int:
    """Return the first wrong row from about a place on: wrong ones just before it, no rarer than those after, are of the same."""
    import numpy as np

    wrong = np.flatnonzero(rows > 0)
    after = wrong[wrong >= place]
    if not len(after):
        return int(wrong[-1]) if len(wrong) else place
    first = int(after[0])
    gap = _GAP * (len(rows) - first) / len(after)
    for earlier in wrong[wrong < first][::-1]:
        if first - earlier > gap:
            break
        first = int(earlier)
    return first


def _carriers(rows: NDArray[np.float64], groups: Sequence[Any], start: int) -> tuple[Carrier, ...]:
    import numpy as np

    names = np.asarray(["" if g is None else str(g) for g in groups[start:]], dtype=object)
    total = rows.sum() or 1.0
    out = []
    for name in dict.fromkeys(names.tolist()):
        if name:
            own = rows[names == name]
            out.append(Carrier(name, len(own), float(own.mean()), float(own.sum() / total)))
    return tuple(sorted(out, key=lambda c: (-c.part, c.name)))


def _number(values: NDArray[np.float64], was: Before) -> Scored | None:
    import numpy as np

    if was.low is None or was.high is None:
        return None
    with np.errstate(invalid="ignore"):
        under, over = values < was.low, values > was.high
    if (under | over).mean() >= _RARE:
        below, negative = under.sum() >= over.sum(), values < 0
        if below and was.low >= 0 and negative.sum() >= _MOSTLY * under.sum():
            return Scored(negative.astype(float), True, "is below 0")
        what = f"below {was.low:.6g}, the least" if below else f"above {was.high:.6g}, the most"
        return Scored((under if below else over).astype(float), True, f"is {what} there was")
    if was.sample is None:
        return None
    below, upto = (np.searchsorted(was.sample, values, side) for side in ("left", "right"))
    ranks: NDArray[np.float64] = (below + upto) / (2 * len(was.sample))
    ranks[~np.isfinite(values)] = 0.5
    up = ranks.mean() >= 0.5
    return Scored(ranks if up else 1 - ranks, False, f"moved {'up' if up else 'down'}")


def _category(column: pa.ChunkedArray, was: Before) -> Scored | None:
    import numpy as np
    import pyarrow as pa

    known = was.known or {}
    texts = column.cast(pa.string()).to_pylist()
    fresh: dict[str, int] = {}
    for text in texts:
        if text is not None and text not in known:
            fresh[text] = fresh.get(text, 0) + 1
    if sum(fresh.values()) >= _RARE * len(texts):
        rows = np.array([t is not None and t not in known for t in texts], dtype=float)
        values = tuple(sorted(fresh, key=lambda v: (-fresh[v], v))[:5])
        return Scored(rows, True, "is of no category that came before", values)
    share: dict[str, float] = {}
    for text in texts:
        if text is not None:
            share[text] = share.get(text, 0.0) + 1 / len(texts)
    grown = {t for t, s in share.items() if s > known.get(t, 0.0) + _GREW}
    if not grown:
        return None
    some = max(grown, key=lambda t: share[t] - known.get(t, 0.0))
    rows = np.array([float(t in grown) for t in texts])
    return Scored(rows, False, "is more often one of few categories", (some,))


def renamed(column: pa.ChunkedArray, was: Before) -> tuple[str, str] | None:
    """Return the category that is called another name now: one that vanished and one that is new, about as frequent."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if was.known is None or not _textual(column.type):
        return None
    counts = pc.value_counts(column.cast(pa.string()).drop_null())
    now = {c["values"].as_py(): c["counts"].as_py() / max(len(column), 1) for c in counts}
    fresh = {n: s for n, s in now.items() if n not in was.known}
    gone = {n: s for n, s in was.known.items() if n not in now and s >= _GREW}
    pairs = [
        (abs(s - t), o, n)
        for n, s in fresh.items()
        for o, t in gone.items()
        if abs(s - t) <= _ALIKE * max(s, t)
    ]
    if not pairs:
        return None
    _, old, new = min(pairs)
    return old, new


def _unreadable(column: pa.ChunkedArray) -> NDArray[np.float64]:
    import numpy as np

    def wrong(text: Any) -> float:
        try:
            float(text)
        except (TypeError, ValueError):
            return float(text is not None)
        return 0.0

    return np.array([wrong(t) for t in column.to_pylist()])


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    import numpy as np
    import pyarrow as pa

    values = column.cast(pa.float64(), safe=False)
    return np.asarray(
        values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy(),
        dtype=float,
    )


def _numeric(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _textual(kind: pa.DataType) -> bool:
    import pyarrow as pa

    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_boolean(plain))
