"""Other systems' runs, taken in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json


def import_(
    home: Home, actor: str, *, source: str, progress: Callable[[int, int, str], None] | None = None
) -> Json:
    """Take in the runs of a SQLite store of MLflow or ML Metadata, or of OpenLineage events."""
    from assay.works.importing.keeping import import_ as imported

    return imported(home, source, actor, progress)


VERBS: Mapping[str, Callable[..., Any]] = {"import": import_}
