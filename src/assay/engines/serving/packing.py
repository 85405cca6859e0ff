"""A question's rows as a replica is given them: in the model's order, numbers as one matrix of f64, anything else as cells."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import msgspec

from assay.engines.serving import frames
from assay.kernel.serving import Question, Rows
from assay.methods.payloads import BOUNDS, PayloadRefused, kind_of, read

_PACK = msgspec.msgpack.Encoder()
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Wants:
    """How a model is asked. features: their names in order, none where it knows an order alone; wide: how many, 0 if unknown.

    asked: matrix, cells, or body where a script reads the body itself.
    """

    features: tuple[str, ...] = ()
    wide: int = 0
    asked: str = "cells"


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows ready to be sent. joins: those of equal, non-empty ``joins`` can be put to the model as one batch.

    count: how many rows, 0 where that is not known before they are read.
    """

    kind: int
    joins: tuple[Any, ...]
    content: Any
    count: int


def packed(question: Question, wants: Wants) -> Packed:
    """Return a question as it is sent; PayloadRefused (400, 415) where the model takes no such rows."""
    if wants.asked == "body":
        body = _PACK.encode((question.content_type, question.accept, question.body))
        return Packed(frames.BODY, (), body, 1)
    rows = question.rows
    if rows is None:
        kind, _ = kind_of(question.content_type)
        if kind.name == "parquet":  # it is read where the model is: see engines/serving/reading
            return Packed(frames.FORM, (), _PACK.encode((question.content_type, "", question.body)), 0)
        bounds = replace(BOUNDS, size=max(BOUNDS.size, len(question.body)))  # held at the door
        rows = read(question.body, question.content_type, features=wants.features, bounds=bounds)
    if rows.table is not None:
        return _table(rows, wants)
    cells = _ordered(rows.names, rows.cells or [], wants)
    names = () if wants.features else rows.names
    if wants.asked == "matrix":
        numbers = _numbers(cells)
        if numbers is not None:
            return Packed(frames.MATRIX, (frames.MATRIX, len(cells[0])), numbers, len(cells))
    try:
        rows_ = _PACK.encode(cells)[len(_array_head(len(cells))) :]
    except OverflowError:
        raise _too_large() from None
    return Packed(frames.CELLS, (frames.CELLS, names, len(cells[0])), rows_, len(cells))


def payload(parts: Sequence[Packed]) -> bytes:
    """Return one payload of questions that join."""
    first = parts[0]
    if first.kind == frames.MATRIX:
        head = frames.SHAPE.pack(sum(p.count for p in parts), first.joins[1])
        return b"".join([head, *[p.content for p in parts]])
    if first.kind == frames.CELLS:
        head = _array_head(2) + _PACK.encode(first.joins[1]) + _array_head(sum(p.count for p in parts))
        return b"".join([head, *[p.content for p in parts]])
    content: bytes = first.content
    return content


def _ordered(names: Sequence[str], cells: list[list[Any]], wants: Wants) -> list[list[Any]]:
    """Return the cells in the order of the model's features; PayloadRefused where one is not there."""
    wide = len(cells[0])
    features = wants.features
    if names and features and tuple(names) != features:
        place = {name: at for at, name in enumerate(names)}
        lost = [name for name in features if name not in place]
        if lost:
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            raise PayloadRefused(
                "columns", f"it lacks the column {lost[0][:60]!r}{more}, which the model takes"
            )
        order = [place[name] for name in features]
        return [[row[at] for at in order] for row in cells]
    if wants.wide and wide != wants.wide:
        raise PayloadRefused(
            "columns",
            f"a row has {wide:,} values, and the model takes {wants.wide:,}",
            remedy="send them in the order of its training, or by name",
        )
    return cells


def _numbers(cells: list[list[Any]]) -> bytes | None:
    """Return numbers row by row as f64, missing ones as NaN; None where a value is none."""
    try:
        return array("d", cells[0] if len(cells) == 1 else chain.from_iterable(cells)).tobytes()
    except TypeError:
        pass
    except OverflowError:
        raise _too_large() from None
    try:
        return array("d", [_NAN if v is None else v for row in cells for v in row]).tobytes()
    except TypeError:
        return None
    except OverflowError:
        raise _too_large() from None


def _too_large() -> PayloadRefused:
    return PayloadRefused("number", "a number in it is larger than any that is read")


def _array_head(count: int) -> bytes:
    """Return how MessagePack begins an array of so many values."""
    if count < 16:
        return bytes([0x90 | count])
    return b"\xdc" + struct.pack(">H", count) if count < 1 << 16 else b"\xdd" + struct.pack(">I", count)


def _table(rows: Rows, wants: Wants) -> Packed:
    from assay.engines.models.wire import pack_table

    table = rows.table
    assert table is not None
    lost = [name for name in wants.features if name not in table.column_names]
    if lost:
        raise PayloadRefused("columns", f"it lacks the column {lost[0][:60]!r}, which the model takes")
    if wants.features:
        table = table.select(list(wants.features))
    return Packed(frames.TABLE, (), pack_table(table), table.num_rows)
