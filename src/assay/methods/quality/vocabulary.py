"""The words of a ruleset: every kind of rule, what it is about and which words it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

About = Literal["each", "key", "pair", "nothing", "sql", "names", "types", "pattern", "table", "rules"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule.

    about: what stands after its name. ``each``: a column, or several with a rule each; ``key``: columns taken
    together; ``pair``: two columns; ``nothing``; ``sql``; ``names`` and ``types`` of columns; ``pattern``; another
    ``table``; ``rules``. fields: the words it takes and their forms. needs: those it cannot do without; a word of several
    joined by ``|`` wants exactly one of them. rowwise: whether single rows break it, so that it takes mostly and
    nulls. bounded: whether it takes min, max, above, below and equals.
    """

    summary: str
    about: About = "each"
    fields: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    rowwise: bool = False
    bounded: bool = False


COMMON = {
    "name": "text",
    "severity": "severity",
    "message": "text",
    "when": "sql",
}
ROWWISE = {"mostly": "share", "nulls": "word: ignore, fail, pass"}
BOUNDS = {"min": "scalar", "max": "scalar", "above": "scalar", "below": "scalar", "equals": "scalar"}
TYPES = ("integer", "number", "boolean", "text", "date", "time", "timestamp", "binary")
FORMATS = ("email", "url", "uuid", "ipv4", "json", "integer", "number", "date", "timestamp")
TESTS = ("psi", "kl", "total_variation", "ks_distance", "chi_square", "ks")
_PATTERNS = dict.fromkeys(("matches", "contains", "like", "not_matches", "not_contains", "not_like"), "texts")
_ORDER = {"strictly": "flag", "by": "columns"}


def _measured(what: str, **fields: str) -> Kind:
    return Kind(f"{what} is within bounds", fields=fields, needs=("bounds", *fields), bounded=True)


