"""Captured events as they lie in files: SageMaker's data-capture JSON lines, merged ones with ground truth too, and Parquet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, BinaryIO

import msgspec

LONGEST = 64 << 20  # bytes of one record
BLOCK = 8 << 20
_HOUR = re.compile(
    r"(?:.*/)?([^/]+)/([^/]+)/\d{4}/\d\d/\d\d/\d\d/[^/]+$"
)  # endpoint/variant/yyyy/mm/dd/hh/file


# None of these can hold itself, so that the collector need not look at them: it took longer than the decoding.


class Side(msgspec.Struct, rename="camel", gc=False):
    """What was sent, or answered, or found to be true: text, or base64 of bytes."""

    data: str | None = None
    encoding: str = "CSV"
    observed_content_type: str = ""
    mode: str | msgspec.UnsetType = msgspec.UNSET


class Captured(msgspec.Struct, rename="camel", gc=False):
    """Both sides of a request; either may not have been captured."""

    endpoint_input: Side | msgspec.UnsetType | None = msgspec.UNSET
    endpoint_output: Side | msgspec.UnsetType | None = msgspec.UNSET


class Meta(msgspec.Struct, rename="camel", gc=False):
    """Who the event is."""

    event_id: str = ""
    inference_id: str | msgspec.UnsetType | None = msgspec.UNSET
    inference_time: str | None = None
    custom_attributes: Any = msgspec.UNSET


class Own(msgspec.Struct, rename="camel", gc=False):
    """What only this house writes beside it. at: seconds since 1970, to more than the second. shadow: nobody was given it."""

    caller: str = ""
    variant: str = ""
    status: int = 200
    at: float = 0.0
    shadow: bool | msgspec.UnsetType = msgspec.UNSET


class Record(msgspec.Struct, rename="camel", gc=False):
    """One line of a file."""

    capture_data: Captured | msgspec.UnsetType | None = msgspec.UNSET
    ground_truth_data: Side | msgspec.UnsetType | None = msgspec.UNSET
    event_metadata: Meta | None = None
    event_version: str | int = "0"
    assay: Own | msgspec.UnsetType | None = msgspec.UNSET


@dataclass
class Events:
    """Events, a list a field. Texts of sides are None where that side is not there; kinds: CSV, JSON or BASE64."""

    ids: list[str] = field(default_factory=list)
    inferences: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    variants: list[str] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)  # seconds since 1970; 0 where only ``times`` says it
    inputs: list[str | None] = field(default_factory=list)
    input_kinds: list[str] = field(default_factory=list)
    input_types: list[str] = field(default_factory=list)
    outputs: list[str | None] = field(default_factory=list)
    output_kinds: list[str] = field(default_factory=list)
    output_types: list[str] = field(default_factory=list)
    truths: list[str | None] = field(default_factory=list)
    truth_kinds: list[str] = field(default_factory=list)
    shadows: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def beside(self, other: Events) -> Events:
        """Return these, with others after them; these are not to be used any more."""
        for f in fields(self):
            getattr(self, f.name).extend(getattr(other, f.name))
        return self

    def kept(self, which: list[bool]) -> Events:
        """Return those that are marked."""
        from itertools import compress

        return Events(*(list(compress(getattr(self, f.name), which)) for f in fields(self)))


NAMES = tuple(f.name for f in fields(Events))
_decoder = msgspec.json.Decoder(list[Record])
_lines = msgspec.json.Decoder(Record)
_NOTHING, _META, _OWN, _SIDES = Side(), Meta(), Own(), Captured()  # UNSET is false, as None is


def blocks(opened: BinaryIO, limit: int | None = None) -> Iterator[bytes]:
    """Give a file's bytes in blocks that end at the end of a line; the last may not. limit: bytes that are read.

    A line that is longer than LONGEST is given in pieces, none of which is a record.
    """
    left, rest = limit, b""
    while True:
        size = BLOCK if left is None else min(BLOCK, left)
        block = opened.read(size) if size else b""
        if not block:
            break
        left = None if left is None else left - len(block)
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest += block
            if len(rest) > LONGEST:
                yield rest
                rest = b""
    if rest:
        yield rest


def of_lines(block: bytes, variant: str = "") -> tuple[Events, int]:
    """Return the events of some lines, and how many lines are damaged. variant: where a line does not say."""
    damaged = 0
    try:
        found = _lines.decode_lines(block)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        found = []
        for line in block.split(b"\n"):
            if line.strip():
                try:
                    found.append(_lines.decode(line))
                except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                    damaged += 1
    out = Events()
    usable = [r for r in found if r.event_metadata is not None and (r.capture_data or r.ground_truth_data)]
    damaged += len(found) - len(usable)
    metas = [r.event_metadata or _META for r in usable]
    sides = [r.capture_data or _SIDES for r in usable]
    out.ids = [m.event_id for m in metas]
    out.inferences = [m.inference_id or "" for m in metas]
    out.times = [m.inference_time or "" for m in metas]
    if any(r.assay for r in usable):
        owns = [r.assay or _OWN for r in usable]
        out.variants = [o.variant or variant for o in owns]
        out.callers = [o.caller for o in owns]
        out.statuses = [o.status for o in owns]
        out.moments = [o.at for o in owns]
        out.shadows = [o.shadow is True for o in owns]
    else:
        rows = len(usable)
        out.variants, out.callers, out.statuses = [variant] * rows, [""] * rows, [200] * rows
        out.moments, out.shadows = [0.0] * rows, [False] * rows
    asked = [s.endpoint_input or _NOTHING for s in sides]
    out.inputs = [s.data for s in asked]
    out.input_kinds, out.input_types = [s.encoding for s in asked], [s.observed_content_type for s in asked]
    answered = [s.endpoint_output or _NOTHING for s in sides]
    out.outputs = [s.data for s in answered]
    out.output_kinds, out.output_types = (
        [s.encoding for s in answered],
        [s.observed_content_type for s in answered],
    )
    if any(r.ground_truth_data for r in usable):
        truths = [r.ground_truth_data or _NOTHING for r in usable]
        out.truths, out.truth_kinds = [s.data for s in truths], [s.encoding for s in truths]
    else:
        out.truths, out.truth_kinds = [None] * len(usable), ["CSV"] * len(usable)
    return out, damaged


PARQUET = {
    "event": "ids", "inference": "inferences", "time": "times", "variant": "variants", "caller": "callers",
    "status": "statuses", "at": "moments", "input": "inputs", "input_encoding": "input_kinds", "input_type": "input_types",
    "output": "outputs", "output_encoding": "output_kinds", "output_type": "output_types", "truth": "truths",
    "truth_encoding": "truth_kinds", "shadow": "shadows",
}  # fmt: skip


def of_batch(batch: Any, variant: str = "") -> Events:
    """Return the events of a batch of a Parquet capture, in columns as PARQUET names them; one that is missing is empty."""
    rows, out = batch.num_rows, Events()
    held = set(batch.schema.names)
    for column, name in PARQUET.items():
        empty: Any = None if column in ("input", "output", "truth") else ""
        empty = {"status": 200, "at": 0.0, "shadow": False}.get(column, empty)
        if column.endswith("_encoding"):
            empty = "CSV"
        empty = variant if column == "variant" else empty
        values = batch.column(column).to_pylist() if column in held else [empty] * rows
        setattr(out, name, values if empty is None else [empty if v is None else v for v in values])
    return out


def variant_of(name: str) -> str:
    """Return the variant that a file's place names, ``endpoint/variant/yyyy/mm/dd/hh/file``, or nothing."""
    found = _HOUR.match(name)
    return found[2] if found else ""
