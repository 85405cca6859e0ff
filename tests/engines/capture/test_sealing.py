from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.engines.capture.sealing import HEAD, Sealer, frames, whole
from assay.kernel.errors import BadInput

SECRET = bytes(range(32))


def sealed(*parts: bytes) -> tuple[bytes, list[int]]:
    """A file of these frames, and where each begins and ends."""
    sealer = Sealer(SECRET)
    out, ends = sealer.head, [HEAD]
    for n, part in enumerate(parts):
        out += sealer.frame(part, packed=n % 2 == 0)
        ends.append(len(out))
    return out, ends


def test_gives_back_what_was_sealed_and_shows_nothing_of_it():
    parts = [b"one" * 100, b"", b"three"]
    data, _ = sealed(*parts)
    assert list(frames(io.BytesIO(data), SECRET)) == parts
    assert b"three" not in data and b"one" not in data


def test_the_same_text_never_seals_alike():
    assert sealed(b"same")[0] != sealed(b"same")[0]


@given(st.lists(st.binary(max_size=50), max_size=5), st.data())
def test_cut_anywhere_a_file_gives_its_whole_frames_and_no_error(parts, data):
    file, ends = sealed(*parts)
    cut = data.draw(st.integers(0, len(file)))
    kept = sum(end <= cut for end in ends[1:])
    assert list(frames(io.BytesIO(file[:cut]), SECRET)) == parts[:kept]
    assert whole(io.BytesIO(file[:cut])) == (max(e for e in ends if e <= cut) if cut >= HEAD else 0)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_never_passes(place, change):
    parts = [b"a" * 40, b"b" * 40]
    file, _ = sealed(*parts)
    place %= len(file)
    changed = file[:place] + bytes([file[place] ^ change]) + file[place + 1 :]
    got = []
    try:
        for part in frames(io.BytesIO(changed), SECRET):
            got.append(part)
    except BadInput:
        pass
    assert got in ([], parts[:1]) and len(got) < 2


def test_frames_cannot_be_swapped_dropped_or_taken_from_another_file():
    file, ends = sealed(b"a", b"b", b"c")
    pieces = [file[a:b] for a, b in zip(ends, ends[1:], strict=False)]
    other, _ = sealed(b"x")
    for forged in (
        file[:HEAD] + pieces[1] + pieces[0],
        file[:HEAD] + pieces[0] + pieces[2],
        file[:HEAD] + other[HEAD:],
    ):
        with pytest.raises(BadInput, match="was changed, or sealed under another key"):
            list(frames(io.BytesIO(forged), SECRET))
    with pytest.raises(BadInput, match="another key"):
        list(frames(io.BytesIO(file), os.urandom(32)))
    with pytest.raises(BadInput, match="no sealed capture"):
        list(frames(io.BytesIO(b"x" * 100), SECRET))
