"""Requests of endpoints as spans: which are kept, what a gateway notes of one, and how they come into the office.

A request is kept where its caller's trace is sampled (``traceparent``, W3C Trace Context), where it failed or took a second, and
one in a thousand of the others: what is worth looking at is known at the end of a request, not at its beginning. Each
gateway keeps so many a second; what is more is counted. Nothing of a question or an answer stands in a span.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay import __version__
from assay.kernel.span import Caller, Scope, Span
from assay.works.serving.journal import Journal, closed
from assay.works.serving.share import Share

if TYPE_CHECKING:
    from assay.works.home import Home

ACTION = "traces.requests"
PER_SECOND = 20
SLOW = 1.0  # seconds
_ONE_IN = 1000
_SPANS = 20_000  # of one document
_LARGEST = 64 << 20
_SCOPE = Scope({"service.name": "assay-gateway", "service.version": __version__}, "assay", __version__)


class Trail:
    """What a request was at, until when: noted in a microsecond, and thrown away where it is not kept."""

    __slots__ = ("began", "marks", "wall")

    def __init__(self) -> None:
        self.wall, self.began = time.time_ns(), time.perf_counter_ns()
        self.marks: list[tuple[str, int]] = []

    def at(self, name: str) -> None:
        """Say that what went on until now was ``name``."""
        self.marks.append((name, time.perf_counter_ns() - self.began))


class Tracer:
    """Which requests of one gateway are kept, each a line of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._kept = journal, Share()

    def take(
        self, trail: Trail, headers: Mapping[str, str], status: int, about: Mapping[str, Any]
    ) -> bool | None:
        """Keep a request that is over, if it is one to keep: whether it was; None where it is none. about: attributes."""
        took = time.perf_counter_ns() - trail.began
        said = headers.get("traceparent")
        caller = Caller.read(said, headers.get("tracestate", "")) if said else None
        asked = caller is not None and caller.flags & 1
        if not asked and status < 500 and took < SLOW * 1e9 and secrets.randbelow(_ONE_IN):
            return None
        if not self._kept.take(trail.wall // 1_000_000_000, PER_SECOND):
            return False
        line = {"wall": trail.wall, "took": took, "marks": trail.marks, "status": status, "about": about}
        if caller is not None:
            line |= {"trace": caller.trace, "parent": caller.span, "state": caller.state}
        try:
            self._journal.put(line)
        except OSError:  # a caller is answered all the same
            return False
        return True

    def turn(self) -> None:
        """Let what was kept so far be recorded."""
        self._journal.turn()

    def close(self) -> None:
        """Keep no more."""
        self._journal.close()


def journal(home: Home, name: str) -> Journal:
    """Return what a gateway writes its spans into."""
    return Journal(_folder(home), name)


def _folder(home: Home) -> Path:
    return home.root / "serving" / "spans"


def record(home: Home, actor: str) -> int | None:
    """Enter the spans of all batches that are closed; return the event's seq, None for nothing.

    A batch that was entered before its file could be removed is the same document again, and known.
    """
    from assay.works.traces import intake

    seq = None
    with closed(_folder(home)) as files:
        for path in files:
            spans = [s for line in _lines(path) for s in read(line)]
            for at in range(0, len(spans), _SPANS):
                part = spans[at : at + _SPANS]
                seq = intake.enter(home, actor, part, source="endpoint", action=ACTION).event
            path.unlink()
    return seq


def _lines(path: Path) -> Iterator[bytes]:
    if path.stat().st_size <= _LARGEST:
        yield from path.read_bytes().splitlines()


def read(line: bytes) -> list[Span]:
    """Return the spans of one request: the whole of it, and below it what it was at. A line cut short by a crash has none.

    The ids that nobody gave follow from the line: read again, it is the same spans.
    """
    own = hashlib.sha256(line).hexdigest()
    try:
        told = json.loads(line)
        wall, took, status = int(told["wall"]), int(told["took"]), int(told["status"])
        marks = [(str(name)[:200], int(end)) for name, end in told["marks"]]
        about = dict(told["about"])
    except (ValueError, KeyError, TypeError):
        return []
    trace = str(told.get("trace", "")) or f"{wall // 1_000_000_000:08x}{own[:24]}"
    state, failed = str(told.get("state", "")), status >= 500
    root = Span(
        trace, own[-16:], f"POST {about.get('assay.endpoint', '')}", wall, wall + took,
        str(told.get("parent", "")), "server", "error" if failed else "unset", f"status {status}" if failed else "",
        about | {"http.request.method": "POST", "http.response.status_code": status}, state=state, flags=1, scope=_SCOPE,
    )  # fmt: skip
    out, begun = [root], 0
    for number, (name, end) in enumerate(marks):
        id = hashlib.sha256(f"{own}/{number}".encode()).hexdigest()[:16]
        kind = "client" if name.startswith("model ") else "internal"
        span = Span(
            trace, id, name, wall + begun, wall + max(end, begun), root.id, kind,
            state=state, flags=1, scope=_SCOPE,
        )  # fmt: skip
        out.append(span)
        begun = max(end, begun)
    return out
