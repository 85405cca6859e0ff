"""A home opened from Python, for as long as its door is in use: what each door of it shares."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from assay.works.home import Home


@dataclass
class Opened:
    """A home and who acts in it, as the log keeps it; the home's own actor where empty."""

    home: Home
    actor: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the home."""
        self.home.close()

    def _call(self, action: str, **params: Any) -> dict[str, Any]:
        from assay.works.call import call

        return dict(call(action, params, home=self.home, actor=self.actor))
