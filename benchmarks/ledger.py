"""Time the log: events appended a second in batches on SQLite, a verification of them all, and one proof."""

from __future__ import annotations

import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy

from assay.engines.keys import FileKeyring
from assay.office import ledger, verification
from assay.office.office import Office


def main(events: int = 200_000, batch: int = 1000) -> None:
    """Print the figures for ``events`` events."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        office = Office.open(
            f"sqlite:///{place / 'office.db'}",
            keyring=FileKeyring(place / "keys"),
            checkpoints=place / "checkpoints",
            clock=lambda: "2026-01-01T00:00:00.000Z",
            origin="assay/bench",
        )
        start = time.perf_counter()
        for _ in range(events // batch):
            with office.transaction() as tx:
                for number in range(batch):
                    tx.record(
                        "request", f"endpoint/{number}", actor="ada", detail={"status": 200, "rows": number}
                    )
        append = events / (time.perf_counter() - start)
        start = time.perf_counter()
        assert verification.verify(office).ok
        verify = time.perf_counter() - start
        proofs = []
        for seq in range(0, events, events // 50):
            start = time.perf_counter()
            ledger.prove(office, seq)
            proofs.append(time.perf_counter() - start)
        office.close()
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, SQLAlchemy {sqlalchemy.__version__}"
    print(f"{events:,} events, batches of {batch:,}; {versions}")
    print(f"append  {append:>12,.0f} events/s")
    print(f"verify  {verify:>12.2f} s, or {verify * 1e6 / events:.1f} s a million")
    print(f"prove   {statistics.median(proofs) * 1000:>12.2f} ms (median of {len(proofs)})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
