"""A row that a model does not take."""

from __future__ import annotations


class RowFault(ValueError):
    """A row that the model does not take. It tells the column and not the value."""

    def __init__(self, row: int, what: str) -> None:
        super().__init__(what)
        self.row = row
