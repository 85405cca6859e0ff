"""Which expressions mean on a server, to the last row, what they mean in DuckDB. What is in doubt differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.methods.quality.there import figures, words
from assay.methods.quality.there.reading import Differs, Far, Reading

if TYPE_CHECKING:
    from sqlglot import exp

_READERS = {**words.READERS, **figures.READERS}


@dataclass(frozen=True, slots=True)
class Agreed:
    """SQL that means the same on both, written anew. kind: of its value.

    scale: where its last digits may differ, SQL of the size of what was added up.
    """

    sql: str
    kind: str
    scale: str = ""


def agreed(sql: str, far: Far) -> Agreed:
    """Return an expression as a server may be asked it; Differs where it may mean something else there."""
    from sqlglot import exp

    holder = exp.Paren(this=parsed(sql))
    reading = Reading(far, _READERS)
    kind = reading.kind(holder.this)
    scale = ""
    if reading.inexact:
        top = holder.this
        while isinstance(top, exp.Paren):
            top = top.this
        scale = _scale(top)
    return Agreed(holder.this.sql(dialect="duckdb"), kind, scale)


def _scale(top: exp.Expression) -> str:
    from sqlglot import exp

    if not isinstance(top, exp.AggFunc):
        raise Differs("a figure made of inexact sums is not alike")
    if isinstance(top, exp.Corr):
        return (
            "CAST('10000.0' AS DOUBLE) + 0 * count(*)"  # its error grows with how far values lie from nothing
        )
    size = f"abs(CAST({top.this.sql(dialect='duckdb')} AS DOUBLE))"
    if isinstance(top, exp.Sum):
        return f"sum({size})"
    return f"max({size} * {size})" if isinstance(top, (exp.Variance, exp.VariancePop)) else f"max({size})"


def parsed(sql: str) -> exp.Expression:
    """Return the tree of one expression of SQL that we wrote, or wrote anew."""
    import sqlglot
    from sqlglot import errors

    try:
        return sqlglot.parse_one(f"SELECT {sql}", dialect="duckdb").expressions[0]  # type: ignore[no-any-return]
    except (errors.SqlglotError, RecursionError, IndexError):
        raise Differs("the SQL is not read alike") from None
