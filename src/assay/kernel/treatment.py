"""What a treatment gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.kernel.asset import Asset
from assay.kernel.report import Report


@dataclass(frozen=True, slots=True)
class Made:
    """The assets a treatment made and the report of what it changed.

    outputs: by name. One output is called ``out`` and goes by the step's own name; others by ``step.name``.
    """

    outputs: Mapping[str, Asset]
    report: Report
