"""Time searches over many records: parameters, metrics, words, times and lineage, the best of five each.

python benchmarks/search.py             a million records
python benchmarks/search.py 100000      fewer
"""

from __future__ import annotations

import datetime as dt
import itertools
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assay.methods.search.parse import parse
from assay.office.index.asking import ask
from assay.office.index.record import Record
from assay.office.index.store import Index

WORDS = ("hotel", "income", "fraud", "churn", "credit", "price", "demand", "risk", "vision", "text", "audio")
QUERIES = (
    "models where metrics.f1 > 0.8 and params.max_depth = 6",
    "models metrics.f1 > 0.999 and metrics.auc > 0.99",
    "runs tags.team = fraud status = APPROVED order by metrics.f1 desc",
    "metrics.f1 > 0.5 metrics.auc < 0.02 params.eta between 0.1 and 0.11",
    "metrics.f1 > 0.98 metrics.auc > 0.98 params.max_depth = 3 tags.team = hotel status = PENDING",
    "tags.team = hotel or tags.team = fraud",
    "hotel fraud",
    "models hotel* not status = REJECTED limit 50",
    "datasets at on 2025-03-04 and actor = user7",
    "models from (datasets key = k202)",
    "into (key = k1001)",
    "name ~ income-77",
    "name ~ nowhere",
)


def records(count: int) -> Iterator[Record]:
    """Give made-up records of four kinds, each made from an earlier one."""
    rng, first = random.Random(1), dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    for i in range(count):
        at = (first + dt.timedelta(seconds=i * 30)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        fields = {
            "metrics.f1": rng.random(), "metrics.auc": rng.random(), "params.max_depth": rng.randint(1, 12),
            "params.eta": round(rng.random(), 3), "tags.team": rng.choice(WORDS), "actor": f"user{rng.randint(1, 500)}",
            "status": rng.choice(["PENDING", "APPROVED", "REJECTED"]),
        }  # fmt: skip
        text = f"trained by {rng.choice(WORDS)} {rng.choice(WORDS)} on {i}"
        name, kind = f"{rng.choice(WORDS)}-{i % 1000}", ("run", "model", "dataset", "finding")[i % 4]
        yield Record(
            kind, f"k{i}", at, name, fields, text, {"i": i}, [f"sha256:{i}"], [f"sha256:{rng.randint(0, i)}"]
        )


def main(count: int = 1_000_000) -> None:
    """Print how long building and each search take."""
    print(f"{platform.platform()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    now = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
    with tempfile.TemporaryDirectory() as folder:
        index, made, done, began = (
            Index(Path(folder) / "index.sqlite", "bench"),
            records(count),
            0,
            time.perf_counter(),
        )
        while chunk := list(itertools.islice(made, 20_000)):
            with index.following(done, done + len(chunk)):
                index.put(chunk)
                index.link((c.key, c.read[0], c.is_[0]) for c in chunk)
            done += len(chunk)
        took, size = time.perf_counter() - began, (Path(folder) / "index.sqlite").stat().st_size >> 20
        print(f"{count:,} records and as many edges indexed in {took:.0f} s, {size:,} MB")
        for text in QUERIES:
            best = min(_timed(index, text, now) for _ in range(5))
            found = ask(index, parse(text, now))
            print(f"{best * 1000:8.1f} ms  {len(found.records):>3}{'+' if found.more else ' '}  {text}")
        index.close()


def _timed(index: Index, text: str, now: dt.datetime) -> float:
    began = time.perf_counter()
    ask(index, parse(text, now))
    return time.perf_counter() - began


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main(*(int(a) for a in sys.argv[1:]))
