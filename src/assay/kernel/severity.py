"""How much a finding matters."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """info < low < medium < high < critical. Printed by its lower-case name."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Severity:
        """Return the severity called ``text``; KeyError when there is none."""
        return cls[text.strip().upper()]


SEVERITIES = tuple(str(s) for s in Severity)
