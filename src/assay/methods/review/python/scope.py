"""The names of a program where it now is. What a branch changes is taken back at the cost of what it changed."""

from __future__ import annotations

from collections.abc import Iterable

from assay.methods.review.python.values import Value, either

MOST_DOTS = 8


class Names(dict[str, Value]):
    """What is known of each name and attribute path (``x``, ``self.model``); it remembers what was changed since a mark."""

    def __init__(self) -> None:
        super().__init__()
        self._log: list[tuple[str, Value | None]] = []
        self._below: dict[str, set[str]] = {}

    def __setitem__(self, name: str, value: Value) -> None:
        self._log.append((name, self.get(name)))
        super().__setitem__(name, value)
        if "." in name:
            at = name.find(".")
            while at >= 0:
                self._below.setdefault(name[:at], set()).add(name)
                at = name.find(".", at + 1)

    def __delitem__(self, name: str) -> None:
        self._log.append((name, self[name]))
        super().__delitem__(name)

    def mark(self) -> int:
        """Return the moment that ``back`` goes back to."""
        return len(self._log)

    def back(self, mark: int) -> dict[str, Value | None]:
        """Go back to a mark, and return what had changed since: each name as it was last, None where it was gone."""
        changed: dict[str, Value | None] = {}
        while len(self._log) > mark:
            name, before = self._log.pop()
            if name not in changed:
                changed[name] = self.get(name)
            if before is None:
                super().pop(name, None)
            else:
                super().__setitem__(name, before)
        return changed

    def put(self, changed: dict[str, Value | None]) -> None:
        """Let changes hold."""
        for name, value in changed.items():
            if value is not None:
                self[name] = value
            elif name in self:
                del self[name]

    def join(self, ways: Iterable[dict[str, Value | None]]) -> None:
        """Let names be what they are after one of several ways; a name that one of them lacks is what the others make it."""
        every = list(ways)
        for name in dict.fromkeys(n for way in every for n in way):
            out: Value | None = None
            for way in every:
                value = way[name] if name in way else self.get(name)
                out = value if out is None else out if value is None else either(out, value)
            if out is not None:
                self[name] = out

    def forget_below(self, path: str) -> None:
        """Forget the attributes of what gets another value."""
        below = self._below.get(path)
        for inner in below or ():
            if inner in self:
                del self[inner]
