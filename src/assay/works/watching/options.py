"""What is watched and how, what the home says of it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.methods.watching import policy as policies
from assay.methods.watching.policy import FILE, Policy

if TYPE_CHECKING:
    from assay.works.home import Home


@dataclass(frozen=True, slots=True)
class Options:
    """What is watched, and how. every: seconds between looks; settle: without a change until something has landed.

    once: whether to end when all that is there is done. advisories: given over those of watch.yaml.
    """

    folders: Sequence[Path] = ()
    every: float = 1.0
    settle: float = 2.0
    depth: int = 1
    once: bool = False
    seconds: float | None = None
    advisories: Mapping[str, str] = field(default_factory=dict)
    fail_on: str = ""
    allow_incomplete: bool = False


@dataclass
class Done:
    """What was done: arrivals and images as they were seen to, and what could not be told or read."""

    arrivals: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    known: int = 0
    uncleared: int = 0
    moving: int = 0
    postponed: int = 0
    scanned: int = 0
    rescanned: int = 0
    passed: bool = True
    wrong: list[str] = field(default_factory=list)


def policy_of(home: Home) -> Policy:
    """Return the home's policy; Refused where its file may be somebody else's, since it says where to pull from."""
    from assay.works.remedies import channels
    from assay.works.settings import owned

    path = home.root / FILE
    if path.exists():
        owned(home.root, FILE)
    found = policies.load(path)
    known = channels.of(home) if found.alert else None
    for name in found.alert:
        channels.named(known, name, str(path))  # type: ignore[arg-type]
    return found
