"""Baselines of traffic: made, taken in, listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record


def baseline(
    home: Home | None, actor: str, *, source: str, to: str = "", name: str = "", **asked: Any
) -> Json:
    """Make a baseline of a table, or take one in that a person edited."""
    from assay.works.baselines.making import make

    return make(home, source, Path(to) if to else None, name=name, actor=actor, asked=asked)


def listing(home: Home, actor: str, *, name: str = "") -> Json:
    """List the versions of every baseline, or of one."""
    from assay.office import baselines

    found = baselines.versions(home.office, name) if name else baselines.listing(home.office)
    return listed("baselines", [plain_record(r) for r in found])


VERBS: Mapping[str, Callable[..., Any]] = {"monitor.baseline": baseline, "monitor.baselines": listing}
