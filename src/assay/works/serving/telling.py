"""What a server says on standard error: a line a sentence, and the same one not again within a minute."""

from __future__ import annotations

import time

from assay.engines.terminal import say
from assay.kernel.errors import of_the_machine

_AGAIN = 60.0  # seconds
_MOST = 256  # sentences that are remembered


class Teller:
    """Says sentences. A full disk, or an office that is away, is met many times a second and told once a minute."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def error(self, error: Exception) -> None:
        """Say what went wrong, with its place where that is known."""
        told = of_the_machine(error) if isinstance(error, OSError) and error.filename else None
        self.say(str(told or error))

    def say(self, sentence: str) -> None:
        """Say it, unless it was just said."""
        now = time.monotonic()
        if now - self._said.get(sentence, -_AGAIN) < _AGAIN:
            return
        if len(self._said) >= _MOST:
            self._said.clear()
        self._said[sentence] = now
        say(f"assay: {sentence}")
