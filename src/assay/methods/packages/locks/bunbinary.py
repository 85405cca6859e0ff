"""Bun's older lock, bun.lockb: a program's memory as it lay there, in a form that only Bun itself reads."""

from __future__ import annotations

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable


def read(content: bytes, path: str) -> Locked:
    """Raise Unreadable with the way out."""
    raise Unreadable(
        "it is binary, which only Bun reads: bun install --save-text-lockfile writes bun.lock beside it"
    )
