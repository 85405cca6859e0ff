"""PNG beside hand-made files: every filter and kind of colour, and claims that are not believed."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from assay.methods import png

PICTURE = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def _chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def made(lines, width, height, kind=2, depth=8, interlace=0, extra=b""):
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace)
    return (
        png.SIGNATURE
        + _chunk(b"IHDR", head)
        + extra
        + _chunk(b"IDAT", zlib.compress(lines))
        + _chunk(b"IEND", b"")
    )


def _filtered(picture, kind):
    """Each line filtered as the standard's section 9.2 defines it, byte by byte."""
    lines = picture.reshape(len(picture), -1).astype(int)
    step, out = picture.shape[2], b""
    for y, line in enumerate(lines):
        above = lines[y - 1] if y else np.zeros_like(line)
        done = []
        for i, value in enumerate(line):
            a, b = (line[i - step] if i >= step else 0), above[i]
            c = above[i - step] if i >= step else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            done.append((value - [0, a, b, (a + b) // 2, nearest][kind]) % 256)
        out += bytes([kind, *done])
    return out


@pytest.mark.parametrize("kind", range(5))
def test_every_filter_is_undone(kind):
    assert (png.read(made(_filtered(PICTURE, kind), 7, 5), 100) == PICTURE).all()


def test_what_is_written_is_read():
    assert (png.read(png.written(PICTURE), 100) == PICTURE).all()


def test_grey_palette_and_transparency():
    grey = PICTURE[..., :1]
    assert (png.read(made(_filtered(grey, 0), 7, 5, 0), 100) == grey.repeat(3, axis=2)).all()
    codes = np.array([[[0], [1]]], dtype=np.uint8)
    extra = _chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255])) + _chunk(b"tRNS", bytes([255, 0]))
    assert png.read(made(_filtered(codes, 0), 2, 1, 3, extra=extra), 9).tolist() == [
        [[255, 0, 0], [255, 255, 255]]
    ]
    half = np.array([[[0, 0, 0, 128], [9, 9, 9, 255]]], dtype=np.uint8)
    assert png.read(made(_filtered(half, 2), 2, 1, 6), 9).tolist() == [[[127] * 3, [9] * 3]]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no PNG"),
        (made(b"", 100_000, 100_000), "claims 100,000 × 100,000"),
        (made(b"\0", 7, 5), "cut short"),
        (made(_filtered(PICTURE, 0), 7, 5, interlace=1), "interlaced"),
        (made(_filtered(PICTURE, 0), 7, 5, depth=16), "16 bits"),
        (made(b"\7" + bytes(21), 7, 1), "the filter 7"),
        (made(_filtered(PICTURE, 0), 0, 5), "without a pixel"),
    ],
)
def test_what_cannot_be_read_is_said(raw, why):
    with pytest.raises(ValueError, match=why):
        png.read(raw, 1_000)


def test_a_bomb_is_unpacked_no_further_than_it_claims():
    bomb = made(bytes(200_000_000), 7, 5)
    assert len(bomb) < 1_000_000 and png.read(bomb, 100).shape == (5, 7, 3)
