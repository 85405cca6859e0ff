"""Tables of many kinds, some of which do not open."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest


@pytest.fixture
def table(tmp_path: Path):
    """Open whatever is given as a Table; all are closed at the end."""
    from assay.engines.tables import open_table

    opened, numbers = [], itertools.count()

    def open_(source, name: str = "t"):
        handle = open_table(source, name=name, scratch=tmp_path / f"table{next(numbers)}")
        opened.append(handle)
        return handle

    yield open_
    for handle in opened:
        handle.close()
