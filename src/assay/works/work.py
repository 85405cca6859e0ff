"""The hands a check is given: randomness by name, a private folder, a place to put results."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tracing import spanned
from assay.kernel.asset import Asset

if TYPE_CHECKING:
    import numpy

    from assay.engines.blobs import Store
    from assay.engines.interpreters import Interpreter
    from assay.engines.tracing import Recorder
    from assay.works.reaching import Ledger

Progress = Callable[[int, int, str], None]


def utc_now() -> str:
    """Return the time, RFC 3339, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class LocalWork:
    """A Work in this process; what is put goes to the store by its digest."""

    seed: int
    scratch: Path
    store: Store
    cores: int = 1
    now: str = field(default_factory=utc_now)
    on_progress: Progress | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    isolation: str = "full"  # the least that running untrusted code accepts
    cache: Path | None = None  # where installed requirements are kept by digest
    recorder: Recorder | None = None  # of the spans of this run
    python: Interpreter | None = None  # that scripts are run with, other than this one
    threads: int | None = None  # that scripts are told to use, other than all there are
    network_isolation: bool = False  # whether no job may reach a store, whatever its step says
    encrypted: bool = False  # whether workers of one job speak in TLS, where a step does not say
    ledger: Ledger | None = None  # where decisions of a job's proxy are written

    @property
    def stopped(self) -> bool:
        """Whether the user asked to stop."""
        return self.stop.is_set()

    def rng(self, name: str) -> numpy.random.Generator:
        """Return the stream called ``name``: PCG64 seeded with SHA-256 of the seed and the name."""
        import numpy as np

        seed = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(seed[:16], "big")))

    def put(self, name: str, content: Any, format: str = "") -> Asset:
        """Store a table (as Parquet), bytes or a file, and return it as an asset called ``name``."""
        if isinstance(content, bytes):
            digest = self.store.put_bytes(content)
            return Asset("file", name, f"object:{digest}", digest, format)
        if isinstance(content, Path):
            digest = self.store.put_tree(content) if content.is_dir() else self.store.put_file(content)
            kind = "tree" if content.is_dir() else "file"
            return Asset(kind, name, f"object:{digest}", digest, format)  # type: ignore[arg-type]
        from assay.engines.tables import write_parquet

        path = self.scratch / f"put-{hashlib.sha256(name.encode()).hexdigest()[:12]}.parquet"
        write_parquet(content, path)
        digest = self.store.put_file(path)
        path.unlink()
        return Asset("table", name, f"object:{digest}", digest, "parquet")

    def span(self, name: str) -> AbstractContextManager[object]:
        """Record how long a block takes, where spans are recorded."""
        return spanned(self.recorder, name)

    def progress(self, done: int, of: int, what: str = "") -> None:
        """Tell how far the work is; raises KeyboardInterrupt where the user asked to stop."""
        if self.stopped:
            raise KeyboardInterrupt
        if self.recorder is not None and what:
            self.recorder.stage(what)
        if self.on_progress:
            self.on_progress(done, of, what)
