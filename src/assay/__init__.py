"""Assay: an assay office for machine learning.

``assay.check("data.profile", table)`` examines a pandas, polars or Arrow table, or a path, in this process.
``with assay.run("train") as run:`` records what a notebook or a script does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from assay.doors.python import Result, check, list_checks, run, span
    from assay.kernel.errors import AssayError

__all__ = ["AssayError", "Result", "__version__", "check", "list_checks", "run", "span"]


def __getattr__(name: str) -> Any:
    """Give the Python door's names on first use, so that importing assay stays light."""
    if name in {"Result", "check", "list_checks", "run", "span"}:  # `checks` is the folder of checks
        from assay.doors import python

        return getattr(python, name)
    if name == "AssayError":
        from assay.kernel.errors import AssayError

        return AssayError
    raise AttributeError(f"module 'assay' has no attribute {name!r}")
