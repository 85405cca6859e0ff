"""Malformed bodies: each is read or refused in a sentence, in bounded time; nothing else is raised.

Parquet, which brings its reader down, is fuzzed where it is read: tests/engines/serving/test_reading.py.
"""

from __future__ import annotations

import json
import random
import time

import pytest

from assay.kernel.serving import Rows
from assay.methods.payloads import KINDS, PayloadRefused, read, write_rows

_ROWS = Rows(("age", "city", "rate"), [[1, "Bern", 2.5], [2, None, -3e-7], [3, 'x, "y"', 0.0]])
_TOKENS = (
    b"[", b"]", b"{", b"}", b",", b":", b'"', b"\n", b"\r", b"\x00", b"\xff", b"\\u0000", b"\\ud800", b"NaN", b"-Infinity", b"1e999",
    b"null", b"true", b"-", b".", b"e", b'"a":', b'{"instances":', b"\xef\xbb\xbf", b"PAR1", b"\x80\x04", b"9" * 400, b" ", b"'",
    b"[[[[[[[[[[[[", b'{"a":{"a":', b"\xf0\x9f\x98", b"\xe2\x80\xa8", b"__proto__", b"=cmd()", b"\xff\xff\xff\xff",
)  # fmt: skip
_TYPES = [k.media for k in KINDS] + [
    "text/csv; header=present",
    "application/x-parquet",
    "text/csv;charset=utf-16",
    "",
    "a/b",
]


def _seeds():
    out = [(k.media, write_rows(_ROWS, k.media)) for k in KINDS]
    for document in (
        {"instances": [[1, 2.5], [3, 4]]},
        {"instances": [{"features": [1, 2]}]},
        {"inputs": {"a": [1, 2]}},
        [{"a": 1, "b": "x:y"}],
        {"dataframe_split": {"columns": ["a"], "data": [[1]]}},
    ):
        out.append(("application/json", json.dumps(document).encode()))
    return [*out, ("text/csv", b"1,2.5,x\n,,\n"), ("text/csv", b"1,2\n3,4\n")]


def _mutated(body: bytes, chance: random.Random) -> bytes:
    out = bytearray(body)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        at, what = chance.randrange(len(out) + 1), chance.randrange(7)
        if what == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            out[at:at] = chance.choice(_TOKENS)
        elif what == 2:
            del out[at : at + chance.randrange(1, 9)]
        elif what == 3:
            out[at:] = b""
        elif what == 4:
            out[at:at] = out[at : at + chance.randrange(1, 40)] * chance.choice((1, 2, 50))
        elif what == 5:
            out[at : at + 4] = chance.randbytes(4)
        elif what == 6:
            out[at:at] = chance.choice(_TOKENS) * chance.choice((2, 30, 3000))
    return bytes(out)


def _fuzz(count: int, seed: int) -> dict[str, int]:
    chance, seeds, seen, longest = random.Random(seed), _seeds(), {"read": 0}, 0.0
    for _ in range(count):
        kind, body = chance.choice(seeds)
        body = chance.randbytes(chance.randrange(60)) if chance.random() < 0.05 else _mutated(body, chance)
        if chance.random() < 0.15:
            kind = chance.choice(_TYPES)
        began = time.thread_time()
        try:
            rows = read(body, kind, features=("age", "city", "rate"))
            assert len(rows) >= 1
            if rows.cells is not None:
                assert len(set(map(len, rows.cells))) == 1 and (
                    not rows.names or len(rows.names) == len(rows.cells[0])
                )
            seen["read"] += 1
        except PayloadRefused as refused:
            assert refused.status in (400, 413, 415) and "\n" not in str(refused)
            seen[refused.rule] = seen.get(refused.rule, 0) + 1
        longest = max(longest, time.thread_time() - began)
    assert longest < 1
    return seen


def test_malformed_bodies_are_read_or_refused():
    seen = _fuzz(2_000, 7)
    assert seen["read"] > 100 and len(seen) > 8


@pytest.mark.slow
def test_a_hundred_thousand_malformed_bodies_are_read_or_refused():
    seen = _fuzz(100_000, 11)
    assert seen["read"] > 5_000 and len(seen) > 12
