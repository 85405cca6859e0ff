"""What a crash left begun, settled when a home is opened.

Each action is asked whether it happened, a run whose process is gone was interrupted, and what it left half written goes. Damage does not stop the
opening, or it could not be verified what is damaged.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.action import Action
from assay.kernel.errors import AssayError
from assay.office.alive import taken

if TYPE_CHECKING:
    from assay.office.actions import ActionRecord
    from assay.works.home import Home


def recover(home: Home) -> None:
    """Settle what was begun by processes that are gone; what cannot be settled now is left to the next opening."""
    with contextlib.suppress(
        AssayError, OSError
    ):  # a full disk may keep what it cannot settle, and is read all the same
        _actions(home)
    with contextlib.suppress(AssayError, OSError):
        _runs(home)
    with contextlib.suppress(OSError):
        home.sweep()


def _actions(home: Home) -> None:
    from assay.office import actions

    with actions.abandoned(home.office) as begun:
        for record in begun:
            with contextlib.suppress(AssayError, LookupError, TypeError, ValueError):  # of a damaged record
                actions.ask(home.office, _recalled(home, record), record)


def _runs(home: Home) -> None:
    from assay.office import runs

    for record in runs.under_way(home.office):
        if record.detail.get("imported"):  # it is under way elsewhere, where its system says so
            continue
        with taken(home.run_lock(record.id)) as free:
            if (
                not free or runs.get(home.office, record.id).outcome != "running"
            ):  # or another settled it meanwhile
                continue
            if record.detail.get("tracked"):  # its journal says how far it came
                from assay.works.tracking.ending import end

                with contextlib.suppress(AssayError, OSError):  # it is no reason to leave the others
                    end(home, record, "interrupted")
                continue
            with home.office.transaction() as tx:
                runs.end(tx, record.id, "interrupted", None, None)


def _recalled(home: Home, record: ActionRecord) -> Action | None:
    """Return the action as it was begun; None for one that leaves nothing to ask, or is no longer the same."""
    action = _made(home, record)
    return action if action is not None and action.key == record.key else None


def _made(home: Home, record: ActionRecord) -> Action | None:
    from assay.office import registry
    from assay.works import repairing
    from assay.works.archiving.writing import Archive
    from assay.works.exporting import Export
    from assay.works.gate import loading, releasing
    from assay.works.gate.quarantine import RELEASE
    from assay.works.inventory.deciding import Decide
    from assay.works.marking import Strike

    order = record.order
    if record.name.startswith("remedy."):
        from assay.works.remedies import acting

        return acting.recalled(home, record)
    if record.name == "watch.alert":
        from assay.works.watching import telling

        return telling.recalled(home, record)
    if record.name in repairing.NAMES:
        return repairing.recalled(home, record)
    if record.name == loading.NAME:
        return loading.recalled(home, record)
    if record.name == RELEASE:
        return releasing.recalled(home, record)
    if "package" not in order:  # a registration that was cut short has entered nothing
        return None
    package = registry.get(home.office, str(order["package"]))
    if record.name == Strike.name:
        return Strike(home, package, record.actor, str(order["isolation"]))
    if record.name == Export.name:
        return Export(home, package, Path(str(order["to"])), record.actor, str(order["token"]))
    if record.name == Archive.name:
        with_data = bool(order["with_data"])
        return Archive(home, package, Path(str(order["to"])), record.actor, with_data, str(order["token"]))
    said = (str(order["status"]), record.actor, str(order["reason"]), str(order.get("expires", "")))
    return Decide(home, package, *said)
