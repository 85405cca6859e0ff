"""What stands out between a profile and an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.checks.data.profile.said import finding, share
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

MOVED = 0.25  # standard deviations
SHARE = 0.05  # of the rows


def changes(difference: Mapping[str, Any]) -> Iterator[Finding]:
    """Give what a reader of both profiles would look at first; data.drift judges whether it is chance."""
    for name in difference["removed"]:
        yield finding(
            "column_removed", Severity.MEDIUM, f"{name} is no longer there.", {"column": name},
            "find out who took it away, before something that needs it runs",
        )  # fmt: skip
    for name in difference["added"]:
        yield finding(
            "column_added",
            Severity.LOW,
            f"{name} is new.",
            {"column": name},
            "say what it is for, or leave it out",
        )
    for name, changed in difference["changed"].items():
        yield from _column(name, changed)


def _column(name: str, changed: Mapping[str, Any]) -> Iterator[Finding]:
    at = {"column": name}
    if "type" in changed:
        old, new = changed["type"]
        yield finding(
            "type_changed",
            Severity.MEDIUM,
            f"{name} was {old} and is {new}.",
            at,
            "find the rows that changed it",
        )
    old, new = changed.get("missing_fraction", (0.0, 0.0))
    if abs(new - old) >= SHARE:
        yield finding(
            "missing_changed", Severity.MEDIUM if new > old else Severity.INFO,
            f"{name} was missing in {share(old)} of the rows and is missing in {share(new)}.", at,
            "ask what fills it, and since when it does not",
        )  # fmt: skip
    if abs(changed.get("moved", 0.0)) >= MOVED:
        old, new = changed["figures"]["mean"]
        yield finding(
            "mean_moved", Severity.LOW,
            f"The mean of {name} went from {old:.6g} to {new:.6g}, {abs(changed['moved']):.2f} standard deviations.", at,
            "`assay check data.drift` says whether that is more than chance",
        )  # fmt: skip
    fresh = changed.get("new_values", ())
    if fresh:
        yield finding(
            "new_values", Severity.LOW, f"{name} holds values that were not there: {', '.join(map(repr, fresh[:5]))}.",
            at, "ask whether a model trained before knows them", len(fresh),
        )  # fmt: skip
    if changed.get("shares", 0.0) >= SHARE:
        yield finding(
            "shares_changed", Severity.LOW, f"The share of one value of {name} changed by {share(changed['shares'])}.",
            at, "`assay check data.drift` says whether that is more than chance",
        )  # fmt: skip
