"""What foreign libraries raise, and what it becomes."""

from __future__ import annotations

import _thread
import signal
import threading

import duckdb
import pytest

from assay.engines.tables.seam import seam
from assay.kernel.errors import BadInput, interrupted


def test_an_interrupt_inside_a_query_stays_an_interrupt():
    """DuckDB answers Ctrl-C with a RuntimeError whose cause is the KeyboardInterrupt.

    A shell that starts tests in the background has them ignore the signal, and the query would never end.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt), seam("t"):
        duckdb.sql("SELECT max(sin(a.range) + b.range) FROM range(1000000) a, range(100000) b").fetchall()
    timer.join()
    signal.signal(signal.SIGINT, before)


def test_a_foreign_error_becomes_ours():
    with pytest.raises(BadInput, match="the table cannot be read"), seam("t"):
        duckdb.sql("SELECT * FROM nowhere").fetchall()


def test_interrupted_follows_causes_and_ends_on_a_circle():
    outer, inner = RuntimeError("Query interrupted"), KeyboardInterrupt()
    assert not interrupted(outer)
    outer.__cause__ = inner
    assert interrupted(outer)
    one, two = ValueError(), ValueError()
    one.__context__, two.__context__ = two, one
    assert not interrupted(one)
