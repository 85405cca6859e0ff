"""The command line: `assay`."""

from __future__ import annotations

from assay.doors.cli.main import main

__all__ = ["main"]
