"""The sandbox: where untrusted code runs, with no network, no files but its own, and stated limits.

The kernel is used directly, so that nothing needs to be installed. Three levels: full (namespaces, seccomp,
Landlock), partial (seccomp and Landlock, for containers that forbid namespaces), none.
"""

from __future__ import annotations

from assay.engines.isolation.grant import Ended, Grant, Level, Limits, interpreter, python_paths, source
from assay.engines.isolation.proof import Layer, Proof, prove
from assay.engines.isolation.sandbox import Job, run, start

__all__ = [
    "Ended",
    "Grant",
    "Job",
    "Layer",
    "Level",
    "Limits",
    "Proof",
    "interpreter",
    "prove",
    "python_paths",
    "run",
    "source",
    "start",
]
