"""A regular delimited file written anew: the bytes of changed cells are others, and all else is copied as it lies."""

from __future__ import annotations

from typing import IO

import numpy as np

from assay.engines.inplace.cells import Part, parts
from assay.engines.inplace.place import Edits

_QUOTE = b'"'
_BOM = b"\xef\xbb\xbf"


def rewrite(source: IO[bytes], out: IO[bytes], delimiter: bytes, names: list[str], edits: Edits) -> None:
    """Write a file anew with cells changed and columns added; Irregular where its bytes alone do not tell its cells."""
    head = source.read(len(_BOM))
    if head == _BOM:
        out.write(head)
    source.seek(0)
    wanted = edits.by_row()
    rows = np.array(sorted(wanted), np.int64)
    places = {n: i for i, n in enumerate(names)}
    added = [n for n, _ in edits.adds]
    fills = [None if k != "boolean" else "false" for _, k in edits.adds]
    for part in parts(source, delimiter, len(names)):
        low, high = np.searchsorted(rows, [part.first, part.first + len(part.starts)])
        here = {int(r) - part.first: wanted[int(r)] for r in rows[low:high]}
        patches = _patches(part, here, places, delimiter)
        if added:
            patches = _with_tails(part, patches, here, added, fills, delimiter)
        _copied(part, patches, out)


_Patch = tuple[int, int, bytes]  # from, to, what stands there instead


def _patches(
    part: Part,
    here: dict[int, dict[str, tuple[str | None, str | None]]],
    places: dict[str, int],
    delimiter: bytes,
) -> list[_Patch]:
    out = []
    for place in sorted({places[c] for cells in here.values() for c in cells if c in places}):
        begins, ends = part.span(place)
        name = next(n for n, i in places.items() if i == place)
        for row, cells in here.items():
            if name in cells:
                begin, end = int(begins[row]), int(ends[row])
                out.append((begin, end, cell(cells[name][1], part.data[begin:end].tobytes(), delimiter)))
    return sorted(out, key=lambda p: p[:2])


def _with_tails(
    part: Part, patches: list[_Patch], here: dict[int, dict[str, tuple[str | None, str | None]]], added: list[str],
    fills: list[str | None], delimiter: bytes,
) -> list[_Patch]:  # fmt: skip
    """Add what stands behind the last cell of each record: the names in the header, and values in rows."""
    usual = b"".join(delimiter + cell(f, b"", delimiter) for f in fills)
    tails = [usual] * len(part.ends)
    for row, cells in here.items():
        values = [cells[n][1] if n in cells else f for n, f in zip(added, fills, strict=True)]
        tails[row] = b"".join(delimiter + cell(v, b"", delimiter) for v in values)
    if part.first == 0:
        tails[0] = b"".join(delimiter + cell(n, b"", delimiter) for n in added)
    behind = [(e, e, t) for e, t in zip(part.ends.tolist(), tails, strict=True)]
    return sorted(
        [*patches, *behind], key=lambda p: p[:2]
    )  # of two at one place the cell comes first, the tail behind


def _copied(part: Part, patches: list[_Patch], out: IO[bytes]) -> None:
    data, at = part.data.data, 0
    pieces: list[memoryview | bytes] = []
    for begin, end, fresh in patches:
        pieces += [data[at:begin], fresh]
        at = end
    out.write(b"".join([*pieces, data[at:]]))


def cell(value: str | None, old: bytes, delimiter: bytes) -> bytes:
    """Return a value as it is written in place of ``old``: quoted where that was or it must be, and spelled alike."""
    if value is None:
        return b""
    was = old.strip().strip(_QUOTE).decode("utf-8", "replace")
    if value in ("true", "false") and was.lower() in ("true", "false"):
        value = value.upper() if was.isupper() else value.capitalize() if was[:1].isupper() else value
    raw = value.encode()
    if (
        old.startswith(_QUOTE)
        or any(c in raw for c in (delimiter, _QUOTE, b"\n", b"\r"))
        or raw != raw.strip()
    ):
        return _QUOTE + raw.replace(_QUOTE, _QUOTE * 2) + _QUOTE
    return raw
