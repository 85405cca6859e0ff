"""The gateway: whoever may ask is answered by a variant; guards stand before, taps beside, a fallback behind.

It holds nothing that another gateway would not know: what is published is read again when it changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.serving.reading import Reader as Payloads
from assay.kernel.serving import Answer, Question, Refusal
from assay.methods.bearers import ADMIN
from assay.methods.payloads import PayloadRefused
from assay.methods.routing.buckets import Buckets
from assay.works.serving import lines, publishing
from assay.works.serving.admission import FORBIDDEN, UNKNOWN, Caller, Callers, credential
from assay.works.serving.asking import Asking, unanswered
from assay.works.serving.beside import Beside
from assay.works.serving.counts import Counts
from assay.works.serving.journal import Journal
from assay.works.serving.lines import Line
from assay.works.serving.publishing import Published
from assay.works.serving.recording import Recording
from assay.works.serving.telling import Teller
from assay.works.serving.tracing import Tracer, Trail

if TYPE_CHECKING:
    from assay.works.home import Home

INFERENCE = "x-amzn-sagemaker-inference-id"
_LONGEST_ID = 64
_DRAIN = 30.0
_VARIANT = {c: "89ab"[int(c, 16) & 3] for c in "0123456789abcdef"}
NOT_THERE = Refusal("endpoint.unknown", "there is no such endpoint", 404)
SEVERAL = Refusal("endpoint.unnamed", "several endpoints answer here; ask /endpoints/NAME/invocations", 400)
CLOSED = Refusal("endpoint.closed", "no model is ready to answer; ask again in a moment", 503)
LONG_ID = Refusal(
    "inference.id", "an inference id has at most 64 characters, all of them printable ASCII", 400
)  # as SageMaker's have
_BROKEN = "its model does not start; the server's own log says why"
NO_VARIANT = Refusal("variant.unknown", "the endpoint has no such variant that answers", 400)


@dataclass(slots=True)
class Asked:
    """A request whose head was admitted. most: bytes that its body may have."""

    line: Line
    caller: Caller
    variant: str
    address: str
    most: int
    id: str


class Gateway:
    """One gateway process. folder: where its server publishes; name: its own among others."""

    def __init__(
        self,
        home: Home,
        folder: Path,
        name: str,
        connect: lines.Connect,
        journal: Journal,
        counts: Counts,
        buckets: Buckets,
        tracer: Tracer,
    ) -> None:
        self.home, self.folder, self.name, self.connect = home, folder, name, connect
        self.counts, self.buckets = counts, buckets
        self.tracer = tracer
        self.lines: dict[str, Line] = {}
        self.callers = Callers({})
        self.published = Published()
        self.under_way = 0
        self._published_reader = publishing.Reader(folder)
        self.reader = Payloads()
        self._closing: set[asyncio.Task[None]] = set()
        self._teller = Teller()
        self.recording = Recording(counts, journal)
        self.asking = Asking(counts)
        self.beside = Beside(counts, self.asking, self._teller)

    # -- what is published

    async def refresh(self) -> bool:
        """Take over what was published since; whether anything was."""
        found = self._published_reader.changed()
        if found is None:
            return False
        before, now = self.published, dict[str, Line]()
        parting: list[tuple[Line | None, list[lines.Arm], list[Any]]] = []
        for name, served in found.endpoints.items():
            old = self.lines.get(name)
            if old is not None and before.endpoints.get(name) == served:
                now[name] = old
                continue
            prepared = await asyncio.to_thread(lines.prepare, self.home, served, old)
            if prepared.stale:
                self._teller.say(f"the guards of {name} are as they were: {prepared.stale}")
            now[name], arms, taps = lines.opened(served, prepared, self.connect, old)
            parting.append((old, arms, taps))
        for name, line in self.lines.items():
            if name not in now:
                parting.append((line, list(line.arms.values()), line.taps))
        if before.tokens != found.tokens:
            self.callers = Callers(found.tokens)
        if before.reader != found.reader:
            self._read(found.reader)
        self.lines, self.published = now, found
        for left, arms, taps in parting:
            self._part(left, arms, taps)
        return True

    def _read(self, path: str) -> None:
        """Take another reader of payloads; the one before ends what it reads."""
        old, self.reader = self.reader, Payloads(path or None)
        task = asyncio.get_running_loop().create_task(old.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _part(self, line: Line | None, arms: list[lines.Arm], taps: list[Any]) -> None:
        """Close variants and taps when the requests that were admitted to them are answered."""

        async def end() -> None:
            until = time.monotonic() + _DRAIN
            while time.monotonic() < until and any(a.held for a in arms):
                await asyncio.sleep(0.02)
            for arm in arms:
                with contextlib.suppress(OSError):  # its replicas are gone already
                    await arm.pool.close(max(0.1, until - time.monotonic()))
            while taps and line is not None and line.held and time.monotonic() < until:
                await asyncio.sleep(0.02)
            for tap in taps:
                close = getattr(tap, "close", None)
                if close is not None:
                    await asyncio.to_thread(close)
                self.beside.forget(tap)

        if arms or taps:
            task = asyncio.get_running_loop().create_task(end())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    @property
    def parting(self) -> bool:
        """Whether connections to replicas that are no longer asked are still in use."""
        return bool(self._closing)

    def ready(self) -> dict[str, str]:
        """Return why endpoints are not answered for, by name; nothing where all are."""
        if not self.published.serial or self.published.draining:
            return {"": "the server is about to " + ("end" if self.published.draining else "begin")}
        wrong = {
            n: line.wrong or CLOSED.message
            for n, line in self.lines.items()
            if line.wrong or not line.draw.names
        }
        wrong |= dict.fromkeys(self.starting, CLOSED.message)
        return wrong | {n: _BROKEN for n in self.published.broken if n in wrong}

    @property
    def starting(self) -> tuple[str, ...]:
        """Return the endpoints that there are and that no model answers for yet."""
        return tuple(n for n in self.published.starting if n not in self.lines)

    # -- the head of a request

    def admit(
        self, endpoint: str, headers: Mapping[str, str], address: str, certificate: str
    ) -> Asked | Refusal:
        """Return who asks whom, or why they may not; from the head of a request alone. Name none where there is just one."""
        now = time.time()
        token = credential(headers)
        caller = self.callers.of(token, now) if token else None
        line = self._line(endpoint)
        if line is None:
            found = self._absent(endpoint) if caller is not None else UNKNOWN
            return self._refused(endpoint, found, caller, address)
        who = line.door.admit(caller, address, certificate, now, line.held)
        if isinstance(who, Refusal):
            return self._refused(line.name, who, caller, address)
        slow = line.door.pace(who, self.buckets, time.monotonic)
        if slow is not None:
            return self._refused(line.name, slow, who, address)
        said = headers.get(INFERENCE, "")
        if said and (len(said) > _LONGEST_ID or not said.isascii() or not said.isprintable()):
            return self._refused(line.name, LONG_ID, who, address)
        variant = line.choose(headers)
        if line.wrong or (not variant and not line.fallback):
            found = NO_VARIANT if lines.TARGET in headers and line.draw.names and not line.wrong else CLOSED
            return self._refused(line.name, replace(found, detail=line.wrong), who, address)
        line.hold(variant)
        self.under_way += 1
        return Asked(line, who, variant, address, line.bounds.size, _id())

    def release(self, asked: Asked) -> None:
        """Say that a request that was admitted is over, however it ended; once."""
        asked.line.release(asked.variant)
        self.under_way -= 1

    def known(self, headers: Mapping[str, str], address: str) -> Caller | Refusal:
        """Return who sends a token that holds, whatever it opens."""
        token = credential(headers)
        caller = self.callers.of(token, time.time()) if token else None
        return caller if caller is not None else self._refused("", UNKNOWN, None, address)

    def admin(self, headers: Mapping[str, str], address: str) -> Caller | Refusal:
        """Return who asks the management API; a token with the scope ``admin`` opens it."""
        token = credential(headers)
        caller = self.callers.of(token, time.time()) if token else None
        if caller is None:
            return self._refused("", UNKNOWN, None, address)
        if ADMIN not in caller.scopes:
            return self._refused("", FORBIDDEN, caller, address)
        return caller

    def _line(self, endpoint: str) -> Line | None:
        if endpoint:
            return self.lines.get(endpoint)
        return next(iter(self.lines.values())) if len(self.lines) == 1 else None

    def _absent(self, endpoint: str) -> Refusal:
        """Return why there is no line to ask; an endpoint whose first model still starts is no unknown one."""
        if endpoint in self.starting or (not endpoint and not self.lines and self.starting):
            return CLOSED
        return SEVERAL if not endpoint and self.lines else NOT_THERE

    # -- the request itself

    async def answer(
        self,
        asked: Asked,
        body: bytes,
        headers: Mapping[str, str],
        raw: tuple[tuple[str, str], ...],
        path: str,
    ) -> Answer | Refusal:
        """Return what an endpoint answers, or why the question was not passed on. Counted, captured and recorded."""
        line, trail = asked.line, Trail()
        answer = await self._answer(asked, body, headers, raw, path, trail)
        if isinstance(answer, Answer):
            self.recording.answered(line.name, answer, (time.perf_counter_ns() - trail.began) / 1e9)
        self._trace(asked, headers, answer, trail)
        return answer

    def _trace(
        self, asked: Asked, headers: Mapping[str, str], answer: Answer | Refusal, trail: Trail
    ) -> None:
        about: dict[str, Any] = {"assay.endpoint": asked.line.name, "assay.request": asked.id}
        if isinstance(answer, Refusal):
            about["assay.rule"] = answer.rule
        elif answer.variant:
            about["assay.variant"] = answer.variant
        kept = self.tracer.take(trail, headers, answer.status, about)
        if kept is not None:
            self.counts.spans.add(("kept" if kept else "left out",))

    async def _answer(
        self,
        asked: Asked,
        body: bytes,
        headers: Mapping[str, str],
        raw: tuple[tuple[str, str], ...],
        path: str,
        trail: Trail,
    ) -> Answer | Refusal:
        line, arm, rows = asked.line, asked.line.arms.get(asked.variant), None
        kind, wrong = headers.get("content-type", ""), None
        if line.reads:
            try:
                features = arm.features if arm else ()
                rows = await self.reader.read(body, kind, features=features, bounds=line.bounds)
            except PayloadRefused as error:
                wrong = error
            trail.at("read the payload")
        question = Question(
            asked.id, line.name, asked.variant, time.time(), asked.caller.name, kind, headers.get("accept", ""), body,
            rows, headers.get(INFERENCE, ""),
            headers.get("x-amzn-sagemaker-custom-attributes", ""), asked.address, "POST", path, raw,
        )  # fmt: skip
        if wrong is not None and (wrong.status != 415 or wrong.rule != "payload.type"):
            return self._stop(line, question, Refusal(wrong.rule, str(wrong), wrong.status))
        # What is of another form may be read by the model's own input_fn.
        for guard in arm.guards if arm else ():
            slow = guard.slow(question)
            found = await asyncio.to_thread(guard.examine, question) if slow else guard.examine(question)
            for refusal in found:
                if refusal.blocks:
                    return self._stop(line, question, refusal)
                self.recording.noted(line.name, question, refusal)
        trail.at("guards")
        if line.fallback.get("when") == "always" or arm is None:
            answer = self.asking.fallen(line, question) or unanswered(503, CLOSED.message)
        else:
            answer = await self.asking.ask(line, arm, asked.caller, question)
        trail.at(f"model {answer.variant}" if answer.variant != "fallback" else "fallback")
        self.beside.taps(line, question, answer)
        for name in line.shadows:
            self.beside.shadow(line, line.arms[name], question, answer)
        trail.at("capture")
        return answer

    # -- what is counted and recorded

    def _stop(self, line: Line, question: Question, refusal: Refusal) -> Refusal:
        return self.recording.refused(
            line.name, line.name, refusal, question.caller, question.address, question.id
        )

    def refused(self, asked: Asked, refusal: Refusal) -> Refusal:
        """Count and record a refusal that was found while the body came."""
        return self._refused(asked.line.name, refusal, asked.caller, asked.address, asked.id)

    def _refused(
        self, endpoint: str, refusal: Refusal, caller: Caller | None, address: str, id: str = ""
    ) -> Refusal:
        shown = endpoint if endpoint in self.lines else ""
        return self.recording.refused(endpoint, shown, refusal, caller.name if caller else "", address, id)

    def look(self) -> None:
        """Count and tell what taps took and could not keep."""
        self.beside.look(self.lines.values())

    def settle(self) -> None:
        """Write down what was counted and traced since the last time, and let the batches be recorded."""
        self.recording.settle()
        self.tracer.turn()

    async def close(self, drain: float = _DRAIN) -> None:
        """Let what is under way end, and write down what was counted."""
        end = time.monotonic() + drain
        while (self.beside.shadows or self.under_way) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        for line in self.lines.values():
            self._part(line, list(line.arms.values()), line.taps)
        self.lines = {}
        if self._closing:
            await asyncio.wait(self._closing, timeout=max(0.1, end - time.monotonic()))
        self.recording.close()
        self.tracer.close()


def _id() -> str:
    """Return a UUID of random bits (RFC 9562, version 4), in a third of the time that the uuid module takes."""
    h = os.urandom(16).hex()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:]}"
