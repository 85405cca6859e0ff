"""Recording spans: a recorder of its own for each run, handed down with the work; nothing of it is global.

A span costs a few microseconds. How many are kept is bounded, and what was left out is counted. The eight first digits of a
trace's id are the second in which it began, as X-Ray wants it; the rest is random.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.errors import AssayError
from assay.kernel.span import UNTRUSTED, Caller, Scope, Span, SpanEvent

MOST = 5_000  # spans of one recorder
ALIKE = 100  # spans of one name below one parent; of the rest the parent keeps the count and the seconds
NAMES = 200  # different names below one parent, likewise
BRIEF = 1_000_000  # nanoseconds: a stage that was shorter is none
TEXT = 1_000  # characters of a name, message or attribute


@dataclass(slots=True)
class Open:
    """A span under way."""

    id: str
    name: str
    parent: str
    kind: str
    start: int
    attributes: dict[str, Any]
    status: str = "unset"
    message: str = ""
    events: list[SpanEvent] = field(default_factory=list)
    kept: bool = True
    stage: Open | None = None  # what is under way within it
    below: dict[str, int] = field(default_factory=dict)  # name → how many of it were begun below
    left: dict[str, list[float]] = field(
        default_factory=dict
    )  # name → count and seconds of what was left out

    def set(self, **attributes: Any) -> None:
        """Add attributes; a name's double underscore stands for a dot, and None is left out."""
        for name, value in attributes.items():
            if value is not None:
                self.attributes[name.replace("__", ".")] = _short(value)

    def fail(self, message: str) -> None:
        """Say that it ended in an error."""
        self.status, self.message = "error", message[:TEXT]

    def happened(self, name: str, **attributes: Any) -> None:
        """Say that something happened now."""
        if len(self.events) < ALIKE:
            kept = {n.replace("__", "."): _short(v) for n, v in attributes.items()}
            self.events.append(SpanEvent(time.time_ns(), name[:TEXT], kept))


