"""Which lines could hold a secret: one pass of an automaton (RE2, through Arrow) over many files at once.

The exact patterns are then asked about few lines. Lines that are very long are looked at in windows that overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from assay.methods.secrets.table import sieve

LONGEST = 8_192  # bytes of a line that is looked at as one
_OVERLAP = 512


class Sieve:
    """Holds what is imported and compiled once."""

    def __init__(self, pattern: str = "") -> None:
        import numpy
        import pyarrow
        import pyarrow.compute

        self._numpy, self._arrow, self._compute = numpy, pyarrow, pyarrow.compute
        self._options = pyarrow.compute.MatchSubstringOptions(pattern or sieve())

    def lines(self, blobs: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
        """Give blob, line (from 1), start and stop of each line that could hold a secret, blobs and lines in order.

        blobs: less than 2 GiB in all.
        """
        np = self._numpy
        buffer = b"\n".join(blobs) + b"\n"
        data = np.frombuffer(buffer, dtype=np.uint8)
        stops = np.flatnonzero(data == 10) + 1
        offsets = np.concatenate((np.zeros(1, dtype=np.int64), stops))
        firsts = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum([len(b) + 1 for b in blobs])))
        heads = np.searchsorted(offsets, firsts)  # the first line of each blob
        hit = self._matches(buffer, offsets.astype(np.int32))
        long = np.flatnonzero(np.diff(offsets) > LONGEST)
        if len(long):
            hit = np.setdiff1d(hit, long)
        found = [(int(i), int(offsets[i]), int(offsets[i + 1]) - 1) for i in hit]
        for i in long:
            found += [
                (int(i), *window)
                for window in self._windows(buffer, int(offsets[i]), int(offsets[i + 1]) - 1)
            ]
        found.sort()
        which = np.searchsorted(heads, [f[0] for f in found], side="right") - 1 if found else []
        for (line, start, stop), blob in zip(found, which, strict=True):
            first = int(firsts[blob])
            yield int(blob), line - int(heads[blob]) + 1, start - first, stop - first

    def _matches(self, buffer: bytes, offsets: Any) -> Any:
        pa = self._arrow
        array = pa.Array.from_buffers(
            pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(buffer)]
        )
        hit = self._compute.call_function("match_substring_regex", [array], self._options)
        return self._numpy.flatnonzero(hit.to_numpy(zero_copy_only=False))

    def _windows(self, buffer: bytes, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the windows of a long line that could hold a secret; each begins where the one before it still was."""
        places = list(range(start, stop, LONGEST - _OVERLAP))
        pieces = [buffer[p : min(p + LONGEST, stop)] for p in places]
        array = self._arrow.array(pieces, self._arrow.binary())
        hit = self._compute.call_function("match_substring_regex", [array], self._options).to_pylist()
        return [(p, min(p + LONGEST, stop)) for p, yes in zip(places, hit, strict=True) if yes]
