"""How a gateway reaches the replicas of a variant, and whoever reads what should be read in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.works.serving.lines import Pool


def connect(sockets: Sequence[str], guard: Mapping[str, Any], variant: str) -> Pool:
    """Return the replicas behind sockets, connected in the background: a question waits for the first that is ready."""
    from assay.engines.serving.client import Replicas

    pool = Replicas(sockets, rows=int(guard["batch"]), variant=variant)
    pool.open()
    return pool
