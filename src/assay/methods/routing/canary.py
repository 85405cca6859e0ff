"""When a change that is rolled out in steps goes on, waits, and is taken back: by failures, pace, answers and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.methods.routing import domain, slower
from assay.methods.routing.tally import Tally

ALARMS = ("hold", "back", "ignore")
HELD = 10.0  # times a step's own time that doubt, or an alarm, may hold it up
_SHORTEST = 600.0  # seconds, of steps that are short


@dataclass(frozen=True, slots=True)
class Seen:
    """What the new variants have answered since a step began. now: their answers; before: those of the variants before them.

    alarms: monitors of the endpoint whose latest look at the step's time found violations.
    """

    requests: int
    errors: int
    seconds: float
    now: Tally = field(default_factory=Tally)
    before: Tally = field(default_factory=Tally)
    alarms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """seconds: that a step lasts at least. least: requests that it must have answered. errors: the share that may fail.

    slower: how many times the 95th percentile of before the new one's may be, 0 for any. outside: the share of answers that may
    lie outside of what was answered before, 1 for any. shift: how far the answers may lie from those of before, 0 to 1, 1 for any.
    alarms: what a monitor's alarm does, ``hold``, ``back`` or ``ignore``.
    """

    seconds: float = 60.0
    least: int = 20
    errors: float = 0.02
    slower: float = 0.0
    outside: float = 1.0
    shift: float = 1.0
    alarms: str = "ignore"


@dataclass(frozen=True, slots=True)
class Judged:
    """says: ``back``, ``on`` or ``wait``. why: of going back, and of a step that is held up though its time is over; figures: for the log."""

    says: str
    why: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


def verdict(seen: Seen, limits: Limits) -> str:
    """Return ``back``, ``on`` or ``wait`` by failures alone.

    Back at once where so many have failed that even if all that are still missing to ``least`` went well the share would be
    above the limit: a few failures early on are not waited out, and a single one among many takes nothing back. On after
    the step's time, with at least as many requests as asked for.
    """
    asked = max(seen.requests, limits.least, 1)
    if seen.errors > limits.errors * asked:
        return "back"
    if seen.seconds >= limits.seconds and seen.requests >= limits.least:
        return "on"
    return "wait"


def judged(seen: Seen, limits: Limits) -> Judged:
    """Return what becomes of a step, and why.

    What is certain takes it back at once. What is in doubt, and an alarm that only holds it up, keep it from going on; where that
    lasts for ten times its own time, and ten minutes at least, it goes back.
    """
    said = verdict(seen, limits)
    figures: dict[str, Any] = {"requests": seen.requests, "failed": seen.errors}
    if said == "back":
        return Judged("back", f"{seen.errors} of {seen.requests} answers failed", figures)
    certain, doubts = list[str](), list[str]()
    for look in (_pace, _answers, _alarms):
        look(seen, limits, figures, certain, doubts)
    if certain:
        return Judged("back", "; ".join(certain), figures)
    if said == "wait" or not doubts:
        return Judged(said, "", figures)
    if seen.seconds >= max(HELD * limits.seconds, _SHORTEST):
        return Judged("back", f"{'; '.join(doubts)}, for {seen.seconds:,.0f} s", figures)
    return Judged("wait", "; ".join(doubts), figures)


def _pace(seen: Seen, limits: Limits, figures: dict[str, Any], certain: list[str], doubts: list[str]) -> None:
    if not limits.slower:
        return
    found = slower.compared(seen.now.seconds, seen.before.seconds, limits.slower)
    if found is None:
        figures.setdefault("unjudged", []).append("pace")
        return
    figures["p95"] = [_figure(found.before), _figure(found.now)]
    if found.slower or found.certain:
        why = (
            f"95 of 100 answers came within {_milli(found.now)}, of the version before within "
            f"{_milli(found.before)} (at most {limits.slower:g} times that is allowed)"
        )
        (certain if found.certain else doubts).append(why)


def _answers(
    seen: Seen, limits: Limits, figures: dict[str, Any], certain: list[str], doubts: list[str]
) -> None:
    if limits.outside >= 1 and limits.shift >= 1:
        return
    found = domain.compared(seen.now, seen.before)
    if found is None:
        figures.setdefault("unjudged", []).append("answers")
        return
    figures |= {"outside": found.outside, "of": found.rows, "shift": _figure(found.shift)}
    allowed = limits.outside + found.unseen
    if limits.outside < 1 and found.outside > allowed * max(found.rows, limits.least):
        certain.append(f"{found.outside:,} of {found.rows:,} answers are none that the version before gave")
    if limits.shift < 1 and found.shift > limits.shift:
        certain.append(
            f"its answers lie {found.shift:.2f} from those of the version before (at most {limits.shift:g})"
        )


def _alarms(
    seen: Seen, limits: Limits, figures: dict[str, Any], certain: list[str], doubts: list[str]
) -> None:
    if limits.alarms == "ignore" or not seen.alarms:
        return
    figures["alarms"] = list(seen.alarms)[:10]
    named = ", ".join(list(seen.alarms)[:3]) + (" and more" if len(seen.alarms) > 3 else "")
    why = (
        f"the monitor {named} found violations"
        if len(seen.alarms) == 1
        else f"the monitors {named} found violations"
    )
    (certain if limits.alarms == "back" else doubts).append(why)


def _figure(value: float) -> float:
    return float(f"{value:.4g}")


def _milli(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
