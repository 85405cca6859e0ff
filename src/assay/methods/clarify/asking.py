"""What an analysis_config.json asks of the table at hand: its columns by name, its values as values or as thresholds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assay.kernel.errors import UsageError
from assay.methods import facets
from assay.methods.clarify.config import Beside, Config, Values
from assay.methods.nearest import did_you_mean
from assay.methods.question import Facet, Question

_UNIQUE = 0.05  # of the rows: from so many different whole numbers on the library takes them for an amount
_TWICE = re.compile(r"(.*)_\d+")


def asked(config: Config, table: pa.Table, *, predictions: bool = True) -> Question:
    """Return the question. table: with the file's own names (``headed``). predictions: whether they must be there."""
    names = table.column_names
    label = config.column(config.label, names, "label")
    predicted = None
    if config.predicted is not None and (predictions or config.predicted in names):
        predicted = config.column(config.predicted, names, "predicted_label")
    if not config.label_values:
        raise UsageError(
            "label_values_or_threshold is not given", where=config.file, remedy="say which outcome is good"
        )
    positive, threshold = _told(table.column(label), config.label_values)
    own = []
    for ref, values in config.facets:
        name = config.column(ref, names, "facet")
        if not values and continuous(table.column(name), values):
            raise UsageError(
                f"the facet {name!r} holds an amount, and has no value_or_threshold",
                where=config.file,
                remedy="give the number above which the group is",
            )
        own.append(Facet(name, *_told(table.column(name), values)))
    stratum = None
    if config.group_variable is not None:
        stratum = config.column(config.group_variable, names, "group_variable")
    readings = [_reading(table.column(label), label, config.label_values)]
    readings += [
        _reading(table.column(f.name), f.name, v) for f, (_, v) in zip(own, config.facets, strict=True)
    ]
    return Question(
        label,
        tuple(own),
        positive,
        threshold,
        predicted,
        config.probability_threshold,
        stratum,
        "clarify",
        tuple(config.column(r, names, "excluded_columns") for r in config.excluded),
        config.pre,
        config.post,
        config.notes,
        tuple(filter(None, readings)),
    )


def _reading(column: pa.ChunkedArray, name: str, values: Values) -> str:
    """Return in a sentence that one number is a value and no threshold, where a person may have meant one; else nothing."""
    if len(values) != 1 or not pa.types.is_integer(column.type) or continuous(column, values):
        return ""
    different = pc.count_distinct(column).as_py()
    if different <= facets.MANY:
        return ""
    return (
        f"{name} is {values[0]}, and not above it: {different} different whole numbers in {len(column):,} rows are values "
        "to the reference library, which takes a number for a threshold from one in twenty different ones on."
    )


def _told(column: pa.ChunkedArray, values: Values) -> tuple[tuple[str, ...], float | None]:
    """Return values, or the one threshold that they are of an amount."""
    if values and continuous(column, values):
        return (), float(values[0])
    return tuple(map(str, values)), None


