"""The sandbox: where untrusted code runs, with no network, no files but its own, and stated limits.

Bubblewrap builds the namespaces where it is installed, the kernel is used directly where it is not; either way every
wall is tried from inside before the job begins. Three levels: full (namespaces, seccomp,
Landlock), partial (seccomp and Landlock, for containers that forbid namespaces), none.
"""

from __future__ import annotations

from assay.engines.isolation.grant import (
    Ended,
    Grant,
    Level,
    Limits,
    Peers,
    Root,
    interpreter,
    python_paths,
    source,
)
from assay.engines.isolation.proof import Layer, Proof, prove
from assay.engines.isolation.sandbox import BUILDERS, Job, builders, prefer, prepare, run, start

__all__ = [
    "BUILDERS",
    "Ended",
    "Grant",
    "Job",
    "Layer",
    "Level",
    "Limits",
    "Peers",
    "Proof",
    "Root",
    "builders",
    "interpreter",
    "prefer",
    "prepare",
    "prove",
    "python_paths",
    "run",
    "source",
    "start",
]
