"""Random seeds of a script: set where the script asks for it, and what is known of them where it does not."""

from __future__ import annotations

import os
import random
import sys
from typing import Any

_MOST = 2**32


def sow(seed: int) -> list[str]:
    """Seed the generators of Python, NumPy and PyTorch, of those that are loaded; return their names."""
    done = ["random"]
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % _MOST)
        done.append("numpy")
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
        done.append("torch")
    return done


def known(seed: int | None) -> dict[str, Any]:
    """Seed what is loaded, where a seed is given, and return what is recorded of it."""
    hashing = os.environ.get("PYTHONHASHSEED", "random") or "random"
    if seed is None:
        return {"seed": None, "set": [], "hash": hashing}
    return {"seed": seed, "set": sow(seed), "hash": hashing}
