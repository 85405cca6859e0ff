"""What a treatment gives back, and what it may have learnt on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import canonical, plain
from assay.kernel.report import Report

FITTED = "assay.fitted/1"


@dataclass(frozen=True, slots=True)
class Made:
    """The assets a treatment made and the report of what it changed.

    outputs: by name. One output is called ``out`` and goes by the step's own name; others by ``step.name``.
    """

    outputs: Mapping[str, Asset]
    report: Report


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a treatment learnt from one table, to be applied to others: numbers and names only, so that reading it runs nothing.

    treatment: its name. learnt: JSON.
    """

    treatment: str
    learnt: Mapping[str, Any]

    def to_bytes(self) -> bytes:
        """Return it as canonical JSON: the same content gives the same bytes."""
        return canonical(plain({"schema": FITTED, "treatment": self.treatment, "learnt": dict(self.learnt)}))

    @classmethod
    def from_bytes(cls, raw: bytes, treatment: str) -> Fitted:
        """Read what to_bytes wrote; ValueError where it is none, or of another treatment."""
        found = json.loads(raw)
        if not isinstance(found, dict) or found.get("schema") != FITTED:
            raise ValueError("it is no fitted transform")
        if found.get("treatment") != treatment or not isinstance(found.get("learnt"), dict):
            raise ValueError(f"it was fitted by {str(found.get('treatment'))[:40]}, not by {treatment}")
        return cls(treatment, found["learnt"])
