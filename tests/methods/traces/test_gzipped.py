"""Gzip unpacked within bounds, beside what the standard library packs."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest

from assay.methods.traces.gzipped import MEMBERS, unpacked
from assay.methods.traces.protobuf import Malformed

LONG = bytes(range(256)) * 2_000


def test_one_member_and_several_are_what_was_packed():
    assert unpacked(gzip.compress(LONG), len(LONG)) == LONG
    assert (
        unpacked(gzip.compress(LONG) + gzip.compress(b"") + gzip.compress(b"end"), 1 << 20, 3)
        == LONG + b"end"
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cut short"),
        (gzip.compress(LONG, mtime=0)[:-1], "cut short"),
        (gzip.compress(b"a", mtime=0) + b"\0", "more than one part"),
        (gzip.compress(b"a", mtime=0)[:-6] + b"wrong.", "damaged"),
        (b"plain", "damaged"),
        (zlib.compress(LONG), "damaged"),
    ],
)
def test_what_is_no_whole_gzip_is_refused(data, said):
    with pytest.raises(Malformed, match=said):
        unpacked(data, 1 << 20)


def test_a_bomb_is_refused_at_its_bound():
    with pytest.raises(Malformed, match="unpacks to more than 1 MB"):
        unpacked(gzip.compress(bytes(64 << 20)), 1 << 20)
    assert len(unpacked(gzip.compress(bytes(1 << 20)), 1 << 20)) == 1 << 20


def test_very_many_members_do_not_take_their_square():
    """80,000 empty members took 2.7 s of one processor, four times as many 16 times as long; a file had room for millions."""
    began = time.process_time()
    assert unpacked(gzip.compress(b"") * MEMBERS, 1 << 20, MEMBERS) == b""
    assert time.process_time() - began < 2
    with pytest.raises(Malformed, match="too many parts"):
        unpacked(gzip.compress(b"") * 11, 1 << 20, 10)
