"""Payloads read for a gateway: forms of text and Arrow where it stands, Parquet in a sandbox.

A process of ours that reads Parquet can be brought down by a malformed file (a fuzzer did within some thousand), and every
request that it had with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from assay.engines.isolation import Level, Limits
from assay.engines.serving.client import Replicas
from assay.engines.serving.replica import Replica, start
from assay.kernel.serving import Question, Rows
from assay.methods import payloads
from assay.methods.payloads import BOUNDS, Bounds, PayloadRefused, kind_of

FOLDER = Path(__file__).parent / "reader"
LIMITS = Limits(memory=1 << 30, seconds=float("inf"), processes=32, disk=16 << 20)
_ARROW = "application/vnd.apache.arrow.stream"
_SECONDS = 10.0


def start_reader(path: Path, *, level: Level = "full") -> Replica:
    """Start the process that reads Parquet, with its socket at ``path``."""
    return start(FOLDER, path, level=level, limits=LIMITS)


class Reader:
    """Reads payloads of every form; Parquet by a process that ``start_reader`` started."""

    def __init__(self, path: Path | str | None = None) -> None:
        """path: of its socket; None where there is none, and Parquet is refused."""
        self._pool = None if path is None else Replicas([path], rows=1, waiting=64)

    def open(self) -> None:
        """Connect, without waiting for it. Call it within the event loop."""
        if self._pool is not None:
            self._pool.open()

    async def read(
        self,
        body: bytes,
        content_type: str,
        *,
        features: Sequence[str] = (),
        bounds: Bounds = BOUNDS,
        seconds: float = _SECONDS,
    ) -> Rows:
        """Return the rows of a payload; PayloadRefused as ``payloads.read`` raises it, or 503 where nothing reads Parquet now."""
        if kind_of(content_type)[0].name != "parquet" or self._pool is None:
            return payloads.read(body, content_type, features=features, bounds=bounds)
        bounds.hold_body(body)
        question = Question("", "", "", time.time(), "", content_type, _ARROW, body)
        answer = await self._pool.ask(question, seconds)
        if answer.status == 200:
            return payloads.read(answer.body, _ARROW, bounds=_unpacked(bounds))
        if answer.status in (400, 413, 415):
            said = str(json.loads(answer.body)["error"]).removeprefix("the payload: ")
            raise PayloadRefused(
                answer.reason.removeprefix("payload.") or "malformed", said, status=answer.status
            )
        if answer.status in (500, 504):
            raise PayloadRefused("malformed", "no Parquet file of plain columns can be read from it")
        raise PayloadRefused(
            "busy", "Parquet cannot be read at the moment", status=503, remedy="try again in a moment"
        )

    async def close(self) -> None:
        """Let go of the connection."""
        if self._pool is not None:
            await self._pool.close(1)


def _unpacked(bounds: Bounds) -> Bounds:
    """Return bounds for what a Parquet file was unpacked to, which is larger than itself."""
    return Bounds(1 << 28, bounds.rows, bounds.columns, bounds.cells, bounds.depth, bounds.text)
