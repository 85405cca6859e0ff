"""What goes on beside an answer: taps take note of it, and shadows are asked the same, whom nobody waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from assay.kernel.serving import Answer, Question, Tap
from assay.works.serving import tallies
from assay.works.serving.asking import Asking
from assay.works.serving.counts import Counts
from assay.works.serving.lines import Arm, Line
from assay.works.serving.share import Share
from assay.works.serving.telling import Teller

_SHADOWS = 64  # questions to shadows under way; what is above is left out, and counted


@dataclass(slots=True)
class Beside:
    """Taps and shadows of all endpoints of one gateway. clock: seconds."""

    counts: Counts
    asking: Asking
    teller: Teller
    clock: Callable[[], float] = time.monotonic
    shadows: set[asyncio.Task[None]] = field(default_factory=set)
    _unwritten: dict[int, int] = field(
        default_factory=dict
    )  # tap → of what it could not keep, how much was counted
    _compared: dict[tuple[str, str], Share] = field(default_factory=dict)  # by endpoint and shadow

    def forget(self, tap: Tap) -> None:
        """A tap was closed."""
        self._unwritten.pop(id(tap), None)

    def taps(self, line: Line, question: Question, answer: Answer) -> None:
        """Have the taps of an endpoint take note of an answer."""
        for tap in line.taps:
            kept: bool | None = False
            try:
                kept = tap.put(question, answer)
            except Exception as error:  # noqa: BLE001 - whatever befalls a tap, the caller is answered
                self._tap_failed(line, f"{type(error).__name__}: {error}")
            if kept is not None:
                self.counts.captured.add((line.name, "kept" if kept else "dropped"))

    def _tap_failed(self, line: Line, why: str) -> None:
        """Say what befell a tap, once a minute; each such capture is counted."""
        self.teller.say(f"what {line.name} answers cannot be captured: {why[:200]}")

    def look(self, lines: Iterable[Line]) -> None:
        """Count and tell what taps took and could not keep."""
        for line in lines:
            for tap in line.taps:
                lost, why = tap.unwritten()
                fresh = lost - self._unwritten.get(id(tap), 0)
                if fresh > 0:
                    self._unwritten[id(tap)] = lost
                    self.counts.captured.add((line.name, "unwritten"), fresh)
                    self._tap_failed(line, why or "the disk did not take it")

    def _compares(self, shadow: tuple[str, str]) -> bool:
        """Whether one more answer of a shadow is taken apart in this second, on the loop that answers everybody."""
        return self._compared.setdefault(shadow, Share()).take(int(self.clock()), tallies.A_SECOND)

    def shadow(self, line: Line, arm: Arm, question: Question, given: Answer) -> None:
        """Ask a shadow beside; what it answers is only captured, timed, and held against the answer that was given."""
        if len(self.shadows) >= _SHADOWS:
            self.counts.shadow.add((line.name, arm.name, "left out"))
            return

        line.hold(arm.name)

        async def ask() -> None:
            try:
                put = replace(question, variant=arm.name, shadow=True)
                began = time.perf_counter()
                answer = await self.asking.model(line, arm, put)
                self.counts.model.observe((line.name, arm.name), time.perf_counter() - began)
                outcome = "answered" if answer.status < 500 else "failed"
                self.counts.shadow.add((line.name, arm.name, outcome))
                if outcome == "answered" and self._compares((line.name, arm.name)):
                    self.counts.compared.add((line.name, arm.name, tallies.beside(answer, given)))
                self.taps(line, put, answer)
            finally:
                line.release(arm.name)

        task = asyncio.get_running_loop().create_task(ask())
        self.shadows.add(task)
        task.add_done_callback(self.shadows.discard)
