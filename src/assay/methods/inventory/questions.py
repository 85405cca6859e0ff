"""The questions a risk committee asks before a model is used; a policy may put others in their place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A question. key: what it is called; tiers: the risk tiers it is asked of, all where none is named."""

    key: str
    ask: str
    tiers: tuple[str, ...] = ()

    def of(self, tier: str) -> bool:
        """Whether it is asked of a model of that tier; of one without a tier all are."""
        return not self.tiers or not tier or tier in self.tiers


QUESTIONS = (
    Question("decision", "What is decided by it or with it, about whom, and how often?"),
    Question("harm", "Who is harmed when it is wrong, how badly, and which of its two errors is the worse one?"),
    Question("data", "May the data it learnt from be used for this, and whom does that data leave out?"),
    Question("alternative", "What simpler way was it compared with, and why is that not enough?"),
    Question("validation", "Who examined it that did not build it, and what did they doubt?"),
    Question("fairness", "Which groups were compared, what was found, and who accepted what remains?"),
    Question("oversight", "Who can overrule it, how do they notice that they should, and how does somebody object?"),
    Question("limits", "For what must it not be used, and what stops that?"),
    Question("watch", "What is watched once it runs, how often, and at what value does somebody act?"),
    Question("fallback", "What is done when it is switched off, and who may switch it off?"),
)  # fmt: skip
