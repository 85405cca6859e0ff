"""The replicas of a server: started when an endpoint asks for them, verified before each start, ended when nobody asks them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assay.kernel.errors import AssayError, Refused

if TYPE_CHECKING:
    from assay.works.home import Home

READY, RESTARTING, FAILED = "ready", "restarting", "failed"


class Unit(Protocol):
    """A replica, as engines/serving starts it: a process that is replaced when it ends."""

    path: Path
    state: str
    reason: str

    def end(self) -> None:
        """End it for good."""


Start = Callable[..., Unit]


@dataclass(frozen=True, slots=True)
class Key:
    """Which replicas: of an endpoint's variant, of one package."""

    endpoint: str
    variant: str
    package: str
    digest: str


@dataclass
class Crew:
    """The replicas of one variant. wrong: why they could not be started; empty where they could."""

    key: Key
    folder: Path | None = None
    units: list[Unit] = field(default_factory=list)
    wrong: str = ""
    begun: bool = False

    @property
    def sockets(self) -> list[str]:
        """Return where those that are ready listen, or are being replaced and will: whoever connects waits for the next."""
        return [str(u.path) for u in self.units if u.state in (READY, RESTARTING)]

    @property
    def ready(self) -> bool:
        """Whether one of them answers."""
        return any(u.state == READY for u in self.units)

    @property
    def failed(self) -> str:
        """Return why none of them will answer; empty where one may."""
        if self.wrong:
            return self.wrong
        if self.units and all(u.state == FAILED for u in self.units):
            return self.units[0].reason or "its model could not be loaded"
        return ""


class Fleet:
    """All replicas of one server. start: ``engines.serving.start``. Used by one thread; what takes time happens in others."""

    def __init__(self, home: Home, folder: Path, level: str, start: Start) -> None:
        self.home, self.folder, self.level, self._start = home, folder, level, start
        self.crews: dict[Key, Crew] = {}
        self.reader: Unit | None = None  # whoever reads Parquet, in a sandbox of its own
        self._count = 0
        self._threads: list[threading.Thread] = []

    def want(self, wanted: Mapping[Key, int]) -> None:
        """Start what is wanted and not there: key → how many. What is no longer wanted stays until it is parted with."""
        for key, number in wanted.items():
            crew = self.crews.get(key)
            if crew is None:
                crew = self.crews[key] = Crew(key)
            if not crew.begun:
                crew.begun = True
                self._in_thread(self._verify, crew, number)
            elif crew.folder is not None and not crew.wrong:
                while len(crew.units) < number:
                    crew.units.append(self._unit(crew))
                if len(crew.units) > number:
                    extra, crew.units = crew.units[number:], crew.units[:number]
                    self._end(extra)

    def read(self, start: Callable[..., Unit]) -> None:
        """Start whoever reads Parquet for the gateways, once."""
        if self.reader is None:
            self.reader = start(self.folder / "reader", level=self.level)

    def part(self, keys: Iterable[Key]) -> None:
        """End the replicas of variants that nobody asks any more."""
        for key in list(keys):
            crew = self.crews.pop(key, None)
            if crew is not None:
                self._end(crew.units)

    def retry(self, key: Key) -> None:
        """Forget that a variant failed, so that it is started again when it is wanted next."""
        self.part([key])

    def _verify(self, crew: Crew, number: int) -> None:
        from assay.works.serving.deployable import deployable, folder_of

        try:
            record = deployable(self.home, crew.key.package)
            if record.digest != crew.key.digest:
                raise Refused(f"{crew.key.package} is not the package that was deployed")
            folder = folder_of(self.home, record)
        except AssayError as error:
            crew.wrong = str(error)
            return
        except Exception as error:  # noqa: BLE001 - a thread of its own: what goes wrong is told where it is asked
            crew.wrong = f"it could not be verified: {type(error).__name__}"
            return
        crew.folder = folder

    def _unit(self, crew: Crew) -> Unit:
        self._count += 1
        path = self.folder / f"r{self._count}"
        started = False

        def before() -> None:
            """Verify the package again before a process of it is replaced; the first start was just verified."""
            nonlocal started
            if started:
                fresh = Crew(crew.key)
                self._verify(fresh, 0)
                if fresh.wrong:
                    raise Refused(fresh.wrong)
            started = True

        return self._start(crew.folder, path, level=self.level, before=before)

    def _end(self, units: list[Unit]) -> None:
        for unit in units:
            self._in_thread(unit.end)

    def _in_thread(self, act: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=act, args=args, daemon=True)
        thread.start()
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]

    def close(self, seconds: float = 20.0) -> None:
        """End all of them, and wait until they have ended."""
        self.part(list(self.crews))
        if self.reader is not None:
            self._end([self.reader])
        for thread in self._threads:
            thread.join(timeout=seconds)
