"""The gateway's side of a model's replicas: which one is asked, with whom, and what happens when it does not answer.

Requests are joined into batches only while all replicas are busy: one that finds an idle replica never waits. When a
replica ends, or is ended because it hangs, each request that it had is asked again by itself, elsewhere; the replica says
when the model begins with such a one, so that what kills a replica twice is told from what merely stood behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.engines.serving import frames, packing, unpacking
from assay.engines.serving.batch import Asked, Batch
from assay.engines.serving.frames import Frame
from assay.engines.serving.link import Link
from assay.kernel.errors import Missing
from assay.kernel.serving import Answer, Question
from assay.methods.payloads import PayloadRefused, accepted, write

_JSON = "application/json"
_SWEEP = 0.02  # seconds between looks at what is late
_PATIENCE = 0.5  # seconds that a replica has for a batch, however little time the requests have left
_MOST_LOST = 5  # replicas that ended while they had a request, whoever's fault it was
_QUICK = 0.05  # a model that answers within this is given a next batch while it has one
_QUICK_BODY, _QUICK_ROWS = 64 << 10, 2_000  # bytes, rows: what is larger is packed and written off the loop
_ERRORS = {
    500: "the model could not answer this request",
    503: "the model is not ready to answer; try again in a moment",
    504: "the model did not answer within its time",
}


class _Failed(Exception):
    """A request that is not answered by the model. status: of HTTP; said: to the caller; reason: for the log."""

    def __init__(self, status: int, said: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.said, self.reason = status, said, reason


class Replicas:
    """Asks the replicas of one model. Use it within one event loop.

    info: what the model says of itself, empty until one was ready.
    """

    def __init__(
        self, paths: Sequence[Path | str], *, rows: int = 64, waiting: int = 2_000, variant: str = ""
    ) -> None:
        """paths: their sockets. rows: at most so many of several requests go as one batch; 1 joins none.

        waiting: requests that may wait; the next is answered 503 at once.
        """
        self.rows, self.most, self.variant = max(1, rows), waiting, variant
        self.info: dict[str, Any] = {}
        self.wants: packing.Wants | None = None
        self._links = [Link(Path(p), self._heard) for p in paths]
        self._queue: deque[Asked] = deque()
        self._again: deque[Asked] = deque()
        self._ready = asyncio.Event()
        self._closing = False
        self._sweeper: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self.asked = self.batches = 0

    async def connect(self, seconds: float = 120.0) -> None:
        """Connect to all, and return when the first is ready; Missing where none is in time."""
        self.open()
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            raise Missing(f"no replica was ready within {seconds:g} seconds") from None

    def open(self) -> None:
        """Connect to all, without waiting for any."""
        for link in self._links:
            link.open()

    async def ask(self, question: Question, seconds: float = 60.0) -> Answer:
        """Return the model's answer, or one that says why there is none (400, 406, 415, 500, 503, 504). It never raises.

        seconds: that it may take, waiting included. The rows of the question are used where the model takes rows, and read from
        its body where nobody has read them yet.
        """
        began = time.monotonic()
        try:
            if self._closing or (self.wants is None and not await self._came_up(seconds)):
                raise _Failed(503, "", "no replica is ready")
            assert self.wants is not None
            if self.wants.asked != "body":
                accepted(question.accept, question.content_type)  # refused before a model is asked
            if len(self._queue) + len(self._again) >= self.most:
                raise _Failed(503, "", f"{self.most} requests are waiting")
            packed = await self._packed(question, self.wants)
            if self._closing:
                raise _Failed(503, "", "the endpoint was closed")
            answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            self.asked += 1
            self._queue.append(Asked(packed, began + seconds, answered))
            self._pump()
            found = await answered
            if type(found) is dict:
                body, media = await _written(found, question)
            else:
                media, body = found
        except PayloadRefused as refused:
            return self._refusal(refused.status, str(refused), refused.rule, began)
        except _Failed as failed:
            return self._refusal(failed.status, failed.said or _ERRORS[failed.status], failed.reason, began)
        return Answer(200, body, media, time.monotonic() - began, "", self.variant)

    async def _packed(self, question: Question, wants: packing.Wants) -> packing.Packed:
        """Return the rows as a replica is sent them; of a large body packed in a thread, so that no other request waits."""
        if len(question.body) < _QUICK_BODY:
            return packing.packed(question, wants)
        return await asyncio.to_thread(packing.packed, question, wants)

    def health(self) -> dict[str, int]:
        """Return how many replicas are ready, of how many; requests waiting and under way; and counts since the start."""
        return {
            "ready": sum(link.ready for link in self._links),
            "replicas": len(self._links),
            "waiting": len(self._queue) + len(self._again),
            "under_way": sum(len(b.asked) for link in self._links for b in link.under_way.values()),
            "asked": self.asked,
            "batches": self.batches,
            "lost": sum(link.losses for link in self._links),
            "hung": sum(link.hangs for link in self._links),
        }

    async def close(self, drain: float = 10.0) -> None:
        """Take no more requests, wait until all are answered or ``drain`` seconds have passed, and let go."""
        self._closing = True
        self._idle.clear()
        if self._busy():
            try:
                await asyncio.wait_for(self._idle.wait(), drain)
            except TimeoutError:
                for asked in self._all():
                    _settle(asked, _Failed(503, "", "the endpoint was closed"))
        if self._sweeper is not None:
            self._sweeper.cancel()
        for link in self._links:
            await link.close()
        await asyncio.sleep(0)

    async def _came_up(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _refusal(self, status: int, said: str, reason: str, began: float) -> Answer:
        body = msgspec.json.encode({"error": said})
        return Answer(status, body, _JSON, time.monotonic() - began, reason, self.variant)

    def _busy(self) -> bool:
        return bool(self._queue or self._again or any(link.under_way for link in self._links))

    def _all(self) -> list[Asked]:
        sent = [a for link in self._links for b in link.under_way.values() for a in b.asked]
        return [*self._queue, *self._again, *sent]

    def _pump(self) -> None:
        """Send what can be sent."""
        while self._again or self._queue:
            # What merely stood behind a replica that ended goes first: what goes alone may end the last that is left.
            suspects = bool(self._again) and not (self._queue and self._queue[0].lost)
            link = self._chosen(alone=suspects)
            if link is None:
                break
            if suspects:
                asked = [self._again.popleft()]
                if asked[0].answered.done():
                    continue
            else:
                asked = self._joined()
                if not asked:
                    continue
            self.batches += 1
            link.send(Batch(asked))
        if self._sweeper is None and self._busy():
            self._sweeper = asyncio.get_running_loop().call_later(_SWEEP, self._sweep)
        elif self._closing and not self._busy():
            self._idle.set()

    def _chosen(self, *, alone: bool) -> Link | None:
        """Return the replica with the fewest rows before it; for one that goes alone an idle one. None where all are busy.

        Nobody stands behind a request that goes alone, and while one waits no busy replica is given more.
        """
        best: Link | None = None
        for link in self._links:
            if not link.ready:
                continue
            deep = len(link.under_way)
            if deep:
                first = next(iter(link.under_way.values()))
                if alone or first.alone or deep > 1 or link.pace > _QUICK:
                    continue
            if best is None or link.rows < best.rows:
                best = link
        return best

    def _joined(self) -> list[Asked]:
        """Return the request that waits longest, with others that can be put to the model in one go."""
        queue = self._queue
        first = queue.popleft()
        if first.answered.done():
            return []
        out, count, joins = [first], first.packed.count, first.packed.joins
        while joins and queue and count < self.rows:
            after = queue[0]
            if after.packed.joins != joins or count + after.packed.count > self.rows:
                break
            queue.popleft()
            if not after.answered.done():
                out.append(after)
                count += after.packed.count
        return out

    def _heard(self, link: Link, what: str, batch: Any, detail: Any) -> None:
        if what == "answer":
            self._answered(batch, detail)
            return
        if what == "lost":
            self._lost(batch, detail)
        elif self.wants is None and link.wants is not None:
            self.info, self.wants = link.info, link.wants
            self._ready.set()
        self._pump()

    def _answered(self, batch: Batch, frame: Frame) -> None:
        if frame.kind == frames.FAILED:
            self._failed(batch, *unpacking.failure(frame.payload))
            return
        if frame.kind == frames.ANSWER_BODY:
            _settle(batch.asked[0], unpacking.body(frame.payload))
            return
        found = unpacking.columns(frame.payload, batch.count)
        if len(batch.asked) == 1:
            _settle(batch.asked[0], found)
            return
        at = 0
        for asked in batch.asked:
            end = at + asked.packed.count
            _settle(asked, {name: values[at:end] for name, values in found.items()})
            at = end

    def _failed(self, batch: Batch, status: int, said: str, reason: str, row: int) -> None:
        """One row, or the model, fails a batch: whose row it is is told so, the others are asked again."""
        if len(batch.asked) == 1:
            _settle(batch.asked[0], _Failed(status, said or _said(status), reason or said))
            return
        at = 0
        for asked in batch.asked:
            mine = at <= row < at + asked.packed.count
            at += asked.packed.count
            if mine:
                _settle(asked, _Failed(status, said or _said(status), reason or said))
            elif row >= 0:
                self._queue.appendleft(asked)
            else:
                asked.alone = True
                self._again.append(asked)

    def _lost(self, batches: list[Batch], reason: str) -> None:
        """A replica ended. What it was at is asked again, each by itself, but for what has ended one before.

        What stood behind was not begun, and waits again at the head of the queue.
        """
        for at, batch in enumerate(batches):
            for asked in batch.asked:
                asked.lost += 1
                if (asked.alone and batch.started) or asked.lost >= _MOST_LOST:
                    _settle(asked, _Failed(500, "", f"the model's process ended at it again: {reason}"))
                elif at == 0 and not batch.unread:
                    asked.alone = True
                    self._again.append(asked)
        behind = batches[0 if batches and batches[0].unread else 1 :]
        self._wait_again(behind)

    def _wait_again(self, batches: Sequence[Batch]) -> None:
        self._queue.extendleft(reversed([a for b in batches for a in b.asked if not a.answered.done()]))

    def _sweep(self) -> None:
        """Look for what is late: answer it, and free what stands with it from a replica that hangs."""
        now = time.monotonic()
        for queue in (self._queue, self._again):
            if queue and min(a.deadline for a in queue) <= now:
                late = [a for a in queue if a.deadline <= now]
                for asked in late:
                    queue.remove(asked)
                    _settle(asked, _Failed(504, "", "it waited too long for a replica"))
        for link in self._links:
            if link.under_way:
                self._hold(link, now)
        self._sweeper = None
        self._pump()

    def _hold(self, link: Link, now: float) -> None:
        """Answer what is late, and end a replica whose first batch takes too long.

        That is at half of its time where others would be late because of it, else at the end; but a replica that is merely
        given old requests is not ended for it.
        """
        for batch in link.under_way.values():
            if batch.first <= now:
                for asked in batch.asked:
                    if asked.deadline <= now:
                        _settle(asked, _Failed(504, "", "the model did not answer in time"))
        first = next(iter(link.under_way.values()))
        patience = first.sent + max(_PATIENCE, 10 * link.pace)
        first.unread = now >= patience and len(link.under_way) == 1 and not first.started and link.unread
        if first.unread and any(other.ready for other in self._links if other is not link):
            self._wait_again(link.withdraw())
            return
        others = (
            first.unread
            or len(first.asked) > 1
            or len(link.under_way) > 1
            or (first.alone and bool(self._again or self._queue))
        )
        until = max(first.half if others else first.deadline, patience)
        if now < until:
            return
        if first.alone and first.started:
            _settle(first.asked[0], _Failed(504, "", "the model did not answer in time, twice"))
        link.hung(first)
        link.drop("the replica did not answer in time")


async def _written(found: dict[str, Any], question: Question) -> tuple[bytes, str]:
    """Return an answer in the form that is accepted; one of many rows is written in a thread."""
    rows = max((len(values) for values in found.values()), default=0)
    if rows < _QUICK_ROWS:
        return write(found, question.accept, content_type=question.content_type)
    return await asyncio.to_thread(write, found, question.accept, content_type=question.content_type)


def _said(status: int) -> str:
    if status in _ERRORS:
        return _ERRORS[status]
    if status == 415:
        return "the model does not read this content type"
    return "the model cannot read these rows"


def _settle(asked: Asked, result: Any) -> None:
    if asked.answered.done():  # whoever asked has gone
        return
    if isinstance(result, _Failed):
        asked.answered.set_exception(result)
    else:
        asked.answered.set_result(result)
