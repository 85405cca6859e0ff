"""One endpoint as a gateway answers for it: who is asked, by share or by name; its guards, taps, cache and fallback."""

from __future__ import annotations

import hashlib
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assay.kernel.serving import Answer, Guard, Question, Tap
from assay.methods.payloads import BOUNDS
from assay.methods.routing import cookies
from assay.methods.routing.shares import Draw
from assay.works.serving.admission import Caller, Door, door
from assay.works.serving.publishing import Served

if TYPE_CHECKING:
    from assay.works.home import Home

TARGET = "x-amzn-sagemaker-target-variant"
_CACHED, _CACHED_BYTES = 4096, 64 << 20


class Pool(Protocol):
    """The replicas of a variant, as a gateway asks them."""

    def ask(self, question: Question, seconds: float) -> Awaitable[Answer]:
        """Return what one of them answers, or an answer that says why none does; within so many seconds, whatever happens."""

    def close(self, drain: float = 10.0) -> Awaitable[None]:
        """Let what was asked be answered, within so many seconds, and close."""


Connect = Callable[
    [Sequence[str], Mapping[str, Any], str], Pool
]  # of sockets, guard settings, and the variant's name


@dataclass(slots=True)
class Arm:
    """One variant. key: what makes it another one, so that its connections are made anew. held: requests that will ask it."""

    name: str
    key: tuple[Any, ...]
    pool: Pool
    guards: list[Guard] = field(default_factory=list)
    features: tuple[str, ...] = ()
    held: int = 0

    @property
    def digest(self) -> str:
        """Return its package's."""
        return str(self.key[0])


class Line:
    """An endpoint that is answered for. wrong: why it cannot be opened, for the caller; empty where it can."""

    def __init__(self, served: Served) -> None:
        self.served, self.record = served, served.record
        self.name = str(served.record["name"])
        self.door: Door = door(served.record)
        self.guard: Mapping[str, Any] = served.record["guard"]
        self.arms: dict[str, Arm] = {}
        self.taps: list[Tap] = []
        self.wrong = ""
        self.held = 0  # requests that were admitted and are not answered
        ready = [v for v in served.variants if served.sockets.get(v["name"])]
        self.draw = Draw([(v["name"], v["weight"]) for v in ready if not v["shadow"]])
        self.shadows = [v["name"] for v in ready if v["shadow"]]
        self.answering = {v["name"] for v in ready if not v["shadow"]}
        self.fallback: Mapping[str, Any] = served.record["fallback"]
        self.bounds = replace(BOUNDS, size=int(self.guard["body"]))
        self.seconds = float(self.guard["seconds"])
        self.cache = Cache(float(self.guard["cache"]))
        sticky = served.record["sticky"]
        self._header, self._cookie = sticky.get("header", ""), sticky.get("cookie", "")

    @property
    def reads(self) -> bool:
        """Whether a payload is read here: for guards, taps and fallbacks; else it goes on as it came."""
        return bool(self.taps or self.fallback or any(a.guards for a in self.arms.values()))

    def choose(self, headers: Mapping[str, str]) -> str:
        """Return the variant that is to answer; empty where none does, or the one that is asked for is none."""
        asked = headers.get(TARGET)
        if asked is not None:
            return asked if asked in self.answering else ""
        key = self._key(headers)
        if key:
            return self.draw.by_key(f"{self.name}\0{key}".encode("utf-8", "surrogateescape"))
        return self.draw.by_chance(random.random())  # noqa: S311 - shares of traffic, no secret

    def hold(self, variant: str) -> None:
        """Say that a request was admitted, which will ask a variant: neither it nor the taps are closed before ``release``."""
        self.held += 1
        if variant in self.arms:
            self.arms[variant].held += 1

    def release(self, variant: str) -> None:
        """Say that such a request is over."""
        self.held -= 1
        if variant in self.arms:
            self.arms[variant].held -= 1

    def _key(self, headers: Mapping[str, str]) -> str:
        if self._header:
            return headers.get(self._header, "")
        return cookies.value(headers["cookie"], self._cookie) if self._cookie and "cookie" in headers else ""


