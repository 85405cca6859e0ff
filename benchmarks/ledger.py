"""Time the log: events appended a second in batches on SQLite, a verification of them all, and one proof.

Seconds are those of the clock and, since a busy machine stretches them, those of the processor.

    python benchmarks/ledger.py             a million events
    python benchmarks/ledger.py 200000      fewer
"""

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


class Watch:
    """Seconds of the clock and of the processor since it was made."""

    def __init__(self) -> None:
        self.began = (time.perf_counter(), time.process_time())

    def read(self) -> tuple[float, float]:
        """Return both."""
        return time.perf_counter() - self.began[0], time.process_time() - self.began[1]


def main(events: int = 1_000_000, batch: int = 1000) -> None:
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
        watch = Watch()
        for _ in range(events // batch):
            with office.transaction() as tx:
                for number in range(batch):
                    tx.record(
                        "request", f"endpoint/{number}", actor="ada", detail={"status": 200, "rows": number}
                    )
        append = [events / s for s in watch.read()]
        watch = Watch()
        assert verification.verify(office).ok
        verify = watch.read()
        proofs = []
        for seq in range(0, events, events // 200):
            watch = Watch()
            proof = ledger.prove(office, seq)
            proofs.append(watch.read())
            assert ledger.verify_proof(proof, office.keyring.public_pem("ledger"))
        prove = [statistics.median(p[i] for p in proofs) * 1000 for i in (0, 1)]
        size = (place / "office.db").stat().st_size >> 20
        office.close()
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, SQLAlchemy {sqlalchemy.__version__}"
    print(f"{events:,} events, batches of {batch:,}, {size} MB; {versions}\n")
    print("| | by the clock | by the processor |\n|---|---:|---:|")
    print(f"| append, events a second | {append[0]:,.0f} | {append[1]:,.0f} |")
    print(f"| verify all, s | {verify[0]:.2f} | {verify[1]:.2f} |")
    print(f"| prove one, ms (median of {len(proofs)}) | {prove[0]:.2f} | {prove[1]:.2f} |")


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
