"""A package taken out of the house: with its marks, the public keys and the checkpoint, so that anyone can verify it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.errors import Refused, UsageError
from assay.works import package

if TYPE_CHECKING:
    from assay.office.actions import ActionRecord
    from assay.office.registry import PackageRecord
    from assay.works.home import Home

_LAST = "checkpoint"  # written last: where it lies, all of it does


def may_leave(home: Home, record: PackageRecord) -> None:
    """Refused for a package that was archived or retired, and for one that is not approved where the policy asks for that."""
    from assay.office import registry
    from assay.works.inventory.policies import policy_of

    registry.usable(record)
    if policy_of(home).export_approved and record.status != "APPROVED":
        raise Refused(
            f"{record.title} is {record.status}, and the policy lets only an approved model leave the house",
            remedy=f"have it approved: assay model approve {record.title}",
        )


class Export(Action):
    """A copy of a package and its marks, in a folder that was not there."""

    name = "model.export"

    def __init__(self, home: Home, record: PackageRecord, to: Path, actor: str, token: str = "") -> None:
        self.home, self.record, self.to, self.actor = home, record, to.absolute(), actor
        self.subject = record.urn
        token = token or secrets.token_hex(8)
        self.key = f"{self.name}/{token}"
        self.inputs = {"package": record.digest}
        self.order = {"package": record.urn, "to": str(self.to), "token": token}

    def authorise(self) -> None:
        """UsageError where something lies there already, Refused for what no longer, or not yet, may leave the house."""
        may_leave(self.home, self.record)
        if self.to.exists():
            raise UsageError(f"{self.to} is already there", remedy="name a folder that is not")

    def do(self, begun: Begun) -> Made:
        """Lay it out from the store and the office, whatever lies in the home under its name."""
        from assay.office import checkpoint, hallmark

        out, home = self.to, self.home
        out.mkdir(parents=True)
        package.lay_out(out, self.record.files, home.store)
        for mark, text in hallmark.marks(home.office, self.record).items():
            (out / mark).write_text(text, encoding="utf-8")
        for key in ("hallmark", "ledger"):
            (out / f"{key}.pub").write_bytes(home.keyring.public_pem(key))
        (out / _LAST).write_text(checkpoint.current(home.office), encoding="utf-8")
        return {}

    def happened(self, begun: Begun) -> Made | None:
        """Whether the copy lies there to its last file."""
        return {} if (self.to / _LAST).is_file() else None

    def settle(self, tx: Writer, made: Made) -> Settled:
        """It leaves no state but that it happened."""
        return Settled(detail={"to": str(self.to)})


def export(home: Home, record: PackageRecord, to: Path, actor: str) -> ActionRecord:
    """Copy a package, its marks, the public keys and the checkpoint into the folder ``to``."""
    from assay.office import actions

    return actions.carry_out(home.office, Export(home, record, to, actor))
