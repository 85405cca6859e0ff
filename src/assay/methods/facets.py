"""From columns to groups: which rows are positive, which belong to the disadvantaged group, which are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.kernel.errors import UsageError
from assay.methods.floats import settled
from assay.methods.nearest import did_you_mean
from assay.methods.values import spelled

MAX_GROUPS = 50  # of a facet; the smaller ones are told as not examined
MANY = 20  # different numbers; of more a facet is cut, and a label is an amount
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a facet against the others. member: in it; known: the facet is not missing there."""

    facet: str
    name: str
    member: Mask
    known: Mask
    named: bool = True  # the user named this group; else each takes its turn

    @property
    def shown(self) -> str:
        """Return it in words: ``sex = Female``, or ``sex=Female & race=Black``."""
        return self.name if " & " in self.facet else f"{self.facet} = {self.name}"


def plain(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Return a column of labels, predictions or groups with values that can be told apart and named.

    Dates and times become text, as a calendar may not hold them; UsageError for lists, objects, bytes and the like.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain(column.cast(kind.value_type), name)
    if pa.types.is_timestamp(kind):  # of a zone: as UTC
        column = column.cast(pa.int64()).cast(pa.timestamp(kind.unit))
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind) and not pa.types.is_interval(kind):
        return pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
    if pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    if (
        pa.types.is_boolean(kind)
        or is_number(column)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    ):
        return column
    raise UsageError(
        f"{name} holds values of type {str(kind)[:60]}, which name neither a group nor an outcome",
        remedy="give a column of texts, numbers, dates or truth values",
    )


def named(column: pa.ChunkedArray, values: Sequence[Any], name: str) -> None:
    """UsageError where a value that a person named is in no row."""
    for value in values:
        if not matches(column, [value]).any():
            held = column.unique().slice(0, 1000).to_pylist()
            some = did_you_mean(str(value), [str(v) for v in held if v is not None and v == v])
            raise UsageError(f"no row of {name} is {str(value)[:80]!r}", remedy=some)


def matches(column: pa.ChunkedArray, values: Sequence[Any]) -> Mask:
    """Return which rows hold one of the values, however either is spelled. Missing rows hold none."""
    codes, held = coded(column)
    given = {spelled(v) for v in values} - {""}
    found: Mask = np.array([*(spelled(v) in given for v in held.to_pylist()), False], dtype=bool)[codes]
    return found


def present(column: pa.ChunkedArray) -> Mask:
    """Return which rows are not missing; NaN and empty text are missing."""
    valid = ~np.asarray(pc.is_null(column, nan_is_null=True).to_numpy(zero_copy_only=False), dtype=bool)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        valid &= pc.binary_length(column).to_numpy(zero_copy_only=False) != 0
    return valid


