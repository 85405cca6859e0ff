"""Rows that are not judged: without a label, without an answer, without a place in their query or in time."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._answers import Answers
from assay.checks.model.validate._judged import Judged
from assay.kernel.report import Coverage, Finding, Skipped
from assay.kernel.severity import Severity

_MANY = 0.1  # of the rows have no label
_NOTABLE = 0.01  # of the labelled rows have no answer


def unlabelled(lost: int, rows: int, label: str, or_else: str = "", remedy: str = "") -> list[Finding]:
    """Tell rows that say nothing of any model. or_else: what else they may lack. remedy: what to do, where there is something."""
    if not lost:
        return []
    have = "row has" if lost == 1 else "rows have"
    message = f"{lost:,} of {rows:,} {have} no {label}{or_else}, and {'is' if lost == 1 else 'are'} left out."
    severity = Severity.MEDIUM if lost > _MANY * rows else Severity.LOW
    return [Finding("model.validate.unlabelled", severity, message, {"column": label}, remedy, count=lost)]


def unanswered(lost: int, rows: int, who: str) -> list[Finding]:
    """Tell labelled rows for which there is no answer: a model that fails where it is hard would look good on the others."""
    if not lost:
        return []
    message = f"{who} has no answer for {lost:,} of the {rows:,} rows that have a label; they are not judged."
    remedy = "find out which rows it does not answer, and what is done with them in use"
    severity = Severity.HIGH if lost > _NOTABLE * rows else Severity.MEDIUM
    return [Finding("model.validate.unanswered", severity, message, {}, remedy, count=lost)]


def unsearched(columns: int, most: int, what: str) -> list[Finding]:
    """Tell columns that a search has no time for: it takes the first ones. what: it looks for, in words."""
    if columns <= most:
        return []
    message = f"Of {columns:,} columns the first {most} were searched for {what}."
    remedy = "examine a table of the other columns and the label, too"
    where = {"searched for": what}
    return [
        Finding("model.validate.columns_left_out", Severity.LOW, message, where, remedy, count=columns - most)
    ]


def left_out(truth: Any, label: str, told: list[Answers], made: Judged) -> tuple[list[Finding], Coverage]:
    """Return what is told of the rows that are not judged, and how many of the labelled ones are.

    truth: which rows have a label. told: the answers of each model, that of the one which is judged first.
    """
    from assay.methods import facets

    rows, labelled = len(truth), int(truth.sum())
    remedy = ""
    if getattr(made, "separator", None):  # whose empty text may be meant as no label at all
        remedy = "if they have none of the labels, say so: lists, or a column of 0 and 1 for each label"
    findings = unlabelled(rows - labelled, rows, label, remedy=remedy)
    known, skipped = truth, []
    for one in told:
        here = truth & facets.present(one.plain())
        lost = labelled - int(here.sum())
        findings += unanswered(lost, labelled, one.name)
        if lost:
            skipped.append(Skipped(f"{lost:,} rows", f"{one.name} has no answer"))
        known = known & here
    placed = int(known.sum()) - made.used
    if placed:
        lack = (
            "an infinite label" if made.kind == "regression" else f"no finite number, or no {made.placed_by}"
        )
        skipped.append(Skipped(f"{placed:,} rows", lack))
        if made.kind != "regression":  # which tells of infinite labels itself
            message = f"{placed:,} rows have {lack}, and are left out."
            findings.append(Finding("model.validate.unplaced", Severity.MEDIUM, message, {}, count=placed))
    return findings, Coverage(made.used, labelled, tuple(skipped))
