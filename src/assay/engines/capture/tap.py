"""The tap of an endpoint: questions and answers, as sampled, into SageMaker's data-capture layout."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from assay.engines.capture.counters import Counted
from assay.engines.capture.records import Captured, Meta, Own, Record, Side
from assay.engines.capture.writing import Line, Writer
from assay.kernel.serving import Answer, Question

What = Literal["both", "input", "output"]
_JSON = ("json", "jsonlines", "ndjson")
_encode = msgspec.json.Encoder().encode
_SCALE = float(1 << 64)
_ARROW = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True, slots=True)
class _Taken:
    question: Question
    answer: Answer


def sampled(id: str, percent: float) -> bool:
    """Whether an event is in a sample, told from its id alone: the same id always gives the same answer.

    A larger sample holds every event of a smaller one.
    """
    if percent >= 100:
        return True
    place = int.from_bytes(hashlib.blake2b(id.encode(), digest_size=8).digest(), "big")
    return place / _SCALE < percent / 100


class CaptureTap:
    """A Tap. percent: of the requests, 0 to 100; what: which sides are kept.

    What a guard refused (a status from 400 to 499) is no traffic of the model and is left out.
    """

    def __init__(self, writer: Writer, percent: float = 100.0, what: What = "both") -> None:
        self.writer, self._percent, self._what = writer, percent, what
        self._second, self._stamp = -1, ("", "")

    def put(self, question: Question, answer: Answer) -> bool | None:
        """Take note; False where it had to be dropped, None where it is outside of the sample, or no traffic of the model."""
        if 400 <= answer.status < 500 or not sampled(question.id, self._percent):
            return None
        size = len(question.body) + len(answer.body) + 512
        return self.writer.put(_Taken(question, answer), size)

    def unwritten(self) -> tuple[int, str]:
        """Return how many events the disk did not take since this tap began, and why it takes none now, if so."""
        return self.writer.unwritten, self.writer.error

    @property
    def counted(self) -> Counted:
        """What was counted so far, by this process."""
        return self.writer.counted

    def flush(self, seconds: float = 30.0) -> bool:
        """Wait until everything that was put is on the disk, or dropped."""
        return self.writer.flush(seconds)

    def close(self, seconds: float = 30.0) -> bool:
        """Write what waits, and end."""
        return self.writer.close(seconds)


def line(taken: Any, what: What = "both") -> Line:
    """Return the folder below the endpoint's, and the event as a line of JSON."""
    question, answer = taken.question, taken.answer
    variant = answer.variant or question.variant
    at = time.gmtime(question.at)
    sides = Captured()
    if what != "output":
        sides.endpoint_input = _side(*_sent(question), "INPUT")
    if what != "input":
        sides.endpoint_output = _side(answer.body, answer.content_type, "OUTPUT")
    meta = Meta(
        question.id,
        question.inference_id or msgspec.UNSET,
        time.strftime("%Y-%m-%dT%H:%M:%SZ", at),
        [question.attributes] if question.attributes else msgspec.UNSET,
    )
    own = Own(question.caller, variant, answer.status, question.at, question.shadow or msgspec.UNSET)
    folder = f"{variant or 'AllTraffic'}/{time.strftime('%Y/%m/%d/%H', at)}"
    return folder, _encode(Record(sides, event_metadata=meta, assay=own))


def _sent(question: Question) -> tuple[bytes, str]:
    """Return a question's body and its type: of Parquet the Arrow stream that it was read as, which any reader may trust."""
    table = question.rows.table if question.rows is not None else None
    if table is None or "parquet" not in question.content_type.lower():
        return question.body, question.content_type
    from assay.methods.payloads import arrows

    return arrows.write(table, "arrow"), _ARROW


def _side(body: bytes, content_type: str, mode: str) -> Side:
    kind = content_type.partition(";")[0].strip().lower()
    encoding = (
        "JSON" if any(word in kind for word in _JSON) else "CSV" if kind.startswith("text/") else "BASE64"
    )
    if encoding != "BASE64":
        try:
            return Side(body.decode(), encoding, content_type, mode)
        except UnicodeDecodeError:
            pass
    return Side(base64.b64encode(body).decode(), "BASE64", content_type, mode)


def tap(root: Path, secret: bytes, *, percent: float, what: What = "both", **more: Any) -> CaptureTap:
    """Return a tap that writes below an endpoint's folder, sealed under a key of 32 bytes."""
    return CaptureTap(Writer(root, secret, lambda taken: line(taken, what), **more), percent, what)
