"""Payloads read for a gateway: forms of text and Arrow where it stands, Parquet in a sandbox.

A process of ours that reads Parquet can be brought down by a malformed file (a fuzzer did within some thousand), and every
request that it had with it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.serving.client import Replicas
from assay.kernel.serving import Question, Rows
from assay.methods import payloads
from assay.methods.payloads import BOUNDS, Bounds, PayloadRefused, kind_of

if TYPE_CHECKING:
    from assay.engines.isolation import Level
    from assay.engines.serving.replica import Replica

FOLDER = Path(__file__).parent / "reader"
_ARROW = "application/vnd.apache.arrow.stream"
_SECONDS = 10.0
_QUICK = 64 << 10  # bytes; more takes some milliseconds, for which the loop would stand still
_MEMORY, _DISK = 1 << 30, 16 << 20


def start_reader(path: Path, *, level: Level = "full") -> Replica:
    """Start what reads Parquet, with its socket at ``path``: a process as soon as somebody connects."""
    from assay.engines.isolation import Limits
    from assay.engines.serving.replica import start

    limits = Limits(memory=_MEMORY, seconds=float("inf"), processes=32, disk=_DISK)
    return start(FOLDER, path, level=level, limits=limits, when_asked=True)


class Reader:
    """Reads payloads of every form; Parquet by a process that ``start_reader`` started."""

    def __init__(self, path: Path | str | None = None) -> None:
        """path: of its socket, to which it connects when first needed. Where there is none, Parquet is refused."""
        self._path = Path(path) if path else None
        self._pool: Replicas | None = None

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
        pool = self._asked() if kind_of(content_type)[0].name == "parquet" else None
        if pool is None:
            if len(body) < _QUICK:
                return payloads.read(body, content_type, features=features, bounds=bounds)
            return await asyncio.to_thread(
                payloads.read, body, content_type, features=features, bounds=bounds
            )
        bounds.hold_body(body)
        question = Question("", "", "", time.time(), "", content_type, _ARROW, body)
        answer = await pool.ask(question, seconds)
        if answer.status == 200:
            return payloads.read(answer.body, _ARROW, bounds=_unpacked(bounds))
        if answer.status in (400, 413, 415):
            said = str(json.loads(answer.body)["error"]).removeprefix("the payload: ")
            rule = answer.reason.removeprefix("payload.") or "malformed"
            raise PayloadRefused(rule, said, status=answer.status)
        if answer.status in (500, 504):
            raise PayloadRefused("malformed", "no Parquet file of plain columns can be read from it")
        raise PayloadRefused(
            "busy", "Parquet cannot be read at the moment", status=503, remedy="try again in a moment"
        )

    async def close(self) -> None:
        """Let go of the connection."""
        if self._pool is not None:
            await self._pool.close(1)

    def _asked(self) -> Replicas | None:
        if self._pool is None and self._path is not None and self._path.exists():
            self._pool = Replicas([self._path], rows=1, waiting=64)
            self._pool.open()
        return self._pool


def _unpacked(bounds: Bounds) -> Bounds:
    """Return bounds for what a Parquet file was unpacked to, which is larger than itself."""
    return Bounds(1 << 28, bounds.rows, bounds.columns, bounds.cells, bounds.depth, bounds.text)
