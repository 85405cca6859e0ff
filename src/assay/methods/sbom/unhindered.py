"""Work that makes millions of small objects and no cycles of them, without the collector going over all of them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unhindered() -> Iterator[None]:
    """Hold the collector of cycles back; it is as it was afterwards. For what is bounded in memory otherwise."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
