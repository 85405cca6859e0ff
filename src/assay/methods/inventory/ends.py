"""When something runs out, as a person says it: so long from now, or at the end of a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from assay.kernel.errors import UsageError
from assay.methods.inventory.policy import days
from assay.methods.search.moments import span, written


def until(said: str | None, now: str, what: str) -> str | None:
    """Return the moment, RFC 3339, that ``90d``, ``12w``, ``1y``, a day or a moment mean; None for nothing said.

    what: what runs out, for the sentence: an approval. UsageError where it is no time, or past.
    """
    if said is None:
        return None
    moment = datetime.fromisoformat(now)
    number = days(said)
    found = span(said, moment) if number is None else None
    if number == 0 or (number is None and (found is None or not said[:1].isdigit())):
        raise UsageError(
            f"{said!r} is no time that {what} runs out", remedy="write 90d, 12w, 1y or 2027-06-30"
        )
    try:
        end = written(moment + timedelta(days=number) if number else found[1])  # type: ignore[index]
    except OverflowError:
        raise UsageError(f"{said!r} is no time that {what} runs out", remedy="write 90d, 12w, 1y") from None
    if end <= now:
        raise UsageError(f"{said} is over, so nothing can hold until then", remedy="name a day to come")
    return end
