"""A run of a notebook or a script, under way: what it says of itself is in its journal when the call returns."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import SAFE
from assay.kernel.errors import AssayError, UsageError, of_the_machine
from assay.kernel.span import Caller, Span
from assay.works.tracking import journal
from assay.works.tracking.journal import Entry, Journal
from assay.works.tracking.values import LONGEST_VALUE, named, number_of, sentence, text_of, value_of, whole

if TYPE_CHECKING:
    from assay.engines.tracing import Open, Recorder
    from assay.works.home import Home
    from assay.works.registering import Registered

CURRENT: ContextVar[TrackedRun | None] = ContextVar("assay_run", default=None)
MOST_ASSETS = 1_000
TOLD = 60.0  # seconds after which the office hears how far a run has come


@dataclass
class TrackedRun:
    """A run under way; ``tracked`` begins one. Its methods may be called from several threads."""

    home: Home
    id: str
    name: str
    experiment: str
    actor: str
    parent: str | None
    seed: int | None
    _journal: Journal
    _held: contextlib.ExitStack
    _params: dict[str, Any] = field(default_factory=dict)
    _steps: dict[str, int] = field(default_factory=dict)  # of each metric, the step after its last
    _tags: dict[str, str] = field(default_factory=dict)
    _assets: int = 0
    _model: str | None = None
    _token: Token[TrackedRun | None] | None = None
    _owns: bool = False  # the home, which is closed with the run
    _process: int = field(default_factory=os.getpid)
    _ending: threading.Lock = field(default_factory=threading.Lock)
    _latest: dict[str, float | str] = field(default_factory=dict)  # value of each metric
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _told: float = field(default_factory=time.monotonic)  # when the office last heard of it
    _recorder: Recorder | None = None
    _root: Open | None = None  # the span that is the run
    outcome: str = "running"
    page: str | None = None

    def log(
        self,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        step: int | None = None,
    ) -> None:
        """Record parameters, metrics and tags at once. step: of the metrics; without it each goes on by one.

        UsageError for a parameter that is there with another value, and for what is no number.
        """
        entry = Entry(journal.now())
        fresh: dict[str, Any] = {}
        for given, what in ((params, "parameters"), (metrics, "metrics"), (tags, "tags")):
            if given is not None and not isinstance(given, Mapping):
                raise UsageError(f"{what} are no {type(given).__name__}", remedy="give a dict of names")
        if params:
            fresh = self._fresh(params)
            entry.p = fresh or None
        if tags:
            entry.g = self._tagged(tags)
        if metrics:
            entry.m, entry.s = self._measured(metrics, step)
        if entry.p or entry.g or entry.m:
            self._journal.write(entry)
            self._params |= fresh
            self._tags |= entry.g or {}
            self._latest |= entry.m or {}
            self._now_and_then()

    def metric(self, name: str, value: Any, step: int | None = None) -> None:
        """Record one value of a metric, at a step or one after its last."""
        entry = Entry(journal.now())
        entry.m, entry.s = self._measured({name: value}, step)
        self._journal.write(entry)
        self._latest |= entry.m
        self._now_and_then()

    def param(self, name: str, value: Any) -> None:
        """Record a parameter, which is set once."""
        self.log(params={name: value})

    def tag(self, name: str, value: Any = "") -> None:
        """Record a tag; one that is there is replaced."""
        self.log(tags={name: value})

    def input(self, source: Any, name: str = "") -> Asset:
        """Record what is read: a path, a URL of a table, ``registry://name@version``, or a table in memory.

        Tables are digested where they lie, and their columns are kept with a profile at a glance.
        """
        from assay.works.tracking import things

        asset, known = things.read(self.home, source, name)
        self._asset(asset, known, "i")
        return asset

    def output(self, source: Any, name: str = "") -> Asset:
        """Record what was made, and keep a copy of it: a file, a folder, a table in memory, or bytes with a name."""
        from assay.works.tracking import things

        asset, known = things.made(self.home, source, name)
        self._asset(asset, known, "o")
        return asset

    def model(self, source: Any, name: str = "", *, register: str = "", **metadata: Any) -> Asset:
        """Record a model and keep a copy of it: a file or folder, or an estimator, which is kept by joblib.

        register: a name under which it enters the registry as PENDING, once model.scan has passed it; metadata is then
        owner, purpose, and the like. Refused where the scan does not pass.
        """
        from assay.works.tracking import things

        asset = things.model(self.home, source, name)
        self._asset(asset, None, "o")
        if register:
            self._model = _urn(things.register(self, asset, register, metadata))
        return asset

    def child(self, name: str, **options: Any) -> TrackedRun:
        """Begin a run that is a part of this one."""
        from assay.works.tracking.beginning import tracked

        return tracked(self.home, name, parent=self, **options)

    @contextlib.contextmanager
    def span(self, name: str, **attributes: Any) -> Iterator[None]:
        """Record how long the block takes, as a span below the one that it lies in."""
        if self._recorder is None:
            yield
            return
        with self._recorder.span(name, **attributes):
            yield

    def caller(self) -> Caller | None:
        """Return the run as the caller of what is a part of it."""
        return Caller(self._recorder.trace, self._root.id) if self._recorder and self._root else None

    def flush(self) -> None:
        """Return when all that was recorded so far is on the disk, and the office has heard how far the run has come."""
        self._journal.sync()
        with self._telling:
            self._tell()

    def _now_and_then(self) -> None:
        """Let the office hear of it each minute; what it cannot take now stands in the journal all the same."""
        if time.monotonic() - self._told < TOLD or not self._telling.acquire(blocking=False):
            return
        try:
            with contextlib.suppress(AssayError):
                self._tell()
        finally:
            self._telling.release()

    def _tell(self) -> None:
        from assay.office import runs

        self._told = time.monotonic()
        if self.outcome != "running" or os.getpid() != self._process:
            return
        size, digest = self._journal.said()
        told = {"params": self._params, "tags": self._tags, "metrics": self._latest}
        with self.home.office.transaction() as tx:
            runs.said(tx, self.id, size, digest, told)

    def end(self, outcome: str = "pass", error: str = "") -> None:
        """End the run; a second time does nothing. outcome: pass, fail, error or interrupted."""
        if outcome not in ("pass", "fail", "error", "interrupted"):
            raise UsageError(f"a run cannot end as {outcome!r}", remedy="pass, fail, error or interrupted")
        with self._ending:  # whoever comes second, of two threads, finds it ended
            if self.outcome == "running" and os.getpid() == self._process:
                self._end(outcome, error)

    def _end(self, outcome: str, error: str) -> None:
        from assay.office import runs
        from assay.works.tracking.beginning import modules
        from assay.works.tracking.ending import end

        try:
            self._journal.close()
            record = runs.get(self.home.office, self.id)
            self.page = end(
                self.home,
                record,
                outcome,
                error=error,
                model=self._model,
                more={"code": modules(self.home.store)},
                spans=self._spans(outcome),
            )
            self.outcome = outcome
        except OSError as failed:
            told = of_the_machine(failed)
            if told is None:
                raise
            told.remedy += "; its journal is kept, and is gathered when the home is opened again"
            raise told from failed
        finally:
            self._held.close()
            if self._owns:
                self.home.close()

    def _spans(self, outcome: str) -> list[Span]:
        if self._recorder is None or self._root is None:
            return []
        self._root.set(assay__outcome=outcome)
        if outcome != "pass":
            self._root.fail(outcome)
        return self._recorder.spans()

    def __enter__(self) -> TrackedRun:
        self._token = CURRENT.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            CURRENT.reset(self._token)
            self._token = None
        if error is None:
            self.end()
        elif isinstance(error, (KeyboardInterrupt, GeneratorExit)) or (
            isinstance(error, SystemExit) and error.code not in (None, 0)
        ):
            self.end("interrupted", sentence(error))
        elif isinstance(error, SystemExit):
            self.end()
        else:
            self.end("error", sentence(error))

    def __repr__(self) -> str:
        return f"<assay.run {self.id} {self.name}: {self.outcome}>"

    def _repr_html_(self) -> str:
        from html import escape

        return f"run <code>{escape(self.id)}</code> {escape(self.name)}: {escape(self.outcome)}"

    def _fresh(self, params: Mapping[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, value in params.items():
            named(name, "parameter", self._params)
            told = value_of(name, value)
            if name in self._params:
                if self._params[name] != told:
                    raise UsageError(
                        f"the parameter {name!r} is {self._params[name]!r} already, and is set once",
                        remedy="log what changes as a metric, or begin another run",
                    )
                continue
            out[name] = told
        return out

    def _tagged(self, tags: Mapping[str, Any]) -> dict[str, str]:
        told: dict[str, str] = {}
        for name, value in tags.items():
            named(name, "tag", self._tags)
            told[name] = text_of("tag", name, value)
            if len(told[name]) > LONGEST_VALUE:
                raise UsageError(f"the tag {name!r} is longer than {LONGEST_VALUE:,} characters")
        return told

    def _measured(
        self, metrics: Mapping[str, Any], step: int | None
    ) -> tuple[dict[str, float | str], int | None]:
        out: dict[str, float | str] = {}
        steps = self._steps
        for name, value in metrics.items():
            if name not in steps:
                named(name, "metric", steps)
                steps[name] = 0
            out[name] = number_of(name, value)
        if step is None:
            step = max(steps[name] for name in metrics)
        elif not isinstance(step, int) or isinstance(step, bool):
            step = whole(step)
        if not -SAFE <= step <= SAFE:
            raise UsageError("a step is a whole number below 2**53")
        for name in metrics:
            steps[name] = max(steps[name], step + 1)
        return out, step

    def _asset(self, asset: Asset, known: dict[str, Any] | None, side: str) -> None:
        if self._assets >= MOST_ASSETS:
            raise UsageError(
                f"a run has at most {MOST_ASSETS:,} inputs and outputs",
                remedy="name a folder instead of its files",
            )
        entry = Entry(journal.now(), d=known)
        setattr(entry, side, {k: str(v) for k, v in asset.to_dict().items()})
        self._journal.write(entry)
        self._assets += 1


def _urn(registered: Registered) -> str:
    return f"{registered.record.name}@{registered.record.version}"


def current() -> TrackedRun | None:
    """Return the run that the code which asks is within, or None."""
    return CURRENT.get()


@contextlib.contextmanager
def within(run: TrackedRun) -> Iterator[TrackedRun]:
    """Let what is begun inside be a part of a run."""
    token = CURRENT.set(run)
    try:
        yield run
    finally:
        CURRENT.reset(token)
