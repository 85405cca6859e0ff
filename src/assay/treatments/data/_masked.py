"""The report of data.mask: what was hidden, what could not be, and what is still to be seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import Key, Table
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.masking.choice import Choice
    from assay.methods.masking.loss import Loss
    from assay.methods.masking.method import Rule
    from assay.methods.masking.way import Column

FEW = 20  # distinct values at or below which frequencies alone tell them apart
_BECAME = {
    "hide": "were hidden whole",
    "null": "were emptied",
    "keep": "were left as they are, as the policy says",
    "stop": "stopped it",
}


def report(
    table: Table,
    choices: Sequence[Choice],
    masks: Sequence[Column],
    losses: Mapping[str, Loss],
    coarse: Loss,
    *,
    key: Key | None,
    missing: Sequence[tuple[str, Rule]],
    method: str,
) -> Report:
    """Return the report of what was done to a table."""
    by_name = {c.column: c for c in choices}
    dropped = [c.column for c in choices if c.rule.method == "drop"]
    findings = [f for m in masks for f in _column(by_name[m.name], m, losses[m.name], key)]
    findings += [
        Finding("data.mask.dropped", Severity.INFO, f"{name} was left out.", {"column": name})
        for name in dropped
    ]
    findings += [
        Finding(
            "data.mask.missing",
            Severity.LOW,
            f"The policy names {name}, which the table lacks.",
            {"column": name},
            f"see {rule.place}",
        )
        for name, rule in missing
    ]
    if not choices:
        said = "Nothing sensitive was found or named, so the table was copied unchanged."
        findings.append(Finding("data.mask.unchanged", Severity.INFO, said))
    keyed = [c.column for c in choices if c.keyed or (key is not None and c.rule.of.key == "seed")]
    if keyed:
        findings.append(_key(key, keyed))
    counts = {m.name: m.changed for m in masks}
    metrics = [
        Metric("cells_masked", sum(counts.values()), unit="cells"),
        Metric("cells_not_masked", sum(m.lost for m in masks), unit="cells"),
        Metric("columns_masked", len(counts) + len(dropped), unit="columns"),
        *(Metric("cells_masked", n, of={"column": c}, unit="cells") for c, n in counts.items()),
        *(m for mask in masks for m in _numbers(mask, losses[mask.name])),
    ]
    if coarse.columns and table.rows:
        of = {"columns": ", ".join(coarse.columns)}
        metrics += [
            Metric("smallest_group", coarse.after.smallest, of=of, unit="rows"),
            Metric("unique_share", round(coarse.after.unique_share, 6), of=of),
        ]
    losses_of = {m.name: _loss(by_name[m.name], m, losses[m.name], key) for m in masks}
    return Report.make(
        coverage=Coverage(table.rows, table.rows),
        metrics=metrics,
        findings=findings,
        charts=_charts(losses_of),
        data={
            "masked": sorted(counts),
            "dropped": dropped,
            "method": method,
            "plan": {c.column: c.to_dict() for c in choices},
            "key": key.id if key is not None and keyed else "",
            "loss": losses_of,
        },
    )


def _charts(losses: Mapping[str, Mapping[str, Any]]) -> list[Chart]:
    if not losses:
        return []
    shown = list(losses.items())[:50]
    total = sum(loss["cells_masked"] for loss in losses.values())
    cells = tuple({"column": name, "cells": loss["cells_masked"]} for name, loss in shown)
    distinct = tuple(
        {"column": name, "when": when, "distinct values": loss[f"distinct_{when}"]}
        for name, loss in shown
        for when in ("before", "after")
    )
    said = "How many distinct values each masked column had and has."
    return [
        Chart("Cells masked", "bar", cells, "column", "cells", alt=f"{total} cells."),
        Chart(
            "Distinct values", "grouped_bar", distinct, "column", "distinct values", series="when", alt=said
        ),
    ]


def _column(choice: Choice, mask: Column, loss: Loss, key: Key | None) -> Iterator[Finding]:
    name, rule = mask.name, choice.rule
    where = {"column": name}
    how = ", ".join(dict.fromkeys(r.method for r in choice.inside.values())) if choice.inside else rule.method
    what = ", ".join(w for w in (how, choice.type or ", ".join(choice.inside)) if w)
    before, after = loss.before, loss.after
    about = "" if before.exact and after.exact else "about "
    said = f"{mask.changed:,} cells of {name} were masked ({what}): {about}{before.distinct:,} distinct values became "
    said += f"{after.distinct:,}. What still shows: {reveals(choice)}."
    yield Finding("data.mask.masked", Severity.INFO, said, where, count=max(1, mask.changed))
    if mask.lost:
        left = mask.unfit == "keep"
        yield Finding(
            "data.mask.unfit",
            Severity.HIGH if left else Severity.MEDIUM,
            f"{mask.lost:,} of {mask.values:,} values of {name} cannot be masked by {rule.method}, and {_BECAME[mask.unfit]}.",
            where,
            "see which with `assay check data.profile`, or choose another method for the column",
            count=mask.lost,
        )
    if mask.values > mask.lost and not mask.changed:
        yield Finding(
            "data.mask.no_effect",
            Severity.MEDIUM,
            f"No value of {name} is other than it was.",
            where,
            "choose another method",
        )
    one_to_one = rule.method in ("hash", "token", "fpe", "pseudonym") and rule.equal and not choice.inside
    if one_to_one and before.exact and 0 < before.distinct <= FEW and mask.values >= 5 * before.distinct:
        yield Finding(
            "data.mask.few_values",
            Severity.LOW,
            f"{name} has {before.distinct} distinct values, so how common each is may tell which is which.",
            where,
            "generalise it, shuffle it, or leave it out",
        )
    if rule.method in ("noise", "shuffle") and key is None:
        yield Finding(
            "data.mask.seeded",
            Severity.LOW,
            f"Whoever knows the seed of this run can undo the {rule.method} of {name}.",
            where,
            "give a key (--key), from which it is then drawn",
        )
    if rule.method == "noise":
        said = f"The noise on {name} is no differential privacy: nothing bounds what one row gives away."
        yield Finding("data.mask.noise", Severity.INFO, said, where)


def reveals(choice: Choice) -> str:
    """Return what a masked column still shows, in words."""
    return "the rest of the text" if choice.inside else choice.rule.reveals


def _key(key: Key | None, columns: Sequence[str]) -> Finding:
    listed = ", ".join(columns)
    if key is None:
        said = f"The key for {listed} was drawn for this run and thrown away: no other table joins on them."
        return Finding("data.mask.key", Severity.INFO, said, {}, "give a key (--key) where tables must join")
    said = f"{listed}: masked under the key {key.asset.name} ({key.id}). Whoever has it can try guesses, and turn back"
    return Finding("data.mask.key", Severity.INFO, f"{said} what is reversible.", {})


def _numbers(mask: Column, loss: Loss) -> Iterator[Metric]:
    of = {"column": mask.name}
    if mask.lost:
        yield Metric("cells_not_masked", mask.lost, of=of, unit="cells")
    yield Metric("distinct_before", loss.before.distinct, of=of, unit="values")
    yield Metric("distinct_after", loss.after.distinct, of=of, unit="values")


def _loss(choice: Choice, mask: Column, loss: Loss, key: Key | None) -> dict[str, Any]:
    """Return what masking took from a column and what it leaves, as JSON."""
    rules = list(choice.inside.values()) or [choice.rule]
    return loss.to_dict() | {
        "cells_masked": mask.changed,
        "cells_not_masked": mask.lost,
        "equal_stay_equal": all(r.equal for r in rules),
        "reversible": key is not None and any(r.of.reversible for r in rules),
        "reveals": reveals(choice),
    }
