"""Spans that are received or imported, kept: what several send at once is one document and one transaction.

A sender is answered when its spans are in the store and the event is signed; what was not kept is told, never lost silently.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.engines import tls
from assay.engines.otlp.receiving import Busy, Full, Receiver, Taken
from assay.kernel.errors import AssayError, Broken, UsageError
from assay.kernel.span import Span
from assay.office import traces
from assay.works.stopping import terminated
from assay.works.traces import keeping

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.works.home import Home

SPANS = 20_000  # of one document
_ROWS = 500  # that one event vouches for
_WAITING = 200_000  # spans that may wait to be written
_REQUESTS = 256  # likewise
_PATIENCE = 30.0  # seconds that a sender waits for its spans to be kept


@dataclass
class Kept:
    """What was taken in. known: spans that were here before. event: the last that says so."""

    spans: int = 0
    known: int = 0
    traces: int = 0
    rejected: int = 0
    why: str = ""
    bytes: int = 0
    event: int | None = None


def enter(
    home: Home,
    actor: str,
    spans: Sequence[Span],
    *,
    source: str,
    action: str,
    rejected: int = 0,
    why: str = "",
) -> Kept:
    """Keep spans in one transaction, a row for each trace; what is here already stays as it is."""
    records = keeping.kept(home, spans, "", actor, source)
    done = Kept(rejected=rejected, why=why)
    with home.office.transaction() as tx:
        fresh = traces.fresh(tx, records)
        for at in range(0, max(len(fresh), 1), _ROWS):
            part = fresh[at : at + _ROWS]
            for record in part:
                traces.put(tx, record)
            detail: dict[str, Any] = {
                "document": records[0].document if records else None,
                "spans": sum(r.spans for r in part),
                "traces": len(part),
            }
            if rejected and not at:
                detail |= {"rejected": rejected, "why": why[:200]}
            done.event = tx.record(action, f"traces/{source}", actor=actor, detail=detail)
    done.spans, done.traces = sum(r.spans for r in fresh), len({r.trace for r in fresh})
    done.known = len(spans) - done.spans
    done.bytes = records[0].bytes if fresh else 0
    return done


@dataclass
class _Waiting:
    taken: Taken
    kept: threading.Event = field(default_factory=threading.Event)
    error: AssayError | None = None


class Intake:
    """What stands between the threads that read requests and the one that writes. most: bytes of all that it may keep."""

    def __init__(self, home: Home, actor: str, most: int) -> None:
        self.home, self.actor, self.most = home, actor, most
        self.done = Kept()
        self.requests = 0
        self._queue: queue.Queue[_Waiting] = queue.Queue(maxsize=_REQUESTS)
        self._closed = threading.Event()
        self._waiting = 0
        self._lock = threading.Lock()

    def keep(self, taken: Taken) -> None:
        """Wait until a request's spans are kept; Busy where too many wait, Full where no more may be kept."""
        if self.done.bytes > self.most:
            raise Full(f"{self.most >> 20} MB of spans were kept, and no more may be")
        with self._lock:
            if self._waiting + len(taken.spans) > _WAITING and self._waiting:
                raise Busy("too many spans wait to be kept")
            self._waiting += len(taken.spans)
        waiting = _Waiting(taken)
        try:
            self._queue.put(waiting, timeout=1)
        except queue.Full:
            self._leave(taken)
            raise Busy("too many requests wait to be kept") from None
        if not waiting.kept.wait(_PATIENCE):
            raise Busy("the spans were not kept in time", 5)
        if waiting.error is not None:
            raise waiting.error

    def _leave(self, taken: Taken) -> None:
        with self._lock:
            self._waiting -= len(taken.spans)

    def write(self, seconds: float) -> bool:
        """Keep what waits, or comes within some seconds; False where it was closed and nothing waits."""
        try:
            first = self._queue.get(timeout=0.001 if self._closed.is_set() else seconds)
        except queue.Empty:
            return not self._closed.is_set()
        batch, count = [first], len(first.taken.spans)
        while count < SPANS:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
            count += len(batch[-1].taken.spans)
        self._write(batch)
        return True

    def _write(self, batch: list[_Waiting]) -> None:
        error: AssayError | None = None
        spans = [s for w in batch for s in w.taken.spans]
        rejected = sum(w.taken.rejected for w in batch)
        why = next((w.taken.why for w in batch if w.taken.why), "")
        try:
            if spans or rejected:
                done = enter(
                    self.home,
                    self.actor,
                    spans,
                    source="otlp",
                    action="traces.receive",
                    rejected=rejected,
                    why=why,
                )
                self._count(done)
            self.requests += len(batch)
        except AssayError as failed:
            error = failed
        except BaseException:  # whoever waits must not take it for kept
            error = Broken("the receiver was stopped before the spans were kept")
            raise
        finally:
            for waiting in batch:
                waiting.error = error
                self._leave(waiting.taken)
                waiting.kept.set()

    def _count(self, done: Kept) -> None:
        mine = self.done
        for name in ("spans", "known", "traces", "rejected", "bytes"):
            setattr(mine, name, getattr(mine, name) + getattr(done, name))
        mine.event, mine.why = done.event, mine.why or done.why

    def close(self) -> None:
        """Let ``write`` end when all that waits is kept. It is said beside the queue, which may be full of what waits."""
        self._closed.set()


def receive(
    home: Home,
    actor: str,
    host: str,
    port: int,
    *,
    token: str = "",
    cert: str = "",
    key: str = "",
    most: int = 10 << 30,
    seconds: float | None = None,
    requests: int | None = None,
    ready: Callable[[str], None] = lambda url: None,
) -> Intake:
    """Take spans until it is interrupted, or for some seconds, or requests. ready: called with the URL once it listens.

    cert, key: files of a certificate chain and its key (PEM), with which it speaks TLS; UsageError where they cannot be used.
    Interrupted, it keeps what it has read, and then ends.
    """
    if key and not cert:
        raise UsageError(
            "a key without its certificate is of no use", remedy="name both: --tls-cert, --tls-key"
        )
    if cert:
        tls.checked(cert, key)
    secure = tls.context(cert, key) if cert else None
    intake = Intake(home, actor, most)
    home.office  # noqa: B018 - opened here: what cannot be kept is not asked for
    end = None if seconds is None else time.monotonic() + seconds
    with Receiver(host, port, intake.keep, token, tls=secure) as server, terminated():
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        serving.start()
        try:
            ready(server.url)
            while (end is None or time.monotonic() < end) and (
                requests is None or intake.requests < requests
            ):
                intake.write(0.2)
        except KeyboardInterrupt:
            pass
        finally:
            server.shutdown()
            intake.close()
            while intake.write(0.2):
                continue
            serving.join(timeout=5)
    return intake