class Cache:
    """Answers that are given again to the same question of the same caller, for some seconds; bounded in number and bytes.

    Nobody is given what another asked for: a model may count its questions, and how soon an answer comes tells who asked before.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self._bytes = seconds, 0
        self._held: OrderedDict[bytes, tuple[float, Answer]] = OrderedDict()

    def key(self, variant: str, caller: Caller, question: Question) -> bytes:
        """Return what makes a question the same: who asks, the variant, both content types, the attributes, and the body."""
        mark = hashlib.blake2b(digest_size=16)
        for part in (
            caller.id, caller.name, variant, question.content_type, question.accept, question.attributes,
        ):  # fmt: skip
            told = part.encode("utf-8", "surrogateescape")
            mark.update(len(told).to_bytes(4, "big") + told)
        mark.update(question.body)
        return mark.digest()

    def get(self, key: bytes) -> Answer | None:
        """Return an answer that is still good."""
        held = self._held.get(key)
        if held is None or held[0] < time.monotonic():
            return None
        self._held.move_to_end(key)
        return held[1]

    def put(self, key: bytes, answer: Answer) -> None:
        """Keep an answer; the ones that were asked for longest ago go."""
        if answer.status != 200 or len(answer.body) > _CACHED_BYTES // 64:
            return
        before = self._held.pop(key, None)
        self._bytes += len(answer.body) - (len(before[1].body) if before else 0)
        self._held[key] = (time.monotonic() + self.seconds, answer)
        while len(self._held) > _CACHED or self._bytes > _CACHED_BYTES:
            _, (_, gone) = self._held.popitem(last=False)
            self._bytes -= len(gone.body)


@dataclass(slots=True)
class Prepared:
    """What takes time to open, made outside the loop: variant → its guards and features; taps; what is wrong.

    stale: why rules that were edited are not in force, and those of before are.
    """

    guards: dict[str, tuple[list[Guard], tuple[str, ...]]] = field(default_factory=dict)
    taps: list[Tap] | None = None  # None: those of before
    wrong: str = ""
    stale: str = ""


def prepare(home: Home, served: Served, before: Line | None) -> Prepared:
    """Open the guards and taps of an endpoint that are not open yet. It may take a while, and needs no loop."""
    from assay.kernel.errors import AssayError
    from assay.office.endpoints import EndpointRecord
    from assay.works.serving import guards

    record, out = EndpointRecord(**served.record), Prepared()
    for variant in served.variants:
        name = variant["name"]
        if not served.sockets.get(name) or (before and _goes_on(before, served, variant)):
            continue
        folder = Path(served.folders[name])
        try:
            out.guards[name] = (guards.of(home, record, folder), _features(home, record.name, folder))
        except AssayError as error:
            old = before.arms.get(name) if before is not None and not before.wrong else None
            if old is not None and old.key[:-1] == _key(served, variant)[:-1]:  # the rules alone are others
                out.guards[name], out.stale = (old.guards, old.features), str(error)
            else:  # what should be guarded is not answered unguarded
                out.wrong = str(error)
    try:
        if before is None or before.record["capture"] != served.record["capture"]:
            out.taps = _taps(home, record)
    except AssayError as error:
        out.wrong = str(error)
    return out


def _key(served: Served, variant: Mapping[str, Any]) -> tuple[Any, ...]:
    guard = served.record["guard"]
    kept = tuple(guard[k] for k in ("schema", "firewall", "batch"))
    rules = tuple(sorted(served.rules.items()))
    return (variant["digest"], tuple(served.sockets.get(variant["name"], ())), kept, rules)


def _goes_on(before: Line, served: Served, variant: Mapping[str, Any]) -> bool:
    arm = before.arms.get(variant["name"])
    return not before.wrong and arm is not None and arm.key == _key(served, variant)


def opened(
    served: Served, prepared: Prepared, connect: Connect, before: Line | None
) -> tuple[Line, list[Arm], list[Tap]]:
    """Return an endpoint as it is now published, with the variants and taps of before that it no longer needs.

    What is as it was goes on: connections, guards that were opened, what taps have under way, and answers that were kept.
    """
    line = Line(served)
    line.wrong = prepared.wrong
    old = dict(before.arms) if before else {}
    for variant in served.variants:
        name = variant["name"]
        if before is not None and name not in prepared.guards and _goes_on(before, served, variant):
            line.arms[name] = old.pop(name)
        elif served.sockets.get(name):
            pool = connect(served.sockets[name], line.guard, name)
            line.arms[name] = Arm(name, _key(served, variant), pool, *prepared.guards.get(name, ([], ())))
    line.taps = prepared.taps if prepared.taps is not None else (before.taps if before else [])
    gone = before.taps if before is not None and prepared.taps is not None else []
    if before is not None:
        same = before.record["variants"] == line.record["variants"]
        if same and before.cache.seconds == line.cache.seconds:
            line.cache = before.cache
    return line, list(old.values()), gone


def _features(home: Home, endpoint: str, folder: Path) -> tuple[str, ...]:
    from assay.works.inputschemas import at

    schema = at(home, endpoint, folder)
    return tuple(f.name for f in schema.features) if schema is not None else ()


def _taps(home: Home, record: Any) -> list[Tap]:
    if not record.capture.get("percent"):
        return []
    from assay.works.serving import taps

    return list(taps.of(home, record))
