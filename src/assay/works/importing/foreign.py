"""A run that another system recorded, as this office takes it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.asset import Asset


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """id: unique in its system. pipeline: its experiment or job. outcome: running, pass, fail, error or interrupted.

    inputs, outputs: what it read and made, by urns that mean the same in every import. notes: what else was said of it.
    parent: the id of the run that it is a part of. experiment: what it belongs to, where that is not its pipeline.
    skipped: what of it could not be read, and why.
    """

    id: str
    pipeline: str
    actor: str
    outcome: str
    started: str
    ended: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    inputs: Sequence[Asset] = ()
    outputs: Sequence[Asset] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    experiment: str = ""
    skipped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForeignContext:
    """What groups runs, by their ids in that system, and things, by their urns."""

    kind: str
    name: str
    about: Mapping[str, Any]
    runs: Sequence[str]
    things: Sequence[str]
