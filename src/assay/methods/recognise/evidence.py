"""Why a column is taken for a kind of personal data: evidence, weighed in log-odds, and the confidence that follows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

PRIOR = -3.0  # log-odds that a column is of one given kind before anything is known of it: one in twenty


@dataclass(frozen=True, slots=True)
class Evidence:
    """of: column name, format, checksum, dictionary, neighbours or custom. weight: what it adds to the log-odds."""

    of: str
    says: str
    weight: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"of": self.of, "says": self.says, "weight": round(self.weight, 2)}


@dataclass
class Candidate:
    """A kind that a column may be of. share: of its values that have the form; hint: 2, 1 or 0, what its name says."""

    type: str
    share: float
    hint: int = 0
    estimated: bool = False
    rows: int | None = None
    evidence: list[Evidence] = field(default_factory=list)

    def add(self, of: str, says: str, weight: float) -> Candidate:
        """Add a piece of evidence, where it weighs anything."""
        if weight:
            self.evidence.append(Evidence(of, says, weight))
        return self

    @property
    def odds(self) -> float:
        """Return the log-odds."""
        return PRIOR + sum(e.weight for e in self.evidence)

    @property
    def confidence(self) -> float:
        """Return the probability that the log-odds stand for: 0 to 1."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.odds))))


def chance_weight(many: int, chance: float, most: float = 6.0) -> float:
    """Return what ``many`` checks weigh that each hold by chance with probability ``chance``: their log, bounded."""
    return min(most, many * -math.log(chance))
