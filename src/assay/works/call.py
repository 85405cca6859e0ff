"""The one way in for every door: an action by name, its parameters, and who asks."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from assay.kernel.errors import AssayError, Missing, Refused, UsageError
from assay.methods.nearest import did_you_mean
from assay.works.home import Home

_TOLD = 500
_TABLES = {
    "model": ("packages",),
    "inventory": ("packages",),
    "runs": ("runs",),
    "findings": ("findings",),
    "arrivals": ("arrivals",),
    "lineage": ("edges",),
    "context": ("contexts", "members"),
    "endpoint": ("endpoints",),
    "token": ("tokens",),
}  # that what only tells of a noun looks into
NO_HOME = "there is no home here"


def call(action: str, params: Mapping[str, Any], *, home: Home | None, actor: str = "") -> Any:
    """Carry out ``action`` (``model.approve``, ``log.verify``, …) and return its JSON; what a rule forbids is recorded as denied.

    Of what only tells (``verbs.TELLING``) ``at`` asks how it was then; ``pruned`` is then how many rows retention has taken of
    what is asked about. UsageError where there is no home; Missing, with the
    nearest name, where there is no such action.
    """
    from assay.works.verbs import TELLING, VERBS, WITHOUT_HOME

    if action not in VERBS:
        raise Missing(f"there is no action {action!r}", remedy=did_you_mean(action, VERBS))
    if home is None and action not in WITHOUT_HOME:
        raise UsageError(NO_HOME, remedy="`assay init` makes one, or set ASSAY_HOME")
    given = dict(params)
    said = given.pop("at", None) if action in TELLING else None
    if home is None:
        return VERBS[action](home, actor, **given)
    if said is None:
        try:
            return VERBS[action](home, actor or home.actor, **given)
        except Refused as error:
            if action not in TELLING and not error.recorded:
                _denied(home, action, given, actor or home.actor, error)
            raise
    then = home.at(str(said))
    try:
        found = VERBS[action](then, actor or home.actor, **given)
    except Missing as error:
        if gone := _pruned(then, action):
            rows = f"{gone:,} row{'s were' if gone != 1 else ' was'}"
            remedy = f"of what was so then {rows} pruned, and it may be among them"
            raise Missing(error.what, where=error.where, remedy=remedy) from None
        raise
    if not isinstance(found, dict):
        return found
    return {"pruned": _pruned(then, action)} | found | {"at": then.office.clock()}


def _pruned(then: Home, action: str) -> int:
    """Return how many rows of the tables that an action looks into were then as nobody knows any more."""
    from assay.office import schema
    from assay.office.asof import AsOf

    office, noun = then.office, action.partition(".")[0]
    tables = _TABLES.get(noun, tuple(schema.PROTECTED))
    return sum(office.pruned(table) for table in tables) if isinstance(office, AsOf) else 0


def _denied(home: Home, action: str, given: Mapping[str, Any], actor: str, error: Refused) -> None:
    """Record that a rule of the office forbade an act, and why; in a home that cannot be written nothing is."""
    named = next((str(given[n]) for n in ("name", "urn", "run", "of", "source") if given.get(n)), action)
    subject = f"registry://{named}" if action.startswith("model.") and "://" not in named else named
    with contextlib.suppress(AssayError):
        if not home.office.outside.readonly:
            with home.office.transaction() as tx:
                why = {"why": error.for_the_log()[:_TOLD]}
                tx.record(action, subject[:_TOLD], actor=actor, outcome="denied", detail=why)
        error.recorded = True
