"""A set that forgets: of twice as much as it is to hold, the older half."""

from __future__ import annotations

from typing import Any


class Remembered:
    """Holds the last ``most`` to twice as many keys. Threads may use it; what one of them forgets is only asked again."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._young: dict[Any, None] = {}
        self._old: dict[Any, None] = {}

    def __contains__(self, key: Any) -> bool:
        return key in self._young or key in self._old

    def __len__(self) -> int:
        """Return how many it holds, those that were said twice maybe twice."""
        return len(self._young) + len(self._old)

    def add(self, key: Any) -> None:
        """Remember one more."""
        self._young[key] = None
        if len(self._young) >= self.most:
            self._old, self._young = self._young, {}
