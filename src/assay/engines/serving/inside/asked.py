"""One question put to what was loaded, and its answer or failure as a message. Runs inside the sandbox only."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from assay.engines.serving import frames
from assay.engines.serving.frames import Frame
from assay.engines.serving.inside.fault import RowFault
from assay.methods.payloads import BOUNDS, PayloadRefused, read
from assay.methods.preparing.preparation import FILE

if TYPE_CHECKING:
    from assay.engines.serving.inside.quick import Quick

_PACK = msgspec.msgpack.Encoder()
_CELLS: msgspec.msgpack.Decoder[tuple[list[str], list[list[Any]]]] = msgspec.msgpack.Decoder(
    tuple[list[str], list[list[Any]]]
)
_ASKED: msgspec.msgpack.Decoder[tuple[str, str, bytes]] = msgspec.msgpack.Decoder(tuple[str, str, bytes])
_SCRIPTS = ("code/inference.py", "inference.py")


class Asked:
    """What was loaded: a model of a known format, or a script that keeps SageMaker's inference contract."""

    def __init__(self, model: Quick | None, script: Any = None) -> None:
        self.model, self.script = model, script

    @classmethod
    def load(cls, folder: Path) -> Asked:
        """Load what lies in a folder; whatever the model's own code raises is raised."""
        with _one_processor():
            script = next((folder / s for s in _SCRIPTS if (folder / s).is_file()), None)
            if script is not None and not (folder / "composition.json").is_file():
                if (folder / FILE).is_file():
                    raise ValueError(
                        f"{script.name} reads bodies itself, and the rows of its training data were prepared before it"
                    )
                from assay.engines.serving.inside.contract import Contract

                return cls(None, Contract(folder, script))
            from assay.engines.models.load import load
            from assay.engines.serving.inside.quick import quick

            return cls(quick(load(folder)))

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself, and how it wants to be asked."""
        if self.model is None:
            return {**self.script.describe(), "asked": "body"}
        return {
            **self.model.describe(),
            "asked": "matrix" if self.model.numbers else "cells",
            "wide": self.model.wide,
        }

    def answer(self, frame: Frame) -> tuple[int, bytes]:
        """Return the kind and payload of an answer; a failure of the model is one of the kinds."""
        try:
            return self._answer(frame)
        except RowFault as fault:
            return frames.FAILED, _PACK.encode((400, str(fault), "", fault.row))
        except PayloadRefused as refused:
            return frames.FAILED, _PACK.encode((refused.status, str(refused), refused.rule, -1))
        except MemoryError:
            os._exit(1)
        except Exception as error:  # noqa: BLE001 - a model's code may raise anything; the asker is told
            said = f"{type(error).__name__}: {error}".splitlines()[0][:500]
            status = 415 if type(error).__name__.startswith("Unsupported") else 500
            if type(error) is ValueError and self.model is not None:
                status = 400
            status = getattr(error, "status", status)
            return frames.FAILED, _PACK.encode((status, "", said, -1))

    def late(self) -> bytes:
        """Return what is answered to a question whose time is over."""
        return _PACK.encode((504, "", "its time was over before the model came to it", -1))

    def _answer(self, frame: Frame) -> tuple[int, bytes]:
        kind, payload = frame.kind, frame.payload
        if kind == frames.PING:
            return frames.PONG, b""
        if kind == frames.DESCRIBE:
            return frames.SAID, json.dumps(self.describe(), default=str).encode()
        if kind == frames.BODY:
            if self.script is None:
                raise ValueError("it takes rows, and no body")
            content_type, accept, body = _ASKED.decode(payload)
            made, media = self.script.answer(body, content_type, accept)
            return frames.ANSWER_BODY, _PACK.encode((media, made))
        if self.model is None:
            raise ValueError("it takes a body, and no rows")
        if kind == frames.MATRIX:
            import numpy as np

            rows, columns = frames.SHAPE.unpack_from(payload)
            x = np.frombuffer(payload, np.float64, rows * columns, frames.SHAPE.size).reshape(rows, columns)
            return frames.ANSWER, packed_columns(self.model.matrix(x))
        if kind == frames.CELLS:
            return frames.ANSWER, packed_columns(self.model.cells(*_CELLS.decode(payload)))
        if kind == frames.FORM:
            content_type, _, body = _ASKED.decode(payload)
            bounds = replace(BOUNDS, size=max(BOUNDS.size, len(body)))  # held at the door
            rows = read(body, content_type, bounds=bounds, native=True)
            if rows.table is None:
                return frames.ANSWER, packed_columns(self.model.cells(rows.names, rows.cells or []))
            return frames.ANSWER, packed_columns(self.model.table(rows.table))
        if kind == frames.TABLE:
            from assay.engines.models.wire import unpack_table

            return frames.ANSWER, packed_columns(self.model.table(unpack_table(payload)))
        raise ValueError(f"a question of the kind {kind}")


def packed_columns(columns: dict[str, Any]) -> bytes:
    """Return an answer's columns: of numbers as f64 or i64 in one piece, of anything else as a list."""
    kinds, held = "", []
    for values in columns.values():
        dtype = getattr(values, "dtype", None)
        if dtype is not None and dtype.kind == "f":
            kinds, made = kinds + "d", values.astype("<f8", copy=False).tobytes()
        elif dtype is not None and dtype.kind in "iu" and dtype.itemsize <= 8 and dtype.str[1:] != "u8":
            kinds, made = kinds + "q", values.astype("<i8", copy=False).tobytes()
        else:
            kinds, made = kinds + "v", [_plain(v) for v in _listed(values)]
        held.append(made)
    return _PACK.encode((list(columns), kinds, held))


def _listed(values: Any) -> Sequence[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


@contextlib.contextmanager
def _one_processor() -> Iterator[None]:
    """While a model is loaded it sees one processor, so that its libraries make one thread and no more."""
    had = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {min(had)})
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, had)
