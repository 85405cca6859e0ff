"""A library that a model needs and an extra brings. Runs inside the sandbox only."""

from __future__ import annotations

import importlib
from typing import Any


def needed(module: str, extra: str, what: str) -> Any:
    """Return a module; ValueError in one sentence, with what to install, where it is not there."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        why = "" if getattr(error, "name", None) in (module, None) else f" ({error})"
        raise ValueError(
            f"it is {what}, and {module} is not installed{why}: pip install 'assay[{extra}]'"
        ) from None
