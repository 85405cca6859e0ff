"""What is done with data that is kept: rows loaded into a store through its gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.kernel.errors import UsageError
from assay.works.home import Home
from assay.works.verbs.shape import Json


def data_load(
    home: Home | None,
    actor: str,
    *,
    source: str,
    into: str,
    rules: Sequence[Path],
    tables: Sequence[str] = (),
    mode: str = "append",
    quarantine: str = "",
    again: bool = False,
) -> Json:
    """Load rows into a store, and quarantine those that break a rule."""
    from assay.works.gate.loading import load
    from assay.works.gate.order import Order

    order = Order(source, into, tuple(rules), named_tables(tables), mode, quarantine, again)
    return load(home, order, actor)


def named_tables(texts: Sequence[str]) -> dict[str, str]:
    """Return name → table of texts ``NAME=TABLE``; UsageError for any other."""
    out: dict[str, str] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise UsageError(f"tables takes NAME=TABLE, and {text[:60]!r} is not that")
        out[name] = path
    return out


VERBS: Mapping[str, Callable[..., Any]] = {"data.load": data_load}
