"""Whether a value fits a column of another type without any loss, in DuckDB's SQL."""

from __future__ import annotations

import re

from assay.methods.sqltext import quoted

_WHOLE = r"\s*[+-]?\d+\s*"  # '1.7' AS BIGINT would be 2
_KEPT = 17  # significant digits that tell any double from every other
_DAY = r"\s*\d{4}-\d{2}-\d{2}\s*"
_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)


def same(source: str, target: str) -> bool:
    """Whether two types are one."""
    return source.upper() == target.upper()


def cast(column: str, source: str, target: str) -> str:
    """Return SQL of the value in the target's type, null where it does not fit."""
    name = quoted(column)
    return (
        name
        if same(source, target)
        else f"CASE WHEN {fits(column, source, target)} THEN TRY_CAST({name} AS {target}) END"
    )


def fits(column: str, source: str, target: str) -> str:
    """Return SQL that is true where a value is null, or is the same value in the target's type."""
    name = quoted(column)
    if same(source, target) or target.upper() == "VARCHAR":
        return "TRUE"
    found = f"TRY_CAST({name} AS {target})"
    if source.upper() != "VARCHAR":
        return f"({name} IS NULL OR coalesce(TRY_CAST({found} AS {source}) = {name}, FALSE))"
    shape = _WHOLE if _plain(target) in _INTEGERS else _DAY if target.upper() == "DATE" else ""
    extra = f" AND regexp_full_match({name}, '{shape}')" if shape else ""
    if _plain(target) == "DECIMAL":  # digits past its scale would be rounded away
        extra = f" AND TRY_CAST({found} AS DOUBLE) = TRY_CAST({name} AS DOUBLE)"
    if _plain(target) in ("DOUBLE", "FLOAT"):
        extra = f" AND {_digits(name, found)}"
    return f"({name} IS NULL OR ({found} IS NOT NULL{extra}))"


def _digits(name: str, found: str) -> str:
    """Return SQL that is true where a text has no more digits than a floating number keeps: a whole one all, another 17."""
    whole = f"coalesce(TRY_CAST({name} AS HUGEINT) = TRY_CAST({found} AS HUGEINT), FALSE)"
    told = f"regexp_replace(regexp_replace({name}, '[eE].*$', ''), '^[^1-9]+|[^0-9]', '', 'g')"
    return f"CASE WHEN regexp_full_match({name}, '{_WHOLE}') THEN {whole} ELSE length({told}) <= {_KEPT} END"


def _plain(kind: str) -> str:
    return re.sub(r"\(.*", "", kind).strip().upper()
