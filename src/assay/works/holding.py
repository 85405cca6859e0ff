"""Which of the data that the office knows holds rows that a load kept out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError
from assay.works.bench import Bench

if TYPE_CHECKING:
    from assay.works.gate.quarantine import Quarantine
    from assay.works.home import Home

MOST = 200  # tables looked through


class Holding:
    """Called with quarantines that were found, it gives the digests of the tables that hold a row of one.

    notes: what was not looked through, and why.
    """

    def __init__(self, home: Home) -> None:
        self.home, self.notes = home, list[str]()

    def __call__(self, found: Sequence[dict[str, Any]]) -> list[str]:
        """Return the digests, of the tables as they lie now; one that is gone or has changed is noted."""
        from assay.office import catalogue
        from assay.works.gate import quarantine

        if any(f["kind"] != "quarantine" for f in found):
            raise UsageError(
                "`containing` asks for rows that were kept out", remedy="write containing (quarantines …)"
            )
        wanted = {f["id"] for f in found}
        held = [q for q in quarantine.listing(self.home) if q.id in wanted]
        tables = [a for a in catalogue.listing(self.home.office) if a.kind == "table" and a.digest]
        tables = list({a.digest: a for a in tables}.values())
        if len(tables) > MOST:
            self.notes.append(f"{len(tables) - MOST:,} older tables were not looked through")
        with self.home.scratch() as scratch:
            return self._of(held, tables[:MOST], scratch) if held else []

    def _of(self, held: Sequence[Quarantine], tables: Sequence[Asset], scratch: Path) -> list[str]:
        from assay.engines.gate.containing import rows_held
        from assay.engines.gate.looking import kept_out

        kept = []
        for number, of in enumerate(held):
            folder = scratch / f"kept{number}"
            folder.mkdir()
            if kept_out(of.quarantine, of.id, folder / "kept.parquet", folder):
                kept.append(folder / "kept.parquet")
            else:
                self.notes.append(f"the rows that {of.id} kept out are no longer there")
        settings = self.home.settings
        cores = len(os.sched_getaffinity(0))
        bench = Bench(self.home.store, scratch, cores=cores, isolation=settings.isolation, home=self.home)
        out = []
        for asset in tables:
            with contextlib.ExitStack() as stack:
                try:
                    table = stack.enter_context(bench.opened(asset, "table"))
                    if any(rows_held(table, path) for path in kept):
                        out.append(asset.digest)
                except AssayError as error:
                    self.notes.append(f"{asset.name} was not looked through: {error}")
        return out