def above(column: pa.ChunkedArray, threshold: float) -> Mask:
    """Return which rows are strictly greater than the threshold; UsageError where the column holds no numbers."""
    try:
        numbers = column.cast(pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UsageError(
            f"a threshold wants numbers, and a column holds others ({str(error).splitlines()[0][:120]})",
            remedy="name values instead",
        ) from None
    return np.asarray(numbers.to_numpy(zero_copy_only=False) > threshold, dtype=bool)  # missing is NaN


def is_number(column: pa.ChunkedArray) -> bool:
    """Whether a column holds numbers."""
    return bool(
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_decimal(column.type)
    )


def groups(
    facet: str,
    column: pa.ChunkedArray,
    values: Sequence[str],
    threshold: float | None,
    *,
    missing_joins: bool,
    cuts: Sequence[float] = (),
    times: Any = None,
) -> tuple[list[Group], int]:
    """Return the groups of a facet: the values named as one, those above a threshold, those between cuts, or each value
    against the rest, the MAX_GROUPS largest of them; and how many more there are.

    missing_joins: rows without the facet count as advantaged, and a group may be everybody, which are the reference
    library's conventions. times: how many rows each one stands for, or None where it is one. UsageError where a value
    named is in no row, or else where nobody is left to compare with.
    """
    if values and threshold is not None:
        raise UsageError(f"{facet} is told apart by values or by a threshold", remedy="give one of them")
    known = np.ones(len(column), dtype=bool) if missing_joins else present(column)
    if threshold is not None or values:
        if values:
            named(column, values, facet)
        shown = f"> {spelled(threshold)}" if threshold is not None else ", ".join(map(str, values))
        member = above(column, threshold) if threshold is not None else matches(column, values)
        if not missing_joins and (not (member & known).any() or not (~member & known).any()):
            which = "every row" if member.any() else "no row"
            raise UsageError(
                f"{which} of {facet} is {shown}, so that there is nobody to compare with",
                remedy="name another group, or another threshold",
            )
        return [Group(facet, shown, member, known)], 0
    if cuts:
        return _between(facet, column, cuts, known), 0
    codes, held = coded(column)
    counts = _counted(codes, present(column), len(held), times)
    names = {
        int(c): str(held[int(c)].as_py())
        for c in np.argsort(-counts, kind="stable")[: 2 * MAX_GROUPS]
        if counts[c]
    }
    order = sorted(names, key=lambda c: (-int(counts[c]), names[c]))[:MAX_GROUPS]
    found = [Group(facet, names[c], codes == c, known, named=False) for c in order]
    return found, int((counts > 0).sum()) - len(found)


def _counted(codes: Any, rows: Mask, least: int, times: Any) -> Any:
    """Return how many rows have each code. rows: those that are counted; times: how many each stands for."""
    found = np.bincount(codes[rows], None if times is None else times[rows], minlength=least)
    return found.astype(np.int64)


def cuts(column: pa.ChunkedArray, times: Any = None) -> tuple[float, ...]:
    """Return the quartiles at which a column of more than MANY numbers is cut; nothing where each value is a group.

    A cut is a value of the column, strictly below its greatest, so that no part is empty. times: how many rows each value
    stands for, or None where it is one.
    """
    if not is_number(column):
        return ()
    held = column.unique().drop_null().cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if int(np.isfinite(held).sum()) <= MANY:
        return ()
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    finite = np.isfinite(numbers)
    numbers = numbers[finite]
    order = np.argsort(numbers)
    reached = np.cumsum((np.ones(len(numbers)) if times is None else times[finite])[order])
    # the least value that so many rows do not exceed, as numpy's inverted_cdf
    places = np.searchsorted(reached, reached[-1] * np.array([0.25, 0.5, 0.75]))
    found, top = np.unique(numbers[order[places]]), numbers.max()
    inside = [float(c) for c in found if c < top]
    return tuple(inside or [float(numbers[numbers < top].max())])


def _between(facet: str, column: pa.ChunkedArray, cuts: Sequence[float], known: Mask) -> list[Group]:
    """Return the parts of a column of numbers: up to the first cut, from each to the next, above the last."""
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    at = np.searchsorted(np.asarray(cuts), numbers, side="left")
    said = [spelled(c) for c in cuts]
    names = [f"<= {said[0]}", *(f"({x}, {y}]" for x, y in pairwise(said)), f"> {said[-1]}"]
    return [Group(facet, name, (at == i) & known, known, named=False) for i, name in enumerate(names)]


def crossed(parts: Sequence[Sequence[Group]], least: int, times: Any = None) -> tuple[list[Group], int, int]:
    """Return the groups that several facets make together, largest first, how many are smaller than ``least`` rows, and
    how many more there are than MAX_GROUPS.

    A facet with one group that was named has two: that group, and all others. times: as in ``groups``.
    """
    codes, names, known = np.zeros(len(parts[0][0].member), dtype=np.int64), [""], parts[0][0].known
    for groups in parts:
        masks = [g.member for g in groups] + ([~groups[0].member] if groups[0].named else [])
        known = known & groups[0].known & np.logical_or.reduce(masks)
        own = [f"{groups[0].facet}={g.name}" for g in groups]
        own += [f"{groups[0].facet}=not {groups[0].name}"] if groups[0].named else []
        codes = codes * len(masks) + np.argmax(np.stack(masks), axis=0)
        names = [f"{one} & {other}" if one else other for one in names for other in own]
    counts = _counted(codes, known, len(names), times)
    order = [int(c) for c in np.argsort(-counts, kind="stable") if counts[c] >= max(least, 1)]
    facet = " & ".join(groups[0].facet for groups in parts)
    found = [Group(facet, names[c], (codes == c) & known, known, named=False) for c in order[:MAX_GROUPS]]
    return found, int((counts > 0).sum()) - len(order), max(0, len(order) - MAX_GROUPS)


def coded(column: pa.ChunkedArray) -> tuple[Any, pa.Array]:
    """Return for each row the place of its value, -1 where there is none, and the distinct values."""
    encoded = settled(column.combine_chunks()).dictionary_encode()
    places = encoded.indices
    codes = np.frombuffer(places.buffers()[1] or b"", np.int32, len(places), 4 * places.offset)
    if places.null_count:  # fill_null with a number would import pandas
        codes = np.where(places.is_valid().to_numpy(zero_copy_only=False), codes, -1)
    return codes.astype(np.int64), encoded.dictionary


def strata(column: pa.ChunkedArray, yes: Mask, d_rows: Mask, known: Mask, weights: Any = None) -> Any:
    """Return (rejected of d, rejected, accepted of d, accepted) of each stratum, s × 4; missing values are one of their own.

    weights: what each row, or combination of values, counts for; None where each is one.
    """
    codes, held = coded(column)
    codes = np.where(present(column), codes, len(held))

    def count(rows: Mask) -> Any:
        counted = rows & known
        weighed = None if weights is None else weights[counted]
        return np.bincount(codes[counted], weighed, minlength=len(held) + 1).astype(float)

    return np.column_stack([count(~yes & d_rows), count(~yes), count(yes & d_rows), count(yes)])
