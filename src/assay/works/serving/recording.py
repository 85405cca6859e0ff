"""What one gateway counts and writes down: answers by their number, each refusal as a line, what is too much as a number again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.serving import Answer, Question, Refusal
from assay.works.serving.counts import Counts
from assay.works.serving.journal import Journal
from assay.works.serving.share import Share

_LINES = 100  # refusals a second that are written whole; of the others the number is


@dataclass(slots=True)
class Recording:
    """Counts, for whoever looks, and the journal, for the log."""

    counts: Counts
    journal: Journal
    _answered: dict[str, int] = field(default_factory=dict)
    _unwritten: dict[tuple[str, str], int] = field(default_factory=dict)
    _lines: Share = field(default_factory=Share)

    def refused(
        self, endpoint: str, shown: str, refusal: Refusal, caller: str, address: str, id: str = ""
    ) -> Refusal:
        """Count and write down a refusal. shown: the endpoint's name where there is one of it, under which it is counted."""
        self.counts.refused.add((shown, refusal.rule))
        entry = {
            "rule": refusal.rule,
            "status": refusal.status,
            "caller": caller,
            "address": address,
            "id": id,
        }
        if not self._write(endpoint, refusal, entry):
            key = (shown, refusal.rule)
            self._unwritten[key] = self._unwritten.get(key, 0) + 1
        return refusal

    def noted(self, endpoint: str, question: Question, refusal: Refusal) -> None:
        """Count and write down what a guard that only detects has found; what is too much for the journal is only counted."""
        self.counts.noted.add((endpoint, refusal.rule))
        who = {"caller": question.caller, "address": question.address, "id": question.id}
        self._write(endpoint, refusal, {"noted": refusal.rule, **who})

    def _write(self, endpoint: str, refusal: Refusal, entry: dict[str, Any]) -> bool:
        """Write a line of the journal; False where this second has had its share, or the disk takes none."""
        now = time.time()
        if not self._lines.take(int(now), _LINES):
            return False
        told = {"message": refusal.message[:300], "detail": refusal.detail[:500]}
        entry = {k: v for k, v in {**entry, **told}.items() if v != ""}
        try:
            self.journal.put({"at": round(now, 3), "endpoint": endpoint[:64], **entry})
        except OSError:  # a caller is refused all the same; the number is written when the disk takes it
            return False
        return True

    def answered(self, endpoint: str, answer: Answer, took: float) -> None:
        """Count an answer. took: seconds from the whole request on."""
        self.counts.requests.add((endpoint, answer.variant, str(answer.status)))
        self.counts.seconds.observe((endpoint,), took)
        key = f"{endpoint}/{answer.variant}/{answer.status}"
        self._answered[key] = self._answered.get(key, 0) + 1

    def settle(self) -> None:
        """Write down what was counted since the last time, and let the batch be recorded."""
        now = round(time.time(), 3)
        if self._answered:
            self.journal.put({"at": now, "answered": self._answered})
            self._answered = {}
        for (endpoint, rule), number in self._unwritten.items():
            self.journal.put({"at": now, "endpoint": endpoint, "rule": rule, "count": number})
        self._unwritten = {}
        self.journal.turn()

    def close(self) -> None:
        """Write down what was counted, for good."""
        self.settle()
        self.journal.close()
