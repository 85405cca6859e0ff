"""What a treatment that was fitted before is given again, and cannot follow: it was said when it was learnt."""

from __future__ import annotations

from collections.abc import Sequence

from assay.kernel.errors import UsageError


def no_part(learnt: Sequence[str], facet: Sequence[str] = (), **given: bool) -> None:
    """UsageError that names what has no part in applying what was fitted.

    learnt: the facets it was learnt of; facet: those that were named again, which may only be the same. given: by the name of
    each option whether it was given as something other than what it is by default.
    """
    if facet and set(facet) != set(learnt):
        raise UsageError(
            f"what was fitted tells groups apart by {', '.join(learnt)}, and --facet names {', '.join(facet)}",
            remedy="leave --facet out, or fit anew without --fitted",
        )
    names = [f"--{name.replace('_', '-')}" for name, there in given.items() if there]
    if names:
        raise UsageError(
            f"{', '.join(names)} {'has' if len(names) == 1 else 'have'} no part in applying what was fitted",
            remedy="leave it out, or fit anew without --fitted",
        )
