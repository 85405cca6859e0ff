"""A variant asked for a gateway: its answer, one that is kept, the fallback's, or one that says why there is none."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace

from assay.kernel.errors import AssayError
from assay.kernel.serving import Answer, Question
from assay.methods import payloads
from assay.methods.payloads import PayloadRefused
from assay.works.serving import fallbacks
from assay.works.serving.admission import Caller
from assay.works.serving.counts import Counts
from assay.works.serving.lines import Arm, Line


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks the variants of all endpoints, and counts what they took."""

    counts: Counts

    async def ask(self, line: Line, arm: Arm, caller: Caller, question: Question) -> Answer:
        """Return what a variant answers: what is kept of before where that is asked for, and the fallback's where it fails."""
        key = line.cache.key(arm.name, caller, question) if line.cache.seconds else b""
        held = line.cache.get(key) if key else None
        if held is not None:
            self.counts.cached.add((line.name,))
            return replace(held, seconds=0.0)
        began = time.perf_counter()
        answer = await self.model(line, arm, question)
        took = time.perf_counter() - began
        self.counts.model.observe((line.name, arm.name), took)
        self.counts.tallies.take((line.name, arm.name, arm.digest), answer, took)
        if key:
            line.cache.put(key, answer)
        if answer.status >= 500 and line.fallback:
            # What a fallback covers is the variant's failure all the same: a rollout must see it.
            self.counts.requests.add((line.name, answer.variant, str(answer.status)))
            return self.fallen(line, question) or answer
        return answer

    async def model(self, line: Line, arm: Arm, question: Question) -> Answer:
        """Return what the model of a variant answers, or that it could not be asked."""
        try:
            answer = await arm.pool.ask(question, line.seconds)
        except (OSError, AssayError) as error:
            answer = unanswered(502, "the model could not be asked", reason=str(error))
        return answer if answer.variant == arm.name else replace(answer, variant=arm.name)

    def fallen(self, line: Line, question: Question) -> Answer | None:
        """Return the fallback's answer; None where the rows cannot be read, or no form of answer is accepted."""
        rows = question.rows
        if rows is None or not line.fallback:
            return None
        rows = rows.as_cells()
        found = fallbacks.answers(line.fallback, rows.names or _own(line, question), rows.cells or [])
        try:
            body, kind = payloads.write(
                {"prediction": found}, question.accept, content_type=question.content_type
            )
        except PayloadRefused:
            return None
        self.counts.fallen.add((line.name,))
        return Answer(200, body, kind, reason="answered by the fallback rule", variant="fallback")


def unanswered(status: int, said: str, seconds: float = 0.0, reason: str = "") -> Answer:
    """Return the answer to a question that no model answered, in the shape that replicas give it."""
    body = json.dumps({"error": said}).encode()
    return Answer(status, body, "application/json", seconds, reason or said)


def _own(line: Line, question: Question) -> tuple[str, ...]:
    arm = line.arms.get(question.variant)
    return arm.features if arm is not None else ()
