"""Windows in which nothing came, told as one where they follow one another."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def folded(looks: Iterable[T], of: Callable[[T], tuple[str, int | None]]) -> Iterator[list[T]]:
    """Give looks at windows in their order: those one after another in which nothing came together, every other by itself.

    of: returns a look's status and how many rows it saw (None where it saw none to the end).
    """
    for nothing, group in itertools.groupby(looks, lambda look: of(look) == ("Completed", 0)):
        members = list(group)
        yield from [members] if nothing else ([one] for one in members)


def told(windows: int) -> str:
    """Return what is said of so many windows together, and nothing of one."""
    return f"no row came in {windows:,} windows" if windows > 1 else ""
