"""One thing that was made then, held against what was made now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# From best to worst. times: the same but for when it was made; unknown: it could not be held against what was made then.
Same = Literal["bits", "times", "tolerance", "unknown", "differs"]
ORDER: tuple[Same, ...] = ("bits", "times", "tolerance", "unknown", "differs")


@dataclass(frozen=True, slots=True)
class Compared:
    """what: the output's name, or ``report``. said: how it differs, "" where it does not. where: the first place.

    gap: the largest relative gap of two numbers, where only numbers differ.
    """

    what: str
    kind: str
    same: Same
    said: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    gap: float | None = None
    recorded: str = ""
    rebuilt: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "what": self.what,
            "kind": self.kind,
            "same": self.same,
            "said": self.said or None,
            "where": dict(self.where) or None,
            "gap": self.gap,
            "recorded": self.recorded or None,
            "rebuilt": self.rebuilt or None,
        }


def worst(several: list[Compared]) -> Same:
    """Return the worst of several; bits of none."""
    return max((c.same for c in several), key=ORDER.index, default="bits")
