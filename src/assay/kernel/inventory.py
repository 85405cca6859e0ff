"""The inventory of models: of each version what is known, what was decided, and what nobody has answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from assay.kernel.canonical import plain
from assay.kernel.card import Card

SCHEMA = "assay.inventory/1"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question asked of a model, and its answer, empty where there is none. stale: it answers another wording."""

    key: str
    ask: str
    answer: str = ""
    by: str = ""
    at: str = ""
    stale: bool = False

    @property
    def open(self) -> bool:
        """Whether nobody has answered it as it is asked."""
        return not self.answer or self.stale


@dataclass(frozen=True, slots=True)
class Entry:
    """A version of a model. approvals: those that its approval rests on; awaited: how many more the policy asks for.

    lacking: what the policy asks to be known before approval, and is not. artifact: file and digest of the model itself.
    """

    name: str
    version: int
    status: str
    digest: str
    registered_by: str
    registered_at: str
    stage: str = ""
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    tier: str = ""
    owners: tuple[str, ...] = ()
    purpose: str = ""
    decided_by: str = ""
    decided_at: str = ""
    reason: str = ""
    approvals: tuple[Mapping[str, str], ...] = ()
    pending: tuple[Mapping[str, str], ...] = ()
    awaited: int = 0
    expires: str = ""
    ended: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Asked, ...] = ()
    lacking: tuple[str, ...] = ()
    image: Mapping[str, Any] = field(default_factory=dict)
    artifact: tuple[str, str] = ("", "")
    hallmark: bool = False
    complete_card: bool = False
    run: str = ""
    card: Card | None = None

    @property
    def title(self) -> str:
        """Return its name and version, as people write it."""
        return f"{self.name}@{self.version}"

    @property
    def open(self) -> tuple[str, ...]:
        """Return the questions that nobody has answered."""
        return tuple(q.key for q in self.questions if q.open)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without its card."""
        raw = asdict(self)
        raw.pop("card")
        return dict(plain(raw | {"open": list(self.open)}))


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every version, by name and version, as of a moment. stages, tiers: as the policy orders them; policy: its digest."""

    entries: tuple[Entry, ...]
    at: str
    stages: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    policy: str = ""
    pruned: int = 0
    tool: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "schema": SCHEMA,
            "at": self.at,
            "policy": self.policy,
            "pruned": self.pruned,
            "models": [e.to_dict() for e in self.entries],
        }
