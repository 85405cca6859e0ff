"""Benign: objects of the standard library, at every protocol."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import ipaddress
import pathlib
import pickle
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.sample import Sample

MADE = {
    "numbers": [0, 1, -1, 255, 65536, 2**40, -(2**70), 1.5, True, None, 3 + 2j],
    "texts": [
        "",
        "a",
        "é" * 300,
        "os.system\n",
        "cos\nsystem\n(S'x'\ntR.",
        b"\x80\x04N.",
        bytearray(b"x" * 300),
    ],
    "nested": {"a": [1, (2, [3, {"b": {4, 5}}])], "b": frozenset({1, 2}), "c": {}},
    "collections": [
        collections.OrderedDict(a=1),
        collections.Counter("hello"),
        collections.deque([1, 2], 5),
        collections.defaultdict(list, a=[1]),
    ],
    "times": [
        datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        datetime.date(2026, 1, 2),
        datetime.timedelta(3),
    ],
    "exact": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=7)],
    "paths": [pathlib.PurePosixPath("a/b"), ipaddress.ip_address("127.0.0.1"), range(3), slice(1, 2)],
}


def samples(folder: Path) -> Iterator[Sample]:
    """Each at each protocol."""
    for name, value in MADE.items():
        for protocol in range(6):
            path = folder / f"{name}{protocol}.pkl"
            path.write_bytes(pickle.dumps(value, protocol))
            yield Sample(path, False, "plain", f"{name}, protocol {protocol}", "pickle")


def quick(folder: Path) -> Iterator[Sample]:
    """Those of protocol 4."""
    yield from (s for s in samples(folder) if s.path.stem.endswith("4"))