KINDS: dict[str, Kind] = {
    "complete": Kind("no cell is empty", rowwise=True),
    "absent": Kind("every cell is empty", rowwise=True),
    "unique": Kind("no value, or no combination of values, comes twice", "key", rowwise=True),
    "range": Kind(
        "each value lies within bounds: numbers, dates (also `now`, `today`, `now - 3 days`) or texts",
        needs=("bounds",),
        rowwise=True,
        bounded=True,
    ),
    "set": Kind("each value is one of a list", fields={"values": "scalars"}, needs=("values",), rowwise=True),
    "forbidden": Kind(
        "no value is one of a list", fields={"values": "scalars"}, needs=("values",), rowwise=True
    ),
    "pattern": Kind(
        "each value matches a regular expression as a whole (matches), in some part (contains), or as in SQL (like)",
        fields=_PATTERNS,
        needs=("|".join(_PATTERNS),),
        rowwise=True,
    ),
    "length": Kind("each value is so many characters long", needs=("bounds",), rowwise=True, bounded=True),
    "type": Kind(
        "each value is of a type, or a text that can be read as it",
        fields={"is": f"word: {', '.join(TYPES)}"},
        needs=("is",),
        rowwise=True,
    ),
    "format": Kind(
        f"each value is written as {', '.join(FORMATS)}, or as a date like %d/%m/%Y",
        fields={"is": "text"},
        needs=("is",),
        rowwise=True,
    ),
    "outliers": Kind(
        "no number lies further from the others than so many standard deviations, or interquartile ranges",
        fields={"zscore": "positive", "iqr": "positive"},
        needs=("zscore|iqr",),
        rowwise=True,
    ),
    "increasing": Kind("each value is no less than the one before it", fields=_ORDER, rowwise=True),
    "decreasing": Kind("each value is no more than the one before it", fields=_ORDER, rowwise=True),
    "references": Kind(
        "each value, or combination of values, is in another table",
        "key",
        fields={"table": "table", "column": "columns"},
        needs=("table",),
        rowwise=True,
    ),
    "sql": Kind("an SQL expression is true in each row", "sql", rowwise=True),
    "freshness": Kind(
        "the newest date is no older than this", fields={"within": "duration"}, needs=("within",)
    ),
    "minimum": _measured("the least value"),
    "maximum": _measured("the greatest value"),
    "mean": _measured("the mean"),
    "median": _measured("the median"),
    "sum": _measured("the sum"),
    "stddev": _measured("the standard deviation (of a sample)"),
    "variance": _measured("the variance (of a sample)"),
    "skewness": _measured("the skewness"),
    "kurtosis": _measured("the excess kurtosis"),
    "entropy": _measured("the entropy of the values, in nats,"),
    "quantile": _measured("a quantile", at="share"),
    "distinct": _measured("the number of different values"),
    "distinct_share": _measured("the number of different values for each value"),
    "unique_share": _measured("the share of values that come once"),
    "completeness": _measured("the share of cells that are not empty"),
    "correlation": Kind(
        "Pearson's correlation of two columns is within bounds", "pair", needs=("bounds",), bounded=True
    ),
    "constant": Kind("there is one value only"),
    "occurs": Kind("each of these values occurs", fields={"values": "scalars"}, needs=("values",)),
    "most_common": Kind(
        "the most frequent value is one of these", fields={"values": "scalars"}, needs=("values",)
    ),
    "distribution": Kind(
        "the values are spread as in a baseline or by stated shares",
        fields={
            "test": f"word: {', '.join(TESTS)}",
            "against": "table",
            "column": "columns",
            "shares": "shares",
            "max": "number",
            "min": "number",
        },
        needs=("test",),
    ),
    "aggregate": Kind(
        "an SQL aggregate is true, or within bounds; with relative_to, its ratio to that of another table",
        "sql",
        fields={"relative_to": "table"},
        bounded=True,
    ),
    "row_count": Kind(
        "the number of rows is within bounds; with relative_to, its ratio to that of another table",
        "nothing",
        fields={"relative_to": "table"},
        needs=("bounds",),
        bounded=True,
    ),
    "duplicate_rows": Kind(
        "the number of repeated rows is within bounds", "nothing", needs=("bounds",), bounded=True
    ),
    "column_count": Kind(
        "the number of columns is within bounds", "nothing", needs=("bounds",), bounded=True
    ),
    "exists": Kind("these columns are there", "names"),
    "columns": Kind(
        "these are the columns",
        "names",
        fields={"order": "word: any, exact", "others": "word: forbid, allow"},
    ),
    "schema": Kind("these columns are stored as these types", "types"),
    "column_names": Kind("every column's name matches a regular expression", "pattern"),
    "same_schema": Kind("another table has the same columns, stored as the same types", "table"),
    "same_data": Kind(
        "rows with the same key in another table have the same values",
        "table",
        fields={"key": "columns", "compare": "columns"},
        needs=("key",),
        rowwise=True,
    ),
    "all": Kind("every one of these rules holds", "rules"),
    "any": Kind("at least one of these rules holds", "rules"),
}

TYPE_SYNONYMS = {
    "int": "integer",
    "bigint": "integer",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "bool": "boolean",
    "str": "text",
    "string": "text",
    "varchar": "text",
    "datetime": "timestamp",
    "bytes": "binary",
}
SYNONYMS = {
    "not_null": "complete",
    "non_null": "complete",
    "required": "complete",
    "is_complete": "complete",
    "null": "absent",
    "is_unique": "unique",
    "key": "unique",
    "primary_key": "unique",
    "between": "range",
    "accepted_values": "set",
    "in": "set",
    "isin": "set",
    "values": "set",
    "not_in": "forbidden",
    "regex": "pattern",
    "matches": "pattern",
    "relationships": "references",
    "foreign_key": "references",
    "expression": "sql",
    "holds": "sql",
    "rows": "row_count",
    "stdev": "stddev",
    "min": "minimum",
    "max": "maximum",
    "average": "mean",
    "monotonic": "increasing",
    "drift": "distribution",
    "fresh": "freshness",
    "nunique": "distinct",
}
