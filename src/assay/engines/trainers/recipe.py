"""What a training script is run with, as a document that pins it: the digest of it says all that a fit depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.canonical import canonical
from assay.kernel.errors import BadInput

SCHEMA = "assay.training/1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """script: its name inside the folder of code. code: the digest of that folder in the store.

    isolation: the least that this script accepts, empty for what the home demands.
    """

    script: str
    code: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    isolation: str = ""

    def to_bytes(self) -> bytes:
        """Return it as canonical JSON."""
        return canonical(
            {
                "schema": SCHEMA,
                "script": self.script,
                "code": self.code,
                "hyperparameters": dict(self.hyperparameters),
                "limits": dict(self.limits),
                "isolation": self.isolation,
            }
        )

    @classmethod
    def from_bytes(cls, body: bytes) -> Recipe:
        """Read what to_bytes wrote; BadInput for anything else."""
        try:
            raw = json.loads(body)
            if raw["schema"] != SCHEMA:
                raise ValueError
            return cls(
                raw["script"], raw["code"], raw["hyperparameters"], raw["limits"], raw.get("isolation", "")
            )
        except (ValueError, KeyError, TypeError):
            raise BadInput("it says nothing of how to train", remedy="name a script or a model") from None
