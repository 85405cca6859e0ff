"""The bench: where one action's inputs are opened, its work is done, and everything is closed after."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tracing import spanned
from assay.kernel.asset import Asset, as_text
from assay.kernel.errors import AssayError, Missing, Refused
from assay.kernel.verdict import Gate, Verdict
from assay.works.work import LocalWork, Progress

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.engines.containers.logins import Logins
    from assay.engines.egress.policy import Egress
    from assay.engines.folders import Entry
    from assay.engines.interpreters import Interpreter
    from assay.engines.tracing import Recorder
    from assay.works.home import Home
    from assay.works.reaching import Ledger

_MODEL_SECONDS = 3600.0  # that a model's process may live


@dataclass(frozen=True, slots=True)
class FileTree:
    """A Tree: a file or a folder on this machine. without: a folder inside that is no part of it."""

    asset: Asset
    root: Path
    without: Path | None = None

    def files(self) -> Iterator[tuple[str, Path]]:
        """Give each regular file's name and path; links are never followed."""
        from assay.engines.blobs import name_in

        if self.root.is_file():
            yield (
                (as_text(Path(self.asset.uri).name) if "object:" not in self.asset.uri else self.asset.name),
                self.root,
            )
            return
        for path, entry in self._inside():
            if entry.is_file:
                yield name_in(self.root, path), path

    @property
    def refused(self) -> list[tuple[str, str]]:
        """Return the names of what ``files`` leaves out, and why."""
        odd, closed = self._left_out()
        return odd + closed

    @property
    def closed(self) -> list[tuple[str, str]]:
        """Return the names of what cannot be looked at, and why: of a folder, nothing in it is known."""
        return self._left_out()[1]

    def _left_out(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return what is no regular file, and what cannot be looked at."""
        from assay.engines.blobs import name_in
        from assay.engines.regular import LINK, ODD, why

        odd: list[tuple[str, str]] = []
        closed: list[tuple[str, str]] = []

        def shut(inner: str, error: OSError) -> None:
            closed.append((name_in(self.root, self.root / inner), f"it cannot be looked into: {why(error)}"))

        for path, entry in self._inside(shut) if self.root.is_dir() else ():
            if not entry.is_folder and not entry.is_file:
                odd.append((name_in(self.root, path), LINK if entry.is_link else ODD))
        return odd, closed

    def _inside(
        self, closed: Callable[[str, OSError], None] = lambda at, e: None
    ) -> Iterator[tuple[Path, Entry]]:
        from assay.engines.blobs import DEEPEST
        from assay.engines.folders import entries

        for entry in sorted(entries(self.root, DEEPEST, closed), key=lambda e: e.path.split("/")):
            path = self.root / entry.path
            if self.without is None or not path.is_relative_to(self.without):
                yield path, entry


@dataclass
class Bench:
    """Opens assets for one actor.

    home: the home it works for, which is no part of any tree. held: tables in memory and keys, by digest. scans: models
    vouched for. python, threads: that scripts are run with, other than those of here.
    """

    store: Store
    scratch: Path
    cores: int = 1
    memory: str = "1GB"
    engine: str = "duckdb"
    isolation: str = "full"
    answer: float = 600.0
    cache: Path | None = None
    python: Interpreter | None = None
    threads: int | None = None
    home: Home | None = None
    held: dict[str, Any] = field(default_factory=dict)
    scans: dict[str, Verdict] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    levels: set[str] = field(default_factory=set)
    seed: int = 7  # of the action under way
    recorder: Recorder | None = None  # of the spans of this run
    wanted: Callable[[str], bool] | None = (
        None  # whether a table of a digest is to be looked into while it is open
    )
    looked: dict[str, dict[str, Any]] = field(default_factory=dict)  # by digest, what was seen of it
    network_isolation: bool = False  # whether no job may reach a store, whatever its step says
    encrypted: bool = False  # whether workers of one job, and of Spark, speak encrypted
    logins: Callable[[], Logins] | None = None  # gives the logins of registries, read when one is asked
    ledger: Ledger | None = None  # where decisions of a job's proxy are written
    reach: Mapping[str, Any] = field(default_factory=dict)  # what the step under way says of its network
    _opened: int = 0

    def work(self, seed: int, progress: Progress | None = None) -> LocalWork:
        """Return a check's hands, with a private folder of their own."""
        self._opened += 1
        scratch = self.scratch / f"work{self._opened}"
        scratch.mkdir()
        return LocalWork(
            seed=seed,
            scratch=scratch,
            store=self.store,
            cores=self.cores,
            on_progress=progress,
            stop=self.stop,
            isolation=self.isolation,
            cache=self.cache,
            recorder=self.recorder,
            python=self.python,
            threads=self.threads,
            network_isolation=self.network_isolation,
            encrypted=self.encrypted,
            ledger=self.ledger,
        )

    @contextlib.contextmanager
    def opened(self, asset: Asset, kind: str) -> Iterator[Any]:
        """Open an asset as a table, a model or a tree, and close it afterwards."""
        with spanned(
            self.recorder, f"open {kind}", assay__asset=asset.name, assay__digest=asset.digest or None
        ):
            handle = getattr(self, f"_open_{kind}")(asset)
        try:
            yield handle
            if kind == "table":
                self._look(asset, handle)
        finally:
            close = getattr(handle, "close", None)
            if close:
                close()

    def _look(self, asset: Asset, table: Any) -> None:
        if self.wanted is None or asset.digest in self.looked or not self.wanted(asset.digest):
            return
        from assay.engines.tables.describing import describe

        try:
            self.looked[asset.digest] = describe(table)
        except AssayError as error:  # whoever reads it was content; the run says why it is not told of
            self.looked[asset.digest] = {"skipped": str(error)[:300]}

    def path(self, asset: Asset) -> Path:
        """Return where the asset's bytes lie: in the store when they were pinned there."""
        if asset.digest and self.store.has(asset.digest):
            return self.store.path(asset.digest)
        path = Path(asset.uri)
        if not path.exists():
            raise Missing(
                f"{asset.name} is no longer at {asset.uri}", remedy="put it back, or run the step again"
            )
        return path

    def _private(self) -> Path:
        self._opened += 1
        path = self.scratch / f"open{self._opened}"
        path.mkdir()
        return path

    def _open_table(self, asset: Asset) -> Any:
        from assay.engines.tables import open_table

        source: Any = self.held.get(asset.digest) if asset.uri.startswith("memory:") else asset.uri
        if asset.uri.startswith("object:"):
            source = str(self.path(asset))
        return open_table(
            source,
            name=asset.name,
            scratch=self._private(),
            digest=asset.digest,
            format=asset.format,
            cores=self.cores,
            memory=self.memory,
            engine=self.engine,
            encrypted=self._encrypted,
            isolated=self._isolated,
        )

    def _open_traffic(self, asset: Asset) -> Any:
        from assay.works.captured import open_captured

        return open_captured(asset, self, self._private(), lambda: self._open_table(asset))

    def _open_trainer(self, asset: Asset) -> Any:
        from assay.works.trainers import open_trainer

        return open_trainer(asset, self, self._private())

    def _open_key(self, asset: Asset) -> Any:
        return self.held[asset.digest]

    def _open_tree(self, asset: Asset) -> Any:
        if asset.format in ("bucket", "postgres"):
            from assay.engines.places import RemoteTree

            return RemoteTree(asset, self._private())
        root = self.path(asset).resolve()
        return FileTree(asset, root, self.home.within(root) if self.home else None)

    def _open_image(self, asset: Asset) -> Any:
        from assay.engines.containers.opening import open_image

        if asset.format == "registry":
            return open_image(asset, Path(), self._private(), None, self.logins)
        stored = asset.uri.startswith("object:")
        path = self.path(asset) if stored else Path(asset.uri)
        inside = self.home.within(path.resolve()) if self.home and asset.format == "root" else None
        return open_image(asset, path, self._private(), inside)

    def _open_advisories(self, asset: Asset) -> Any:
        from assay.engines.advisories.index import opened

        cache = self.home.folder("cache", "advisories") if self.home else None
        return opened(asset, cache, self._private())

    def _open_silent(self, asset: Asset) -> Any:
        return self._open_model(asset, answers=False)

    def _open_model(self, asset: Asset, *, answers: bool = True) -> Any:
        """A model is always scanned before it is loaded, and never loaded when the scan stops it.

        One in memory is loaded already: it is the caller's own. One behind a URL is asked there. answers: whether what
        answers nothing is refused.
        """
        if asset.format == "endpoint":
            from assay.engines.models.endpoint import EndpointModel

            return EndpointModel(asset, self.recorder)
        if asset.uri.startswith("memory:"):
            from assay.engines.models.inmemory import InMemoryModel

            return InMemoryModel(asset, self.held[asset.uri])
        from assay.engines.models import open_model

        self.vouch(asset)
        before = asset.uri.partition("+")[2] if asset.uri.startswith("object:") else ""
        model = open_model(
            self.path(asset),
            asset,
            scratch=self._private(),
            level=self.isolation,  # type: ignore[arg-type]
            answer=self.answer,
            recorder=self.recorder,
            egress=self._egress(),
            preparation=self.store.path(before) if before else None,
            answers=answers,
        )
        self.levels.add(getattr(model, "level", "full"))
        return model

    @property
    def _encrypted(self) -> bool:
        said = self.reach.get("encrypt_inter_container_traffic")
        return self.encrypted if said is None else bool(said)

    @property
    def _isolated(self) -> bool:
        return self.network_isolation or bool(self.reach.get("network_isolation"))

    def _egress(self) -> Egress | None:
        """Return the way out that the step under way declares for what its models' code asks; None, as a rule."""
        if not self.reach:
            return None
        from assay.works.reaching import egress_of

        network, isolated = self.reach.get("network"), self.reach.get("network_isolation")
        return egress_of(self, network, isolated, _MODEL_SECONDS)

    def vouch(self, asset: Asset) -> Verdict:
        """Return the verdict of model.scan on this very model; Refused where it does not pass."""
        verdict = self.scans.get(asset.digest)
        if verdict is None:
            from assay.works import declared
            from assay.works.examine import examine

            scan = declared.load("check", "model.scan")
            levels, seed = set(self.levels), self.seed
            report, _, _ = examine(scan, {"tree": asset}, {}, {}, self, seed=0)
            self.levels, self.seed = self.levels | levels, seed  # those of the action that it is opened for
            verdict = self.scans[asset.digest] = Verdict(report, Gate())
        if not verdict.passed:
            stop = verdict.stopping
            why = stop[0].message if stop else verdict.report.error or "it could not be examined to the end"
            raise Refused(
                f"{asset.name} is not loaded, because model.scan says {verdict.outcome}: {why.rstrip('.')}",
                remedy="see `assay scan` on the file",
            )
        return verdict
