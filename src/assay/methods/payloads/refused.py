"""A payload that is not read, and the status of HTTP that says why."""

from __future__ import annotations

from assay.kernel.errors import BadInput


class PayloadRefused(BadInput):
    """A payload that is not read. rule: which bound or form; status: of HTTP. It never tells the payload's values."""

    def __init__(self, rule: str, what: str, *, status: int = 400, remedy: str = "") -> None:
        super().__init__(what, where="the payload", remedy=remedy)
        self.rule, self.status = f"payload.{rule}", status