def continuous(column: pa.ChunkedArray, values: Sequence[Any]) -> bool:
    """Whether the library takes a column for an amount, so that the one value given is a threshold.

    Fractions are; whole numbers, and texts of them, from one in twenty different ones on; pandas makes fractions of whole
    numbers where some are missing.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return False
    if len(values) > 1 or any(isinstance(v, str) and not _number(v) for v in values):
        return False
    if pa.types.is_floating(kind) or (pa.types.is_integer(kind) and column.null_count):
        return True
    held = len(column) - column.null_count
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            values_of = column.unique().cast(pa.int64()).unique()
        except pa.ArrowInvalid:
            return False
        return bool(held) and len(values_of.drop_null()) / held >= _UNIQUE
    if not pa.types.is_integer(kind):
        return False
    return bool(held) and pc.count_distinct(column).as_py() / held >= _UNIQUE


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def headed(table: pa.Table, headers: Sequence[str], file: str) -> pa.Table:
    """Return a table under the file's own headers. A file without any had its first row taken for names: it is a row again.

    UsageError where there are more or fewer columns than headers.
    """
    names = table.column_names
    if not headers or set(headers) == set(names):
        return table
    if len(headers) != len(names):
        raise UsageError(
            f"there are {len(headers)} headers, and the table has {len(names)} columns", where=file
        )
    first = _first_row(table)
    renamed = table.rename_columns(list(headers))
    return renamed if first is None else pa.concat_tables([first.rename_columns(list(headers)), renamed])


def joined(config: Config, table: pa.Table, others: Mapping[str, pa.Table | None]) -> pa.Table:
    """Return a table with the columns of the files that the config names beside it.

    others: by the option that gives it, each file as it was read; an option that is not there is not asked for. Rows are joined
    by the config's column, or are in the same order; one that a file does not have lacks its columns. UsageError where a file was
    not given or was not named, its rows do not fit, or a column is in both.
    """
    named = {one.option: one for one in config.beside}
    for option, other in others.items():
        one = named.get(option)
        if one is None:
            if other is not None:
                said = f"{option} was given, and the config names no such file"
                raise UsageError(said, where=config.file, remedy="leave it out, or name it there")
            continue
        if other is None:
            said = f"{one.field} names a file of its own, which was not given"
            raise UsageError(said, where=config.file, remedy=f"say {option} FILE")
        table = _beside(config, table, headed(other, one.headers, config.file), one)
    return table


def _beside(config: Config, table: pa.Table, other: pa.Table, one: Beside) -> pa.Table:
    key = None
    if config.join is not None:
        key = config.column(config.join, table.column_names, "joinsource_name_or_index")
        if key not in other.column_names:
            raise UsageError(
                f"the file of {one.field} has no column {key!r} to join by",
                where=config.file,
                remedy=did_you_mean(key, other.column_names),
            )
        held, ids = table.column(key).combine_chunks(), other.column(key).combine_chunks()
        ids = ids if ids.type == held.type else ids.cast(held.type, safe=False)
        if pc.count_distinct(ids, mode="all").as_py() < len(ids):
            raise UsageError(f"two rows of the file of {one.field} have the same {key}", where=config.file)
        other = other.take(pc.index_in(held, value_set=ids))
    elif other.num_rows != table.num_rows:
        raise UsageError(
            f"the file of {one.field} has {other.num_rows:,} rows, and the table {table.num_rows:,}",
            where=config.file,
            remedy="name the column to join by: joinsource_name_or_index",
        )
    for name in other.column_names:
        if name == key:
            continue
        if name in table.column_names:
            raise UsageError(
                f"both the table and the file of {one.field} have a column {name!r}", where=config.file
            )
        table = table.append_column(name, other.column(name))
    return table


def _first_row(table: pa.Table) -> pa.Table | None:
    """Return the names as the row that they were; None where a column of numbers has a name that is none."""
    cells, seen = [], set()
    for place, (name, kind) in enumerate(zip(table.column_names, table.schema.types, strict=True), 1):
        twice = _TWICE.fullmatch(name)
        text = twice[1] if twice and twice[1] in seen else name
        seen.add(text)
        one = pa.array([None if text == f"column{place}" else text], pa.string())
        try:
            cells.append(one if pa.types.is_string(kind) else one.cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
    return pa.table(cells, schema=table.schema)


def decided(prediction: pa.ChunkedArray, label: pa.ChunkedArray, threshold: float | None) -> pa.ChunkedArray:
    """Return predictions as 1 and 0 where they are probabilities: above the threshold (0.5) is 1.

    Those that are labels stay as they are.
    """
    if not pa.types.is_floating(prediction.type):
        return prediction
    known = set(facets.plain(label, "label").unique().to_pylist())
    held = set(prediction.drop_null().unique().slice(0, 1000).to_pylist())
    if held <= known or held <= {0.0, 1.0}:
        return prediction
    return pc.cast(pc.greater(prediction, 0.5 if threshold is None else threshold), pa.int64())
