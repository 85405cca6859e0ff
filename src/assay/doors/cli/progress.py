"""How far something is, where no bar can be drawn: lines of a log on standard error."""

from __future__ import annotations

import time

import click

from assay.kernel.printable import printable

EVERY = 5.0  # seconds


class Lines:
    """Progress as lines: none of what is done soon, and then one every few seconds. what: what is being done."""

    def __init__(self, what: str) -> None:
        self._what, self._next = what, time.monotonic() + EVERY

    def __call__(self, done: int, of: int, said: str) -> None:
        """Say how far it is, if it is time."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        share = f"{done:,} of {of:,}" if of else f"{done:,}"
        click.echo(printable(f"{self._what}: {share} {said}".rstrip()[:200]), err=True)
