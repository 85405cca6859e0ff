"""Where the cells of a regular delimited file lie: found by looking at its bytes, many rows at once, with nothing copied.

Regular is a file that RFC 4180 describes: UTF-8, quotation marks around whole cells only and doubled within, line ends of one
kind, as many cells in every row. Of any other nobody knows by its bytes alone how a reader takes it: Irregular.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from assay.engines.tables.text import LONGEST

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

AT_ONCE = 16 << 20  # bytes
_FEED, _RETURN, _QUOTE = 10, 13, 34
_BOM = b"\xef\xbb\xbf"


class Irregular(Exception):
    """The file is not read by its bytes alone."""


@dataclass(frozen=True)
class Part:
    """Some rows. data: their bytes. All places are counted from its first byte.

    first: the number of its first record, 0 being the header. starts, ends, stops: where each record begins, where its
    cells end and where the next begins. marks: where its delimiters are, a row a record.
    """

    data: NDArray[np.uint8]
    first: int
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    stops: NDArray[np.int64]
    marks: NDArray[np.int64]
    quotes: NDArray[np.int64]

    def span(self, column: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where a column's cells begin and end, their quotation marks included."""
        begin = self.starts if column == 0 else self.marks[:, column - 1] + 1
        end = self.ends if column == self.marks.shape[1] else self.marks[:, column]
        return begin, end

    def texts(self, column: int) -> pa.Array:
        """Return a column's values as texts, null where a cell is empty; Irregular where they are no UTF-8."""
        import pyarrow as pa
        import pyarrow.compute as pc

        begin, end = self.span(column)
        held = end - begin
        quoted = np.zeros(len(begin), bool)
        some = held > 0
        quoted[some] = self.data[begin[some]] == _QUOTE
        begin, length = begin + quoted, held - 2 * quoted
        offsets = np.concatenate([[0], np.cumsum(length)])
        if offsets[-1] >= 2**31:
            raise Irregular
        taken = np.repeat(begin - offsets[:-1], length) + np.arange(offsets[-1])
        buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(self.data[taken])]
        out = pa.StringArray.from_buffers(len(begin), buffers[1], buffers[2])
        try:
            out.validate(full=True)
        except pa.ArrowInvalid:
            raise Irregular from None
        if quoted.any():
            inner = np.searchsorted(self.quotes, end) - np.searchsorted(self.quotes, begin)
            doubled = pa.array(quoted & (inner > 1))
            if pc.any(doubled).as_py():
                plain = pc.replace_substring(out.filter(doubled), '""', '"')
                out = pc.replace_with_mask(out, doubled, plain)
        return pc.if_else(pa.array(length == 0), pa.scalar(None, pa.string()), out)


def parts(source: IO[bytes], delimiter: bytes, width: int, at_once: int = AT_ONCE) -> Iterator[Part]:
    """Give a file's records, header first, empty lines left out; Irregular at the first place where it is.

    source: the file, unpacked, from its beginning; what a file begins with to say its encoding is no part of it. width: how
    many cells each record has.
    """
    held = source.read(at_once).removeprefix(_BOM)
    number, feeds, pairs, last = 0, 0, 0, False
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    while held:
        found = _records(np.frombuffer(held, np.uint8), last)
        if found is None and len(held) > LONGEST + at_once:
            raise Irregular
        if found is not None:
            window, quotes, stops, ends = found
            _decoded(decoder, window)
            feeds, pairs = _ends_counted(window, feeds, pairs)
            part = _part(window, quotes, stops, ends, delimiter[0], width, number)
            if number == 0 and part.starts[0] != 0:
                raise Irregular  # an empty line before the header
            number += len(part.starts)
            yield part
            held = held[len(window) :]
        if last:
            break
        more = source.read(at_once)
        last, held = not more, held + more
    if 0 < pairs < feeds:
        raise Irregular  # line ends of two kinds


def _records(window: NDArray[np.uint8], last: bool) -> tuple[Any, Any, Any, Any] | None:
    """Return the whole records of a window, its quotation marks, and where each record stops and its cells end."""
    quotes = np.flatnonzero(window == _QUOTE)
    feeds = np.flatnonzero(window == _FEED)
    if len(quotes):
        feeds = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
    stops, ends = feeds + 1, feeds
    if last and (not len(stops) or stops[-1] < len(window)):
        stops, ends = np.append(stops, len(window)), np.append(ends, len(window))
        if len(quotes) % 2:
            raise Irregular  # a quotation mark that nothing closes
    if not len(stops):
        return None
    window = window[: stops[-1]]
    quotes = quotes[: np.searchsorted(quotes, len(window))]
    back = ends - ((ends > 0) & (window[np.maximum(ends, 1) - 1] == _RETURN) & (ends < len(window)))
    return window, quotes, stops, back


def _decoded(decoder: Any, window: NDArray[np.uint8]) -> None:
    """Irregular where bytes are no UTF-8, or hold a NUL."""
    try:
        decoder.decode(window.data, final=True)  # a record never ends within a character
    except UnicodeDecodeError:
        raise Irregular from None
    if not window.all():
        raise Irregular


def _ends_counted(window: NDArray[np.uint8], feeds: int, pairs: int) -> tuple[int, int]:
    """Count line ends, those within cells too; Irregular at a return that no feed follows."""
    feeds += int(np.count_nonzero(window == _FEED))
    returns = np.flatnonzero(window == _RETURN)
    if len(returns):
        if returns[-1] == len(window) - 1 or (window[returns + 1] != _FEED).any():
            raise Irregular
        pairs += len(returns)
    return feeds, pairs


def _part(window: Any, quotes: Any, stops: Any, ends: Any, delimiter: int, width: int, first: int) -> Part:
    starts = np.concatenate([[0], stops[:-1]])
    if int((stops - starts).max()) > LONGEST:
        raise Irregular
    marked = window == delimiter
    if len(quotes):
        _closed(window, quotes, delimiter)
        marked &= np.cumsum(window == _QUOTE, dtype=np.uint8) & 1 == 0  # one byte each: 256 is even
    marks = np.flatnonzero(marked)
    if width > 1:  # an empty line is no row
        keep = ends > starts
        starts, ends, stops = starts[keep], ends[keep], stops[keep]
    if len(marks) != len(starts) * (width - 1):
        raise Irregular
    rows = marks.reshape(len(starts), width - 1)
    if width > 1 and ((rows[:, 0] < starts).any() or (rows[:, -1] >= ends).any()):
        raise Irregular
    if not len(starts):
        raise Irregular
    return Part(window, first, starts, ends, stops, rows, quotes)


def _closed(window: Any, quotes: Any, delimiter: int) -> None:
    """Irregular where a quotation mark stands elsewhere than around a whole cell, or doubled within one."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = window[opening[opening > 0] - 1]
    after = window[closing[closing < len(window) - 1] + 1]
    if not np.isin(before, (delimiter, _FEED, _QUOTE)).all():
        raise Irregular
    if not np.isin(after, (delimiter, _FEED, _RETURN, _QUOTE)).all():
        raise Irregular
