"""Captured events as rows: both sides of each taken apart, its answers laid beside what was asked."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.engines.capture.narrowing import values_of
from assay.engines.capture.records import Events
from assay.methods.payloads.captured import Named, csv_lines, json_rows, output_name

if TYPE_CHECKING:
    import pyarrow as pa

Key = int | str  # of a column: its place where it has no name
MOST_COLUMNS = 20_000
_BYTES = ("parquet", "arrow")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


@dataclass
class Part:
    """Rows of some events. owner: of each row, its event's place among ``events``; texts: columns that are CSV's texts."""

    events: Events
    owner: Any
    inputs: dict[Key, pa.Array] = field(default_factory=dict)
    outputs: dict[Key, pa.Array] = field(default_factory=dict)
    truth: pa.Array | None = None
    header: tuple[str, ...] = ()  # names that a CSV payload gave its columns
    lost: Counter[str] = field(default_factory=Counter)  # why → events, or rows, that are not in it


def decoded(events: Events, widths: dict[str, int], features: Sequence[str] = ()) -> Part:
    """Return the rows of some events. widths: of CSV on either side, kept from the first events on; features: names of the columns
    asked with, for rows that name none among others that do."""
    plain = _plain(events)
    if plain is None:
        return _mixed(events, widths, features)
    import numpy as np

    asked, answered = plain
    part = Part(events, np.arange(len(events)))
    left = _table(asked, widths, "inputs")
    right = _table(answered, widths, "outputs") if answered else None
    if left is None or (answered and right is None):
        return _mixed(events, widths, features)
    part.inputs = dict(enumerate(left.columns))
    part.outputs = dict(enumerate(right.columns)) if right is not None else {}
    part.truth = _truths(events, np.ones(len(events), np.int64), part.lost)
    return part


def _plain(events: Events) -> tuple[list[str], list[str]] | None:
    """Return the lines of both sides where every event is one row of CSV on either side, as most are; else None."""
    if set(events.input_kinds) != {"CSV"} or any(s >= 400 for s in events.statuses):
        return None
    if None in events.inputs:
        return None
    asked = [t.rstrip("\r\n") for t in events.inputs]  # type: ignore[union-attr]
    answered: list[str] = []
    if any(t is not None for t in events.outputs):
        if None in events.outputs or set(events.output_kinds) != {"CSV"}:
            return None
        answered = [t.rstrip("\r\n") for t in events.outputs]  # type: ignore[union-attr]
    for lines in (asked, answered):
        whole = "\n".join(lines)
        if "\r" in whole or whole.count("\n") != max(0, len(lines) - 1) or "" in lines:
            return None
    return asked, answered


def _table(lines: Sequence[str], widths: dict[str, int], side: str) -> pa.Table | None:
    """Return lines of CSV as columns of texts; None where one has not as many columns as the others."""
    import pyarrow as pa

    width = widths.setdefault(side, _width(lines))
    try:
        table = _parsed("\n".join(lines), width, None)
    except pa.ArrowInvalid:
        return None
    return table if table.num_rows == len(lines) else None


def _parsed(text: str, width: int, odd: Any) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as reader

    names = [str(i) for i in range(width)]
    data = text.encode("utf-8", "surrogatepass" if text.isascii() else "replace")
    return reader.read_csv(
        pa.BufferReader(data),
        reader.ReadOptions(column_names=names, block_size=max(1 << 20, min(len(data) + 1, 1 << 24))),
        reader.ParseOptions(newlines_in_values='"' in text, invalid_row_handler=odd),
        reader.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""],
            quoted_strings_can_be_null=True,
        ),
    ).combine_chunks()  # fmt: skip


def _width(lines: Sequence[str]) -> int:
    found = Counter(_cells(line) for line in lines[:1_000])
    return min(found.most_common(1)[0][0], MOST_COLUMNS) if found else 1


def _cells(line: str) -> int:
    if '"' not in line:
        return line.count(",") + 1
    try:
        return len(next(csv.reader(io.StringIO(line, newline=""))))
    except (csv.Error, StopIteration):
        return line.count(",") + 1


def _taken(text: str | None, kind: str, content: str, *, columns: bool = True) -> list[str] | Named | None:
    """Return the rows of one payload; None where there is none. ValueError where it cannot be read. columns: see ``json_rows``."""
    if text is None:
        return None
    if kind == "BASE64":
        try:
            body = base64.b64decode(text, validate=True)
        except ValueError:
            raise ValueError("a payload is no base64") from None
        if any(word in content.lower() for word in _BYTES):
            return _of_bytes(body, content)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise ValueError("a payload is bytes, and no text") from None
        kind = "JSON" if "json" in content.lower() else "CSV"
    if kind == "JSON":
        return json_rows(text, columns=columns)
    try:
        return csv_lines(text)
    except csv.Error:
        raise ValueError("a payload is no CSV") from None


def _of_bytes(body: bytes, content: str) -> Named:
    """Return the rows of Parquet or Arrow; ValueError where it is none."""
    from assay.methods import payloads

    try:
        table = payloads.read(body, content).table
    except payloads.PayloadRefused:
        table = None
    if table is None:
        raise ValueError("a payload cannot be read as what it says it is")
    return tuple(table.column_names), [list(row.values()) for row in table.to_pylist()]


def _headed(left: list[str] | Named | None, right: list[str] | Named | None) -> tuple[str, ...]:
    """Return the names in a payload's first line, where it has a line more than there are answers and the first holds names."""
    if not isinstance(left, list) or not right or len(left) != _size(right) + 1:
        return ()
    names = tuple(next(csv.reader(left[:1])))
    plain = len(set(names)) == len(names) and all(n.strip() and not _NUMBER.fullmatch(n) for n in names)
    return names if plain else ()


