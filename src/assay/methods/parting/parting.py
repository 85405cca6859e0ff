"""One respect in which two tables part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "rows", "column_removed", "column_added", "type", "missing", "constant", "label", "remapped", "truncated",
    "shuffled", "rescaled", "rewritten", "distribution", "giveaway", "association",
]  # fmt: skip
# What is told first: what leaves a model nothing to learn, then what makes it learn the wrong thing, then the rest.
ORDER: tuple[Kind, ...] = (
    "constant", "label", "giveaway", "shuffled", "remapped", "truncated", "association", "rows", "missing",
    "column_removed", "column_added", "rescaled", "type", "rewritten", "distribution",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parting:
    """kind, column ("" of the whole table), a sentence, and what it was before and after as JSON.

    size: from 0 to 1, how much of the table or column it takes hold of.
    """

    kind: Kind
    column: str
    said: str
    size: float
    before: Any = None
    after: Any = None
    label: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int, float]:
        """Return where it stands among others: the label first, then by kind, then the greatest."""
        return (0 if self.label else 1, ORDER.index(self.kind), -self.size)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "kind": self.kind,
            "column": self.column or None,
            "said": self.said,
            "size": round(self.size, 6),
            "before": self.before,
            "after": self.after,
            "label": self.label,
            **self.more,
        }
