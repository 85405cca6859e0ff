"""What the drifts of traffic say alike: since when, whose, and what could not be respected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assay.checks.traffic._sides import Sides
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.inwords import share

if TYPE_CHECKING:
    from assay.methods.monitor.onset import Stretch, Whose

NAMED = 5


def tells(sides: Sides, stretch: Stretch | None, whose: Whose | None) -> tuple[dict[str, Any], str]:
    """Return where a change lies, as a finding's ``where`` and as words that end its sentence."""
    where: dict[str, Any] = {}
    words = ""
    if stretch is not None:
        since = sides.since(stretch.start)
        where["row"] = sides.window.place(stretch.start)
        if since:
            where["since"] = since
        if stretch.began:
            words += f", since {since}" if since else f", from row {stretch.start + 1:,} of the window on"
        else:
            words += ", in all of the window" if not stretch.ended else ", from the window's beginning"
        if stretch.ended:
            until = sides.since(stretch.end - 1)
            words += f" until {until}" if until else f" to row {stretch.end:,}"
            if until:
                where["until"] = until
    if whose is not None and whose.callers and not whose.all_alike:
        named = whose.callers[:NAMED]
        where["callers"] = list(named)
        more = len(whose.callers) - len(named)
        words += f", in requests of {', '.join(c[:60] for c in named)}" + (
            f" and {more} others" if more else ""
        )
    elif whose is not None and whose.callers:
        words += ", whoever asks"
    return where, words


def unasked(check: str, names: Sequence[str], of: str) -> Iterator[Finding]:
    """Say which columns of a reference or baseline no model is asked with, so that no request can have them."""
    if not names:
        return
    shown = ", ".join(n[:60] for n in names[:NAMED]) + (
        f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    )
    one = len(names) == 1
    yield Finding(
        f"{check}.unasked_column",
        Severity.INFO,
        f"{len(names):,} column{'' if one else 's'} of the {of} {'is' if one else 'are'} not what the endpoint's models are "
        f"asked with, and {'is' if one else 'are'} held against nothing: {shown}.",
        {"columns": list(names[:50])},
        f"make the {of} of the columns that the model reads, or leave these out with --without",
        count=len(names),
    )


def noted(sides: Sides, check: str) -> Iterator[Finding]:
    """Say what of the season could not be respected, and what was drawn by lot."""
    known = sides.window.times is not None and sides.reference.times is not None
    if sides.season == "none":
        why = (
            "it spans less than two days" if known
            else "no column says when requests came (--time)" if sides.roles.time is None
            else f"it has no column {sides.roles.time}"
        )  # fmt: skip
        yield Finding(
            f"{check}.season", Severity.INFO,
            f"The reference tells nothing of hours and weekdays: {why}. What changes daily may alarm.",
            {}, "give a reference that spans two weeks, with times",
        )  # fmt: skip
    elif sides.matched.exact < 0.9:
        yield Finding(
            f"{check}.season", Severity.INFO,
            f"The reference lacks some of the window's hours: {share(1 - sides.matched.exact)} of the rows that it is "
            "held against come from others.",
            {}, "give a longer reference",
        )  # fmt: skip
    for side, what in ((sides.window, "window"), (sides.reference, "reference")):
        if side.rows < side.of:
            yield Finding(
                f"{check}.sampled", Severity.INFO,
                f"Of the {what}'s {side.of:,} rows {side.rows:,} were looked at, drawn by lot.", {}, "raise --rows",
            )  # fmt: skip
