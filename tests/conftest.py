"""Fixtures that every test may use: a table, and a check's hands."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def work(tmp_path: Path):
    """A Work with seed 7 that keeps what it is given under tmp_path."""
    from assay.engines.blobs import Store
    from assay.works.work import LocalWork

    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return LocalWork(seed=7, scratch=scratch, store=Store(str(tmp_path / "store")), cores=2)


@pytest.fixture
def table(tmp_path: Path):
    """Open a DataFrame, an Arrow table or a path as a Table; all are closed at the end."""
    from assay.engines.tables import open_table

    opened = []

    def open_(source, name: str = "t"):
        scratch = tmp_path / f"table{len(opened)}"
        scratch.mkdir()
        handle = open_table(source, name=name, scratch=scratch)
        opened.append(handle)
        return handle

    yield open_
    for handle in opened:
        close = getattr(handle, "close", None)
        if close:
            close()
