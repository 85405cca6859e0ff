"""Assay: an assay office for machine learning.

``assay.check("data.profile", table)`` examines a pandas, polars or Arrow table, or a path, in this process.
``with assay.run("train") as run:`` records what a notebook or a script does.
``with assay.registry() as models:`` keeps the registry of models, ``with assay.endpoints() as live:`` what answers of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from assay.doors.python import (
        Endpoints,
        Registry,
        Result,
        check,
        endpoints,
        list_checks,
        registry,
        run,
        span,
    )
    from assay.kernel.errors import AssayError

__all__ = [
    "AssayError",
    "Endpoints",
    "Registry",
    "Result",
    "__version__",
    "check",
    "endpoints",
    "list_checks",
    "registry",
    "run",
    "span",
]
_DOOR = frozenset(__all__) - {"AssayError", "__version__"}  # `checks` is the folder of checks


def __getattr__(name: str) -> Any:
    """Give the Python door's names on first use, so that importing assay stays light."""
    if name in _DOOR:
        from assay.doors import python

        return getattr(python, name)
    if name == "AssayError":
        from assay.kernel.errors import AssayError

        return AssayError
    raise AttributeError(f"module 'assay' has no attribute {name!r}")
