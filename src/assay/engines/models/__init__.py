"""Models, loaded only inside the sandbox; tables cross the boundary as Arrow."""

from __future__ import annotations

from assay.engines.models.handle import SandboxedModel, open_model

__all__ = ["SandboxedModel", "open_model"]
