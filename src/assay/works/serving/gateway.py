"""The gateway: whoever may ask is answered by a variant; guards stand before, taps beside, a fallback behind.

It holds nothing that another gateway would not know: what is published is read again when it changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.serving.reading import Reader as Payloads
from assay.kernel.errors import AssayError
from assay.kernel.serving import Answer, Question, Refusal
from assay.methods import payloads
from assay.methods.payloads import PayloadRefused
from assay.methods.routing.buckets import Buckets
from assay.works.serving import fallbacks, lines, publishing
from assay.works.serving.admission import FORBIDDEN, UNKNOWN, Caller, Callers, credential
from assay.works.serving.counts import Counts
from assay.works.serving.journal import Journal
from assay.works.serving.lines import Line
from assay.works.serving.publishing import Published
from assay.works.serving.telling import Teller
from assay.works.serving.tracing import Tracer, Trail

if TYPE_CHECKING:
    from assay.works.home import Home

_SHADOWS = 64  # questions to shadows under way; what is above is left out, and counted
INFERENCE = "x-amzn-sagemaker-inference-id"
_LONGEST_ID = 64
_LINES = 100  # refusals a second that are written whole; of the others the number is
_DRAIN = 30.0
_VARIANT = {c: "89ab"[int(c, 16) & 3] for c in "0123456789abcdef"}
NOT_THERE = Refusal("endpoint.unknown", "there is no such endpoint", 404)
SEVERAL = Refusal("endpoint.unnamed", "several endpoints answer here; ask /endpoints/NAME/invocations", 400)
CLOSED = Refusal("endpoint.closed", "no model is ready to answer; ask again in a moment", 503)
LONG_ID = Refusal("inference.id", "an inference id has at most 64 characters", 400)  # as SageMaker's have
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
        self.journal, self.counts, self.buckets = journal, counts, buckets
        self.tracer = tracer
        self.lines: dict[str, Line] = {}
        self.callers = Callers({})
        self.published = Published()
        self.under_way = 0
        self._published_reader = publishing.Reader(folder)
        self.reader = Payloads()
        self._shadows: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._answered: dict[str, int] = {}
        self._unwritten: dict[tuple[str, str], int] = {}
        self._second, self._written = 0, 0
        self._unwritten_of: dict[int, int] = {}  # tap → of what it could not keep, how much was counted
        self._teller = Teller()

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
                self._unwritten_of.pop(id(tap), None)

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
        if len(headers.get(INFERENCE, "")) > _LONGEST_ID:
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

    def known(self, headers: Mapping[str, str], address: str, path: str) -> Caller | Refusal:
        """Return who sends a token that holds, whatever it opens."""
        token = credential(headers)
        caller = self.callers.of(token, time.time()) if token else None
        return caller if caller is not None else self._refused("", UNKNOWN, None, address, path)

    def admin(self, headers: Mapping[str, str], address: str, path: str) -> Caller | Refusal:
        """Return who asks the management API; a token with the scope ``admin`` opens it."""
        token = credential(headers)
        caller = self.callers.of(token, time.time()) if token else None
        if caller is None:
            return self._refused("", UNKNOWN, None, address, path)
        if "admin" not in caller.scopes:
            return self._refused("", FORBIDDEN, caller, address, path)
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
            self._count(line.name, answer, (time.perf_counter_ns() - trail.began) / 1e9)
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
                self._noted(line, question, refusal)
        trail.at("guards")
        if line.fallback.get("when") == "always" or arm is None:
            answer = self._fallen(line, question) or _unanswered(503, CLOSED.message)
        else:
            answer = await self._ask(line, arm, asked.caller, question)
        trail.at(f"model {answer.variant}" if answer.variant != "fallback" else "fallback")
        self._taps(line, question, answer)
        for name in line.shadows:
            self._shadow(line, line.arms[name], question)
        trail.at("capture")
        return answer

    async def _ask(self, line: Line, arm: lines.Arm, caller: Caller, question: Question) -> Answer:
        key = line.cache.key(arm.name, caller, question) if line.cache.seconds else b""
        held = line.cache.get(key) if key else None
        if held is not None:
            self.counts.cached.add((line.name,))
            return replace(held, seconds=0.0)
        began = time.perf_counter()
        answer = await self._asked(line, arm, question)
        took = time.perf_counter() - began
        self.counts.model.observe((line.name, arm.name), took)
        self.counts.tallies.take((line.name, arm.name, arm.digest), answer, took)
        if key:
            line.cache.put(key, answer)
        if answer.status >= 500 and line.fallback:
            self._count_failed(line.name, answer)
            return self._fallen(line, question) or answer
        return answer

    async def _asked(self, line: Line, arm: lines.Arm, question: Question) -> Answer:
        try:
            answer = await arm.pool.ask(question, line.seconds)
        except (OSError, AssayError) as error:
            answer = _unanswered(502, "the model could not be asked", reason=str(error))
        return answer if answer.variant == arm.name else replace(answer, variant=arm.name)

    def _fallen(self, line: Line, question: Question) -> Answer | None:
        """Return the fallback's answer; None where the rows cannot be read, or no form of answer is accepted."""
        rows = question.rows
        if rows is None or not line.fallback:
            return None
        if rows.table is not None:
            rows = payloads_rows(rows)
        found = fallbacks.answers(line.fallback, rows.names or _own(line, question), rows.cells or [])
        try:
            body, kind = payloads.write(
                {"prediction": found}, question.accept, content_type=question.content_type
            )
        except PayloadRefused:
            return None
        self.counts.fallen.add((line.name,))
        return Answer(200, body, kind, reason="answered by the fallback rule", variant="fallback")

    def _taps(self, line: Line, question: Question, answer: Answer) -> None:
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
        self._teller.say(f"what {line.name} answers cannot be captured: {why[:200]}")

    def look_at_taps(self) -> None:
        """Count and tell what taps took and could not keep."""
        for line in self.lines.values():
            for tap in line.taps:
                lost, why = tap.unwritten()
                fresh = lost - self._unwritten_of.get(id(tap), 0)
                if fresh > 0:
                    self._unwritten_of[id(tap)] = lost
                    self.counts.captured.add((line.name, "unwritten"), fresh)
                    self._tap_failed(line, why or "the disk did not take it")

    def _shadow(self, line: Line, arm: lines.Arm, question: Question) -> None:
        if len(self._shadows) >= _SHADOWS:
            self.counts.shadow.add((line.name, arm.name, "left out"))
            return

        line.hold(arm.name)

        async def ask() -> None:
            try:
                put = replace(question, variant=arm.name)
                answer = await self._asked(line, arm, put)
                outcome = "answered" if answer.status < 500 else "failed"
                self.counts.shadow.add((line.name, arm.name, outcome))
                self._taps(line, put, answer)
            finally:
                line.release(arm.name)

        task = asyncio.get_running_loop().create_task(ask())
        self._shadows.add(task)
        task.add_done_callback(self._shadows.discard)

    # -- what is counted and recorded

    def _stop(self, line: Line, question: Question, refusal: Refusal) -> Refusal:
        caller = Caller(question.caller)
        return self._refused(line.name, refusal, caller, question.address, question.path, question.id)

    def refused(self, asked: Asked, refusal: Refusal) -> Refusal:
        """Count and record a refusal that was found while the body came."""
        return self._refused(asked.line.name, refusal, asked.caller, asked.address, "", asked.id)

    def _refused(
        self,
        endpoint: str,
        refusal: Refusal,
        caller: Caller | None,
        address: str,
        path: str = "",
        id: str = "",
    ) -> Refusal:
        shown = endpoint if endpoint in self.lines else ""
        self.counts.refused.add((shown, refusal.rule))
        who = caller.name if caller else ""
        entry = {"rule": refusal.rule, "status": refusal.status, "caller": who, "address": address, "id": id}
        if not self._write(endpoint, refusal, entry):
            key = (shown, refusal.rule)
            self._unwritten[key] = self._unwritten.get(key, 0) + 1
        return refusal

    def _noted(self, line: Line, question: Question, refusal: Refusal) -> None:
        """Count and write down what a guard that only detects has found; what is too much for the journal is only counted."""
        self.counts.noted.add((line.name, refusal.rule))
        who = {"caller": question.caller, "address": question.address, "id": question.id}
        self._write(line.name, refusal, {"noted": refusal.rule, **who})

    def _write(self, endpoint: str, refusal: Refusal, entry: dict[str, Any]) -> bool:
        """Write a line of the journal; False where this second has had its share, or the disk takes none."""
        now = time.time()
        if int(now) != self._second:
            self._second, self._written = int(now), 0
        self._written += 1
        if self._written > _LINES:
            return False
        told = {"message": refusal.message[:300], "detail": refusal.detail[:500]}
        entry = {k: v for k, v in {**entry, **told}.items() if v != ""}
        try:
            self.journal.put({"at": round(now, 3), "endpoint": endpoint[:64], **entry})
        except OSError:  # a caller is refused all the same; the number is written when the disk takes it
            return False
        return True

    def _count(self, endpoint: str, answer: Answer, took: float) -> None:
        self.counts.requests.add((endpoint, answer.variant, str(answer.status)))
        self.counts.seconds.observe((endpoint,), took)
        key = f"{endpoint}/{answer.variant}/{answer.status}"
        self._answered[key] = self._answered.get(key, 0) + 1

    def _count_failed(self, endpoint: str, answer: Answer) -> None:
        """A failure that a fallback covers is the variant's all the same: a rollout must see it."""
        self.counts.requests.add((endpoint, answer.variant, str(answer.status)))

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
        self.tracer.turn()

    async def close(self, drain: float = _DRAIN) -> None:
        """Let what is under way end, and write down what was counted."""
        end = time.monotonic() + drain
        while (self._shadows or self.under_way) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        for line in self.lines.values():
            self._part(line, list(line.arms.values()), line.taps)
        self.lines = {}
        if self._closing:
            await asyncio.wait(self._closing, timeout=max(0.1, end - time.monotonic()))
        self.settle()
        self.journal.close()
        self.tracer.close()


def _id() -> str:
    """Return a UUID of random bits (RFC 9562, version 4), in a third of the time that the uuid module takes."""
    h = os.urandom(16).hex()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:]}"


def _unanswered(status: int, said: str, seconds: float = 0.0, reason: str = "") -> Answer:
    """Return the answer to a question that no model answered, in the shape that replicas give it."""
    body = json.dumps({"error": said}).encode()
    return Answer(status, body, "application/json", seconds, reason or said)


def payloads_rows(rows: Any) -> Any:
    """Return the rows of an Arrow table as cells."""
    from assay.kernel.serving import Rows

    return Rows(tuple(rows.table.column_names), [list(r.values()) for r in rows.table.to_pylist()])


def _own(line: Line, question: Question) -> tuple[str, ...]:
    arm = line.arms.get(question.variant)
    return arm.features if arm is not None else ()
