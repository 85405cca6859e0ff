"""How large a payload may be, told before it is parsed where that can be."""

from __future__ import annotations

from dataclasses import dataclass

from assay.methods.payloads.refused import PayloadRefused


@dataclass(frozen=True, slots=True)
class Bounds:
    """size: bytes of a body; rows, columns and cells; depth of what is nested; text: characters of one value or name.

    6 MiB are what SageMaker's real-time endpoints take.
    """

    size: int = 6 << 20
    rows: int = 100_000
    columns: int = 10_000
    cells: int = 2_000_000
    depth: int = 8
    text: int = 32_768

    def hold_body(self, body: bytes) -> None:
        """Refuse an empty body and one that is too long."""
        if not body:
            raise PayloadRefused("empty", "it is empty", remedy="send at least one row")
        if len(body) > self.size:
            raise PayloadRefused(
                "bytes",
                f"it has {len(body):,} bytes and may have {self.size:,}",
                status=413,
                remedy="send fewer rows at a time",
            )

    def hold_shape(self, rows: int, columns: int) -> None:
        """Refuse what has no rows or no columns, or too many."""
        if not rows or not columns:
            raise PayloadRefused("empty", "there is no row in it", remedy="send at least one row")
        if rows > self.rows:
            raise PayloadRefused(
                "rows",
                f"it has {rows:,} rows and may have {self.rows:,}",
                status=413,
                remedy="send fewer at a time",
            )
        if columns > self.columns:
            raise PayloadRefused(
                "columns", f"a row has {columns:,} values and may have {self.columns:,}", status=413
            )
        if rows * columns > self.cells:
            raise PayloadRefused(
                "cells",
                f"it has {rows * columns:,} values and may have {self.cells:,}",
                status=413,
                remedy="send fewer rows at a time",
            )

    def hold_text(self, length: int) -> None:
        """Refuse a text that is too long."""
        if length > self.text:
            raise PayloadRefused(
                "text", f"a text in it has {length:,} characters and may have {self.text:,}", status=413
            )


BOUNDS = Bounds()
