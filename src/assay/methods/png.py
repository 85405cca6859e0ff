"""PNG, read and written without a library: 8 bits a channel, not interlaced (ISO/IEC 15948).

What a file claims is held to a bound before anything is unpacked; unpacking stops at what the claim needs.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def size(raw: bytes) -> tuple[int, int]:
    """Return (height, width) as the header says; ValueError where there is none."""
    if raw[:8] != SIGNATURE or raw[12:16] != b"IHDR" or len(raw) < 33:
        raise ValueError("it is no PNG")
    width, height = struct.unpack(">II", raw[16:24])
    if not width or not height:
        raise ValueError("it is a PNG without a pixel")
    return height, width


def read(raw: bytes, most: int) -> Any:
    """Return a picture as height × width × 3 bytes; transparency is laid on white. ValueError past ``most`` pixels."""
    import numpy as np

    height, width = size(raw)
    if height * width > most:
        raise ValueError(f"it claims {height:,} × {width:,} pixels, and {most:,} are read")
    depth, kind, _, _, interlace = raw[24:29]
    if depth != 8 or kind not in _CHANNELS or interlace:
        raise ValueError(f"it is a PNG of {depth} bits{', interlaced' if interlace else ''}")
    packed, palette, alpha = _chunks(raw)
    channels = _CHANNELS[kind]
    row = width * channels + 1
    machine = zlib.decompressobj()
    try:
        data = machine.decompress(packed, row * height)
    except zlib.error:
        raise ValueError("its pixels cannot be unpacked") from None
    if len(data) < row * height:
        raise ValueError("its pixels are cut short")
    lines = np.frombuffer(data, dtype=np.uint8).reshape(height, row)
    found = _unfiltered(lines[:, 0], lines[:, 1:], channels).reshape(height, width, channels)
    return _coloured(found, kind, palette, alpha)


def _chunks(raw: bytes) -> tuple[bytes, bytes, bytes]:
    at, parts, palette, alpha = 8, [], b"", b""
    while at + 12 <= len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        name, body = raw[at + 4 : at + 8], raw[at + 8 : at + 8 + length]
        if name == b"IDAT":
            parts.append(body)
        elif name == b"PLTE":
            palette = body
        elif name == b"tRNS":
            alpha = body
        elif name == b"IEND":
            break
        at += 12 + length
    return b"".join(parts), palette, alpha


def _unfiltered(filters: Any, lines: Any, step: int) -> Any:
    """Undo what was done to each line to make it pack well: its own left, the line above, their mean, or Paeth's choice."""
    import numpy as np

    out = np.zeros(lines.shape, dtype=np.uint8)
    above = np.zeros(lines.shape[1], dtype=np.uint8)
    for at, (filter_, line) in enumerate(zip(filters.tolist(), lines, strict=True)):
        if filter_ == 0:
            now = line
        elif filter_ == 1:
            now = np.cumsum(line.reshape(-1, step), axis=0, dtype=np.uint8).reshape(-1)
        elif filter_ == 2:
            now = line + above
        elif filter_ in (3, 4):
            now = _by_neighbours(line.tolist(), above.tolist(), step, filter_ == 4)
        else:
            raise ValueError(f"a line has the filter {filter_}")
        out[at] = above = np.asarray(now, dtype=np.uint8)
    return out


def _by_neighbours(line: list[int], above: list[int], step: int, paeth: bool) -> list[int]:
    now = [0] * len(line)
    for i, value in enumerate(line):
        left = now[i - step] if i >= step else 0
        up = above[i]
        if paeth:
            corner = above[i - step] if i >= step else 0
            guess = left + up - corner
            a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
            add = left if a <= b and a <= c else up if b <= c else corner
        else:
            add = (left + up) >> 1
        now[i] = (value + add) & 255
    return now


def _coloured(found: Any, kind: int, palette: bytes, alpha: bytes) -> Any:
    import numpy as np

    if kind == 3:
        table = np.zeros((256, 4), dtype=np.uint8)
        table[:, 3] = 255
        colours = np.frombuffer(palette[: len(palette) // 3 * 3][:768], dtype=np.uint8).reshape(-1, 3)
        table[: len(colours), :3] = colours
        table[: len(alpha[:256]), 3] = np.frombuffer(alpha[:256], dtype=np.uint8)
        found = table[found[..., 0]]
    elif kind in (0, 4):
        found = np.concatenate([found[..., :1].repeat(3, axis=2), found[..., 1:]], axis=2)
    if found.shape[2] == 4:
        share = found[..., 3:].astype(np.float64) / 255
        found = np.rint(found[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
    return np.ascontiguousarray(found)


def written(picture: Any) -> bytes:
    """Return a picture (height × width × 3 bytes) as a PNG."""
    import numpy as np

    height, width, _ = picture.shape
    lines = np.zeros((height, 1 + width * 3), dtype=np.uint8)
    lines[:, 1:] = picture.reshape(height, -1)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        SIGNATURE
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines.tobytes(), 6))
        + chunk(b"IEND", b"")
    )
