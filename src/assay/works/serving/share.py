"""How much of something a second has room for: what is above is counted by whoever asks, and not kept."""

from __future__ import annotations


class Share:
    """What was taken of one second, as a clock counts them."""

    __slots__ = ("_second", "_taken")

    def __init__(self) -> None:
        self._second, self._taken = 0, 0

    def take(self, second: int, most: int) -> bool:
        """Whether a second has room for one more, where it has room for ``most``."""
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        return self._taken <= most
