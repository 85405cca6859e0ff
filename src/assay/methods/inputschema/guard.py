"""The schema as a guard of an endpoint."""

from __future__ import annotations

from assay.kernel.serving import Question, Refusal
from assay.methods.inputschema.checking import Checker
from assay.methods.inputschema.schema import Schema
from assay.methods.inputschema.telling import Violation

_TEXTUAL = ("text/csv", "text/tab-separated-values")


class SchemaGuard:
    """Refuses rows that are not what the model was trained on; with ``block`` False they are only noted."""

    name = "schema"

    def __init__(self, schema: Schema, *, block: bool) -> None:
        self.checker, self.block = Checker(schema), block

    def examine(self, question: Question) -> list[Refusal]:
        """Return one refusal that names the first feature and what is expected of it; the log gets up to 20."""
        rows = question.rows
        if rows is None:
            said = f"The rows cannot be read, so that nothing of them is checked; send {_READABLE}."
            return [Refusal("schema.unreadable", said, 415, self.block)]
        if rows.cells is not None:
            textual = question.content_type.partition(";")[0].strip().lower() in _TEXTUAL
            found = self.checker.check(rows.names, rows.cells, textual=textual)
        elif rows.table is not None:
            found = self.checker.check_table(rows.table)
        else:
            found = []
        if not found:
            return []
        return [
            Refusal(f"schema.{found[0].kind}", _sentence(found), 400, self.block, "; ".join(map(str, found)))
        ]

    def slow(self, question: Question) -> bool:
        """Whether it has more than about ten thousand cells."""
        rows = question.rows
        return rows is not None and len(rows) * max(len(self.checker.schema.features), 1) > 10_000


_READABLE = "CSV, JSON, JSON lines or an Arrow stream"


def _sentence(found: list[Violation]) -> str:
    more = len(found) - 1
    rest = f", and {more} more of the payload is not as expected" if more else ""
    return f"{found[0]}{rest}."