def _mixed(events: Events, widths: dict[str, int], features: Sequence[str]) -> Part:
    """The same for events of any shape, one after another."""
    import numpy as np

    lost: Counter[str] = Counter()
    kept: list[bool] = []
    asked: list[list[str] | Named | None] = []
    answered: list[list[str] | Named | None] = []
    counts: list[int] = []
    header: tuple[str, ...] = ()
    for i, given in enumerate(events.inputs):
        failed = events.statuses[i] >= 400
        try:
            left = _taken(given, events.input_kinds[i], events.input_types[i])
            right = None if failed else _answered(events, i, lost)
            if isinstance(left, tuple) and _size(right) == 1 < _size(left):  # one row of lists, then
                left = _taken(given, events.input_kinds[i], events.input_types[i], columns=False)
            names = _headed(left, right)
            if names and isinstance(left, list) and header in ((), names):
                header, left = names, left[1:]
            left, right, rows = _beside(left, right)
        except ValueError as error:
            lost[str(error)] += 1
            kept.append(False)
            continue
        kept.append(rows > 0)
        if not rows:
            lost["an event holds no row"] += 1
            continue
        asked.append(left)
        answered.append(right)
        counts.append(rows)
    if any(isinstance(left, tuple) and left[0] for left in asked):
        asked = [_by_name(left, header or tuple(features)) for left in asked]
    events = events.kept(kept)
    sizes = np.array(counts, np.int64)
    part = Part(events, np.repeat(np.arange(len(events)), sizes), header=header, lost=lost)
    whole = int(sizes.sum())
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    good = np.ones(whole, bool)
    part.inputs = _columns(asked, starts, whole, widths, "inputs", good)
    part.outputs = _columns(answered, starts, whole, widths, "outputs", good)
    part.truth = _truths(events, sizes, lost)
    if not good.all():
        lost["a row has not as many columns as the others"] += int((~good).sum())
        keep = np.flatnonzero(good)
        part.owner = part.owner[keep]
        part.inputs = {k: v.take(_indices(keep)) for k, v in part.inputs.items()}
        part.outputs = {k: v.take(_indices(keep)) for k, v in part.outputs.items()}
        part.truth = None if part.truth is None else part.truth.take(_indices(keep))
    return part


def _by_name(left: list[str] | Named | None, names: tuple[str, ...]) -> list[str] | Named | None:
    """Return rows that name no columns as those that do, where their order is known and each has as many cells."""
    if left is None or not names or (isinstance(left, tuple) and left[0]):
        return left
    body = [list(map(_meant, row)) for row in csv.reader(left)] if isinstance(left, list) else left[1]
    return (names, body) if all(len(row) == len(names) for row in body) else left


def _meant(cell: str) -> Any:
    """Return what a field of CSV says, as JSON would."""
    text = cell.strip()
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdecimal() and len(text) < 20 else float(text)
    return {"": None, "true": True, "false": False}.get(text.lower(), cell)


def _answered(events: Events, i: int, lost: Counter[str]) -> list[str] | Named | None:
    """Return the rows of an answer; one that cannot be read is told, and what was asked is kept."""
    try:
        return _taken(events.outputs[i], events.output_kinds[i], events.output_types[i])
    except ValueError as error:
        lost[f"of an answer: {error}"] += 1
        return None


def _indices(places: Any) -> pa.Array:
    import pyarrow as pa

    return pa.array(places)


def _size(rows: list[str] | Named | None) -> int:
    return 0 if rows is None else len(rows) if isinstance(rows, list) else len(rows[1])


