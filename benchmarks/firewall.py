"""Time what guards add to a question: input schema, shields, firewall; and the firewall were numbers handed to its rules.

python benchmarks/firewall.py           about a minute
"""

from __future__ import annotations

import gc
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import numpy as np
import pyarrow.csv as pacsv

from assay.engines.firewall import Firewall, Request
from assay.engines.firewall.guard import FirewallGuard
from assay.kernel.errors import Missing
from assay.kernel.serving import Question, Rows
from assay.methods.inputschema.guard import SchemaGuard
from assay.methods.inputschema.learning import learn
from assay.methods.inputschema.schema import Feature, Schema
from assay.methods.payloads.reading import read
from assay.methods.shields.guard import ShieldGuard
from assay.methods.shields.settings import Settings

BOOKINGS = "src/assay/examples/bookings/bookings.csv.gz"
LEFT_OUT = [
    "row_id",
    "name",
    "email",
    "phone_number",
    "credit_card",
    "reservation_status",
    "reservation_status_date",
]
HEADERS = (
    ("Host", "models.example"),
    ("User-Agent", "python-requests/2.32.0"),
    ("Accept", "*/*"),
    ("Content-Type", "application/json"),
    ("Content-Length", "640"),
    ("Authorization", "Bearer x"),
)
WORDS = [
    "the",
    "room",
    "was",
    "clean",
    "but",
    "staff",
    "took",
    "long",
    "and",
    "breakfast",
    "cold",
    "view",
    "of",
    "sea",
    "from",
    "balcony",
    "lovely",
    "quiet",
]


def asked(rows: Rows, body: bytes, more: tuple[tuple[str, str], ...] = ()) -> Question:
    """Return a question as the gateway makes one."""
    return Question("1", "e", "v", 0.0, "ada", "application/json", "", body, rows, headers=HEADERS + more)


def of(names: tuple[str, ...], row: list[Any], more: tuple[tuple[str, str], ...] = ()) -> Question:
    """Return the question of one row."""
    return asked(
        Rows(names, [row]), json.dumps([dict(zip(names, row, strict=True))], default=str).encode(), more
    )


def time_of(act: Callable[[Question], Any], questions: Iterator[Question], times: int) -> list[float]:
    """Return microseconds of processor time of each of so many calls: what else the machine does is left out."""
    out = []
    gc.disable()
    try:
        for _ in range(times):
            question = next(questions)
            clock = time.thread_time()
            act(question)
            out.append((time.thread_time() - clock) * 1e6)
    finally:
        gc.enable()
    return out


def told(name: str, taken: list[float]) -> None:
    """Print a line of the table."""
    ordered = sorted(taken)
    p99 = ordered[int(len(ordered) * 0.99)]
    print(f"{name:46}{statistics.median(ordered):10,.0f}{p99:10,.0f}", flush=True)


def main() -> None:
    """Print the medians and 99th percentiles in microseconds."""
    try:
        firewall = Firewall()
    except Missing as error:
        raise SystemExit(str(error)) from None
    print(f"{platform.platform()}, Python {platform.python_version()}, {firewall.version}")
    table = pacsv.read_csv(BOOKINGS).drop_columns(LEFT_OUT)
    schema = learn(table.schema, table.to_batches(), label=("is_canceled",))
    names = tuple(table.column_names)
    rows = [list(r.values()) for r in table.to_pylist()]
    draw = np.random.default_rng(7)
    known = {f.name: frozenset(f.values) for f in schema.features}
    vector = [float(x) for x in draw.normal(size=5_300)]
    body = json.dumps({"instances": [vector]}).encode()
    large = asked(read(body, "application/json"), body)
    each = [of(names, row) for row in rows]

    def guard() -> FirewallGuard:
        return FirewallGuard(firewall, known, block=True)

    def texts() -> Iterator[Question]:
        while True:
            yield of(("note", "age"), [" ".join(draw.choice(WORDS, 9)), 30])

    def strange() -> Iterator[Question]:
        for number in cycle(range(1 << 30)):
            yield of(names, rows[0], (("X-Session", f"{number:x}"),))

    print(f"{'':46}{'median µs':>10}{'p99 µs':>10}")
    warm = guard()
    for question in each[:200]:
        warm.examine(question)
    told(
        "schema, a booking (31 features)",
        time_of(SchemaGuard(schema, block=True).examine, cycle(each), 5_000),
    )
    told(
        "shields, a booking", time_of(ShieldGuard(Settings(), schema, block=True).examine, cycle(each), 5_000)
    )
    told("firewall, a booking", time_of(warm.examine, cycle(each), 5_000))
    told("firewall, a text never seen (9 words)", time_of(guard().examine, texts(), 1_000))
    told("firewall, headers never seen", time_of(guard().examine, strange(), 1_000))
    numbers = Schema(tuple(Feature(f"f{i}", "number", minimum=-9.0, maximum=9.0) for i in range(len(vector))))
    told(
        f"schema, a vector of {len(body) >> 10} kB",
        time_of(SchemaGuard(numbers, block=True).examine, cycle([large]), 500),
    )
    told(
        f"shields, a vector of {len(body) >> 10} kB",
        time_of(ShieldGuard(Settings(), None, block=True).examine, cycle([large]), 500),
    )
    told(f"firewall, a vector of {len(body) >> 10} kB", time_of(guard().examine, cycle([large]), 500))
    raw = [(k.encode(), v.encode()) for k, v in HEADERS]
    told(
        "(its numbers as arguments of the rules)",
        time_of(lambda q: firewall.ask(Request(headers=raw, body=q.body)), cycle([large]), 3),
    )


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main()