class Recorder:
    """Records the spans of one run, check or act. caller: the span that it was called from, whose trace it joins.

    Threads may record at once. A span's parent is what its own thread has open, or else the innermost span that the
    thread which made the recorder has open.
    """

    def __init__(self, scope: Scope, caller: Caller | None = None) -> None:
        self.scope, self.caller = scope, caller
        self.trace = caller.trace if caller else f"{int(time.time()):08x}{secrets.token_hex(12)}"
        self._done: list[Span] = []
        self._main: list[Open] = []
        self._own = threading.local()
        self._own.stack = self._main
        self._lock = threading.Lock()
        self._clock = time.time_ns() - time.perf_counter_ns()  # spans of one run never run backwards
        self.dropped = 0

    def now(self) -> int:
        """Return the time in nanoseconds since 1970, from a clock that is never set back."""
        return self._clock + time.perf_counter_ns()

    @property
    def current(self) -> Open | None:
        """Return the innermost span that this thread has open, or else the first thread."""
        innermost = self._innermost()
        return innermost.stage or innermost if innermost else None

    def _innermost(self) -> Open | None:
        stack = getattr(self._own, "stack", None) or self._main
        return stack[-1] if stack else None

    def stage(self, name: str) -> None:
        """Say what the current span is at now: a span below it, until it is at something else, or ends."""
        at = self._innermost()
        if at is None or (at.stage is not None and at.stage.name == name[:TEXT]):
            return
        self._leave(at)
        at.stage = self.begin(name)

    def _leave(self, at: Open) -> None:
        stage, at.stage = at.stage, None
        if stage is not None and (self.now() - stage.start >= BRIEF or stage.below):
            self.end(stage)

    @contextlib.contextmanager
    def span(self, name: str, kind: str = "internal", **attributes: Any) -> Iterator[Open]:
        """Record what happens within as a span; an error that leaves it is its status."""
        opened = self.begin(name, kind, **attributes)
        stack = self._own.__dict__.setdefault("stack", [])
        stack.append(opened)
        try:
            yield opened
        except BaseException as error:
            if opened.status == "unset":
                opened.fail(_told(error))
            raise
        finally:
            self._leave(opened)
            stack.remove(opened)
            self.end(opened)

    def enter(self, name: str, kind: str = "internal", **attributes: Any) -> Open:
        """Begin a span that holds all that follows, until ``spans`` is asked for the last time."""
        opened = self.begin(name, kind, **attributes)
        self._main.append(opened)
        return opened

    def begin(self, name: str, kind: str = "internal", **attributes: Any) -> Open:
        """Begin a span below the current one, which does not itself become the current one."""
        parent = self.current
        above = parent.id if parent else self.caller.span if self.caller else ""
        name = name[:TEXT]
        opened = Open(secrets.token_hex(8), name, above, kind, self.now(), {})
        opened.set(**attributes)
        if parent is not None:
            many = parent.below[name] = parent.below.get(name, 0) + 1
            opened.kept = parent.kept and many <= ALIKE and len(parent.below) <= NAMES
        return opened

    def end(self, opened: Open, end: int = 0) -> None:
        """End a span. end: when it ended, now where it is 0."""
        end = end or self.now()
        with self._lock:
            if opened.kept and len(self._done) < MOST:
                self._done.append(self._made(opened, end))
                return
            self.dropped += 1
        stack = getattr(self._own, "stack", None) or self._main
        above = next(
            (o for one in reversed(stack) for o in (one.stage, one) if o and o.id == opened.parent), None
        )
        if above is not None:
            count = above.left.setdefault(opened.name, [0, 0.0])
            count[0] += 1
            count[1] += (end - opened.start) / 1e9

    def _made(self, opened: Open, end: int) -> Span:
        attributes = opened.attributes
        if opened.left:
            attributes["assay.left_out"] = tuple(
                f"{name}: {count[0]:.0f} in {count[1]:.3f} s"
                for name, count in list(opened.left.items())[:20]
            )
        return Span(
            self.trace, opened.id, opened.name, opened.start, max(end, opened.start), opened.parent, opened.kind,
            opened.status, opened.message, attributes, tuple(opened.events), (),
            self.caller.state if self.caller else "", 1, (0, 0, 0), self.scope,
        )  # fmt: skip

    def told(self, parent: Open, told: list[tuple[str, int, int]]) -> None:
        """Add the spans that code inside a sandbox tells of: a name, a start and an end each.

        They are marked as untrusted, and lie within the parent's time whatever they say. One that lies within another is
        below it.
        """
        now = self.now()
        above: list[Open] = [parent]
        ends = [now]
        for name, start, end in sorted(told, key=lambda t: (t[1], -t[2])):
            while len(above) > 1 and (start >= ends[-1] or end > ends[-1]):
                above.pop()
                ends.pop()
            begun = min(max(start, above[-1].start), now)
            ended = min(max(end, begun), ends[-1])
            span = Open(secrets.token_hex(8), name[:TEXT], above[-1].id, "internal", begun, {UNTRUSTED: True})
            span.kept = parent.kept
            self.end(span, ended)
            above.append(span)
            ends.append(ended)

    def spans(self, below: Open | None = None) -> list[Span]:
        """Return what was recorded so far, by their start; spans that are open end now. below: that one, and what is below it."""
        with self._lock:
            done = list(self._done)
        now = self.now()
        open_ = [o for one in self._main for o in (one, one.stage) if o is not None and o.kept]
        done += [self._made(o, now) for o in open_]
        done.sort(key=lambda s: (s.start, -s.end))
        if below is None:
            return done
        inside = {below.id}
        out = []
        for span in done:  # none begins before what it is below
            if span.id in inside or span.parent in inside:
                inside.add(span.id)
                out.append(span)
        return out

    def caller_of(self) -> Caller | None:
        """Return the current span as the caller of what is asked elsewhere."""
        current = self.current
        return Caller(self.trace, current.id, 1) if current else self.caller


@contextlib.contextmanager
def spanned(
    recorder: Recorder | None, name: str, kind: str = "internal", **attributes: Any
) -> Iterator[Open | None]:
    """Record what happens within, where there is a recorder."""
    if recorder is None:
        yield None
        return
    with recorder.span(name, kind, **attributes) as opened:
        yield opened


def _told(error: BaseException) -> str:
    """Return what a span says of an error: nothing that may hold values of rows, since spans are sent elsewhere."""
    if isinstance(error, AssayError):
        return error.for_the_log()
    return type(error).__name__ if isinstance(error, Exception) else "interrupted"


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:TEXT]
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (tuple, list)):
        return tuple(_short(v) for v in value[:ALIKE])
    if isinstance(value, Mapping):
        return {str(k)[:TEXT]: _short(v) for k, v in list(value.items())[:ALIKE]}
    return str(value)[:TEXT]