def _beside(
    left: list[str] | Named | None, right: list[str] | Named | None
) -> tuple[list[str] | Named | None, list[str] | Named | None, int]:
    """Return both sides with as many rows each: answers in one line or one list are told apart; ValueError otherwise."""
    asked, given = _size(left), _size(right)
    if not asked or not given or asked == given:
        return (left if asked else None), (right if given else None), max(asked, given)
    if isinstance(right, list) and given == 1:
        cells = next(csv.reader(right))
        if len(cells) % asked == 0:
            each = len(cells) // asked
            return left, [_line(cells[i : i + each]) for i in range(0, len(cells), each)], asked
    elif isinstance(right, list) and asked == 1:
        return left, [_line([c for line in csv.reader(right) for c in line])], 1
    elif isinstance(right, tuple) and given == 1 and len(right[1][0]) == asked:
        return left, ((), [[c] for c in right[1][0]]), asked
    elif isinstance(right, tuple) and asked == 1 and not right[0] and all(len(r) == 1 for r in right[1]):
        return left, ((), [[r[0] for r in right[1]]]), 1
    raise ValueError("an event has not as many answers as rows")


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def _columns(
    sides: Sequence[list[str] | Named | None],
    starts: Any,
    whole: int,
    widths: dict[str, int],
    side: str,
    good: Any,
) -> dict[Key, pa.Array]:
    """Return one side's columns, each of ``whole`` rows, null where a row has none; rows that do not fit are marked."""
    lines: list[str] = []
    at_lines: list[int] = []
    cells: dict[Key, list[Any]] = {}
    at_cells: list[int] = []
    for rows, start in zip(sides, starts.tolist(), strict=True):
        if isinstance(rows, list):
            lines += rows
            at_lines += range(start, start + len(rows))
        elif rows is not None:
            names, body = rows
            keys: Sequence[Key] = names or range(max(map(len, body)))
            if names and side == "outputs":
                keys = tuple(output_name(n) for n in names)
            for key in keys:
                if key not in cells:
                    if len(cells) >= MOST_COLUMNS:
                        continue
                    cells[key] = [None] * len(at_cells)
            before = len(at_cells)
            at_cells += range(start, start + len(body))
            for key, column in zip(keys, _across(body, len(keys)), strict=True):
                if key in cells:
                    cells[key] += column
            for column in cells.values() if len(cells) != len(keys) else ():
                column += [None] * (before + len(body) - len(column))
    out: dict[Key, pa.Array] = {}
    if lines:
        out |= _of_lines(lines, at_lines, whole, widths, side, good)
    for key, values in cells.items():
        placed = _placed(values_of(values), at_cells, whole)
        out[key] = placed if key not in out else _either(out[key], placed)
    return out


def _either(one: pa.Array, other: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    from assay.engines.capture.narrowing import as_kind

    return pc.coalesce(as_kind(one, "text"), as_kind(other, "text"))


def _across(body: list[list[Any]], width: int) -> list[list[Any]]:
    return [[row[i] if i < len(row) else None for row in body] for i in range(width)]


def _placed(values: pa.Array, at: Sequence[int], whole: int) -> pa.Array:
    """Return values at their rows among ``whole``."""
    import numpy as np
    import pyarrow as pa

    if len(at) == whole:
        return values
    index = np.full(whole, -1, np.int64)
    index[np.asarray(at, np.int64)] = np.arange(len(at))
    return values.take(pa.array(index, mask=index < 0))


def _of_lines(
    lines: Sequence[str], at: Sequence[int], whole: int, widths: dict[str, int], side: str, good: Any
) -> dict[Key, pa.Array]:
    import pyarrow as pa

    width = widths.setdefault(side, _width(lines))
    fits = [i for i, line in enumerate(lines) if _cells(line) == width]
    for i in set(range(len(lines))) - set(fits) if len(fits) < len(lines) else ():
        good[at[i]] = False
    kept = [lines[i] for i in fits]
    try:
        table = _parsed("\n".join(kept), width, None) if kept else None
    except pa.ArrowInvalid:
        table = None
    if table is None or table.num_rows != len(kept):
        table = _one_by_one(kept, width)
    placed = [at[i] for i in fits]
    return {i: _placed(column, placed, whole) for i, column in enumerate(table.columns)}


def _one_by_one(lines: Sequence[str], width: int) -> pa.Table:
    """Return what Arrow would not read; the standard library's reader takes each line by itself."""
    import pyarrow as pa

    rows = []
    for line in lines:
        row = next(csv.reader(io.StringIO(line, newline="")), [])
        rows.append([c or None for c in row[:width]] + [None] * (width - len(row)))
    columns = [pa.array(c, pa.string()) for c in zip(*rows, strict=True)] if rows else []
    columns = columns or [pa.array([], pa.string())] * width
    return pa.table({str(i): c for i, c in enumerate(columns)})


def _truths(events: Events, sizes: Any, lost: Counter[str]) -> pa.Array | None:
    """Return the truth of each row, as text; None where no event knows it."""
    import pyarrow as pa

    if all(t is None for t in events.truths):
        return None
    out: list[str | None] = []
    for text, kind, size in zip(events.truths, events.truth_kinds, sizes.tolist(), strict=True):
        values = truth_values(text, kind)
        if values and len(values) != size:
            lost["a ground truth has not as many labels as its event has rows"] += 1
            values = []
        out += values or [None] * size
    return pa.array(out, pa.string())


def truth_values(text: str | None, kind: str) -> list[str | None]:
    """Return the labels of a ground truth, one a row, the first column where it has several."""
    if text is None:
        return []
    if kind == "JSON":
        try:
            return [None if not row or row[0] is None else str(row[0]) for row in json_rows(text)[1]]
        except ValueError:
            return []
    if '"' not in text and "\n" not in text.rstrip("\r\n"):
        return [text.strip().partition(",")[0].strip() or None] if text.strip() else []
    try:
        return [row[0].strip() or None for row in csv.reader(csv_lines(text)) if row]
    except csv.Error:
        return []
