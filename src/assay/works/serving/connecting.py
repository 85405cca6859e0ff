"""How a gateway reaches the replicas of a variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.works.serving.lines import Pool


def connect(sockets: Sequence[str], guard: Mapping[str, Any], variant: str) -> Pool:
    """Return the replicas behind sockets, connected in the background: a question waits for the first that is ready."""
    import asyncio

    from assay.engines.serving.client import Replicas

    pool = Replicas(sockets, rows=int(guard["batch"]), variant=variant)
    task = asyncio.get_running_loop().create_task(_connected(pool))
    _UNDER_WAY.add(task)
    task.add_done_callback(_UNDER_WAY.discard)
    return pool


_UNDER_WAY: set[Any] = set()


async def _connected(pool: Any) -> None:
    import contextlib

    from assay.kernel.errors import AssayError

    with contextlib.suppress(AssayError):  # what is not ready in time answers 503, and says so
        await pool.connect()
