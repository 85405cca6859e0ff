"""The one way in for every door: an action by name, its parameters, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.kernel.errors import Missing, UsageError
from assay.methods.nearest import did_you_mean
from assay.works.home import Home

NO_HOME = "there is no home here"


def call(action: str, params: Mapping[str, Any], *, home: Home | None, actor: str = "") -> Any:
    """Carry out ``action`` (``model.approve``, ``log.verify``, …) and return its JSON.

    Of what only tells (``verbs.TELLING``) ``at`` asks how it was then. UsageError where there is no home; Missing, with the
    nearest name, where there is no such action.
    """
    from assay.works.verbs import TELLING, VERBS, WITHOUT_HOME

    if action not in VERBS:
        raise Missing(f"there is no action {action!r}", remedy=did_you_mean(action, VERBS))
    if home is None and action not in WITHOUT_HOME:
        raise UsageError(NO_HOME, remedy="`assay init` makes one, or set ASSAY_HOME")
    given = dict(params)
    said = given.pop("at", None) if action in TELLING else None
    if home is None or said is None:
        return VERBS[action](home, actor or (home.actor if home else ""), **given)
    then = home.at(str(said))
    found = VERBS[action](then, actor or home.actor, **given)
    return found | {"at": then.office.clock()} if isinstance(found, dict) else found
