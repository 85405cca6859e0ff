"""PyTorch modules: asked in batches, explained by integrated gradients. Runs inside the sandbox only."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models import torchweights
from assay.engines.models.contributed import output
from assay.engines.models.paths import along, baselines
from assay.engines.models.spec import Spec

_BATCH = 4096
_PICTURES = 32


class TorchModel:
    """A module and what its tensor holds. format: weights, torchscript, torch.export, keras or script."""

    framework = "pytorch"

    def __init__(self, module: Any, spec: Spec, format: str) -> None:
        self.torch = torchweights.torch()
        self.module, self.spec, self.format = module, spec, format
        self.behind: Any = None
        for parameter in module.parameters():
            parameter.requires_grad_(False)
        if format != "torch.export":  # which was exported as it is asked
            module.eval()

    @classmethod
    def read(cls, path: Path, folder: Path, kind: str) -> TorchModel:
        """Read a file of weights with the code beside it, TorchScript, or what torch.export saved."""
        spec = Spec.read(path.parent, folder, folder / "code")
        if kind == "weights":
            return cls(torchweights.built(path, folder, spec), spec, "weights")
        module, spec = torchweights.opened(path, kind, spec)
        return cls(module, spec, "torchscript" if kind == "script" else "torch.export")

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        detail: dict[str, Any] = {"type": type(self.module).__name__}
        detail["parameters"] = sum(p.numel() for p in self.module.parameters())
        if self.spec.input == "image":
            detail |= {"takes": "image", "size": self.spec.size}
        return {
            "framework": self.framework,
            "format": self.format,
            "features": self.spec.features,
            "classes": self.spec.classes,
            "task": self.spec.task,
            "detail": detail,
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions."""
        given = self.spec.tensor(table)
        size = _PICTURES if self.spec.input == "image" else _BATCH
        parts = []
        with self.torch.no_grad():
            for start in range(0, len(given), size):
                block = self.torch.from_numpy(np.ascontiguousarray(given[start : start + size]))
                parts.append(self.answers(block).cpu().numpy())
        return self.spec.told(
            np.concatenate(parts) if parts else np.zeros((0, max(1, len(self.spec.classes))))
        )

    def answers(self, given: Any, module: Any = None) -> Any:
        """Return what a module gives for a tensor, as rows × outputs; ValueError where that is no tensor of numbers."""
        found = self.call(module if module is not None else self.module, given)
        found = getattr(found, "logits", found)
        if isinstance(found, dict) and found:
            found = found.get("logits", next(iter(found.values())))
        if isinstance(found, (tuple, list)) and found:
            found = found[0]
        if not isinstance(found, self.torch.Tensor) or not found.ndim:
            raise ValueError(f"it answers a {type(found).__name__} and no row of numbers a row")
        if len(found) != len(given):
            raise ValueError(f"it answers {len(found)} rows for {len(given)}")
        return found.reshape(len(found), -1)

    def call(self, module: Any, given: Any) -> Any:
        """Ask a module."""
        return module(given)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return None: a network has no exact SHAP values."""
        return None

    def background(self, table: pa.Table) -> None:
        """Take these rows as what a baseline is made of."""
        if self.spec.smooth:
            self.behind = self.spec.tensor(table).astype(np.float64)

    def gradients(self, table: pa.Table, of: str | None, how: str) -> pa.Table | None:
        """Return integrated gradients; None where its tensor holds codes or pictures, which cannot be moved a little."""
        if not self.spec.smooth:
            return None
        rows = self.spec.tensor(table).astype(np.float64)
        module, kind = self._finer()
        with self.torch.no_grad():
            first = self.answers(self.torch.tensor(rows, dtype=kind), module).cpu().numpy()
        one = first.shape[1] == 1
        unit = {"logits": "log-odds" if one else "logit", "probabilities": "probability"}.get(
            self.spec.output, "output"
        )
        chosen, sign = output(first, self.spec.classes, of)
        flipped = sign < 0
        constant = (
            1.0 if self.spec.output == "probabilities" else 0.0
        )  # of the other of two classes it is 1 - p

        def ask(points: Any, which: Any) -> tuple[Any, Any]:
            given = self.torch.tensor(points, dtype=kind, requires_grad=True)
            found = self.answers(given, module)
            picked = found[self.torch.arange(len(found)), self.torch.tensor(chosen[which])]
            (slope,) = self.torch.autograd.grad(picked.sum(), given, allow_unused=True)
            slope = np.zeros_like(points) if slope is None else slope.double().cpu().numpy()
            value = picked.detach().double().cpu().numpy()
            turned = flipped[which]
            return np.where(turned, constant - value, value), np.where(turned[:, None], -slope, slope)

        behind = baselines(self.behind, how, rows.shape[1])
        return along(self.spec.features, self.spec.group(), rows, behind, ask, unit)

    def _finer(self) -> tuple[Any, Any]:
        """Return the module in 64 bits where it can be had so, in which sums add up; else as it is."""
        if self.format == "torch.export":
            return self.module, self.torch.float32
        try:
            finer = copy.deepcopy(self.module).double()
            with self.torch.no_grad():
                width = len(self.spec.group())
                self.answers(self.torch.zeros((1, width), dtype=self.torch.float64), finer)
        except Exception:  # noqa: BLE001 - a model's own code may hold to 32 bits in any way
            return self.module, self.torch.float32
        return finer, self.torch.float64
