"""What the office knows, searched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json, listed


def search(
    home: Home,
    actor: str,
    *,
    query: str,
    limit: int = 20,
    sagemaker: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> Json:
    """Search runs, models, data sets, findings, reports, quarantines and contexts; the latest first. sagemaker: a request's JSON."""
    from assay.methods.search import parse
    from assay.methods.search import sagemaker as foreign
    from assay.works.searching import search as searched

    now = dt.datetime.now(dt.UTC)
    question = foreign.parse(query, now) if sagemaker else parse.parse(query, now)
    found, notes = searched(home, question, limit=limit, progress=progress)
    meant = None if found.records or sagemaker else parse.kind_meant(question)
    notes += [f"did you mean {meant!r}?"] if meant else []
    return listed("results", found.records) | {"more": found.more, "notes": [*found.notes, *notes]}


VERBS: Mapping[str, Callable[..., Any]] = {"search": search}
