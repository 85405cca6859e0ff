"""Models that answer requests: each in processes of the sandbox behind Unix sockets, and the client that asks them.

``start`` is the supervisor's side, ``Replicas`` the gateway's. ``start_reader`` and ``Reader`` are the same for what reads
payloads of Parquet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.engines.serving.client import Replicas
    from assay.engines.serving.reading import Reader, start_reader
    from assay.engines.serving.replica import Replica, start

__all__ = ["Reader", "Replica", "Replicas", "start", "start_reader"]


def __getattr__(name: str) -> object:
    """Import what is asked for, so that a gateway does not load the sandbox, nor a replica the client."""
    if name == "Replicas":
        from assay.engines.serving.client import Replicas

        return Replicas
    if name in ("Replica", "start"):
        from assay.engines.serving import replica

        return getattr(replica, name)
    if name in ("Reader", "start_reader"):
        from assay.engines.serving import reading

        return getattr(reading, name)
    raise AttributeError(name)
