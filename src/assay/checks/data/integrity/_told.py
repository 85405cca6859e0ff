"""What a rule and the rows that break it look like in the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.report import Chart, Finding
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.data.integrity._proposed import Told
    from assay.methods.integrity.verify import Tally

SEVERITY = {
    "derived_flag": Severity.HIGH,
    "band": Severity.LOW,
    "dependency": Severity.LOW,
    "condition": Severity.LOW,
    "copy": Severity.LOW,
    "equal": Severity.LOW,
}
OTHERS = Severity.MEDIUM
MOST_FINDINGS = 50
FIRST = 5  # rows named


def kind(rule: Any) -> str:
    """Return a rule's kind; `stated` of one that a person wrote."""
    return str(getattr(rule, "kind", "stated"))


def title(rule: Any) -> str:
    """Return a rule in words."""
    return str(rule.shown if kind(rule) != "stated" else rule.name)


def listed(rule: Any, tally: Tally) -> dict[str, Any]:
    """Return a rule as the report's data names it: what it is, how well it holds, and how it could be set right."""
    confidence = round(1 - tally.broken / tally.support, 6) if tally.support else None
    out: dict[str, Any] = {
        "kind": kind(rule),
        "rule": title(rule),
        "holds": rule.holds,
        "support": tally.support,
        "violations": tally.broken,
        "confidence": confidence,
    }
    if kind(rule) == "stated":
        out |= {"columns": list(rule.columns), "severity": rule.severity}
        repair = dict(rule.repair or {})
    else:
        out |= {"target": rule.target, "source": ", ".join(rule.sources), "bits": round(rule.bits, 1)}
        out |= {"columns": list(rule.columns)}
        if rule.when:
            out["when"] = rule.when
        if rule.kind == "dependency":
            out |= {"determines": rule.target, "by": list(rule.by or rule.sources)}
        elif rule.kind == "key":
            out["key"] = list(rule.columns)
        elif rule.inside:
            out["references"] = {"table": rule.inside[0] or None, "column": rule.inside[1]}
        repair = dict(rule.repair)
        if rule.proposals:
            out["proposals"] = [dict(p) for p in rule.proposals]
    if repair:
        out |= {"expression": repair["to"], "repair": repair}
    if tally.broken:
        out["rows"] = tally.numbers()[:FIRST].tolist()
    return out


def finding(rule: Any, tally: Tally) -> Finding:
    """Return what is told of a rule that some rows break."""
    first = int(tally.numbers()[0])
    share = f"{tally.broken:,} of {tally.support:,} rows"
    if kind(rule) == "stated":
        said = rule.message or f"the rule {rule.name!r} is broken"
        where = (
            {"column": rule.columns[0], "pair": rule.name, "row": first}
            if rule.columns
            else {"pair": rule.name}
        )
        remedy = (
            "correct the rows in failing_rows, or repair them"
            if rule.repair
            else "correct the rows in failing_rows"
        )
        return Finding(
            "data.integrity.stated",
            Severity.parse(rule.severity),
            f"{said[:1].upper()}{said[1:]}: {share}, first in row {first:,}.",
            where,
            remedy,
            count=tally.broken,
        )
    where = {"column": rule.target, "row": first}
    if rule.sources:
        where["pair"] = f"{rule.target} / {', '.join(rule.sources)}"
    numbers = tally.numbers()[:FIRST].tolist()
    named = "the first being row" if tally.broken == 1 or len(numbers) == 1 else "the first being rows"
    message = (
        f"{rule.shown}, but {share} contradict it, {named} {_joined(numbers)} "
        f"(support {tally.support:,}, confidence {_digits(1 - tally.broken / tally.support)}, {rule.bits:,.0f} bits)."
    )
    severity = SEVERITY.get(rule.kind, OTHERS)
    return Finding(f"data.integrity.{rule.kind}", severity, message, where, _remedy(rule), count=tally.broken)


def _joined(numbers: Sequence[int]) -> str:
    shown = [f"{n:,}" for n in numbers]
    return shown[0] if len(shown) == 1 else f"{'; '.join(shown[:-1])} and {shown[-1]}"


def _remedy(rule: Any) -> str:
    """Say how the rows could be set right: surely where the column is made from others, else as one of several ways."""
    if rule.kind == "derived_flag":
        return f"`assay treat data.repair` sets {rule.repair['set']} to {rule.repair['to']}"
    ways = [f"{p['set']} to {p['to']}" for p in (rule.repair, *rule.proposals) if p]
    if len(ways) == 1:
        return f"see failing_rows, and set {ways[0]}, or correct {_and(rule.sources)}"
    if ways:
        return f"see failing_rows, and set {' or '.join(ways[:4])}, whichever column is wrong"
    if rule.kind == "dependency":
        return f"see failing_rows, and set {rule.target} to what other rows with the same {_and(rule.sources)} have"
    if rule.kind == "inclusion":
        return f"see failing_rows, and correct {rule.target} or add the missing row to {rule.inside[0] or 'the table'}"
    if rule.kind == "key":
        return "see failing_rows, and drop the rows that come twice or give them a key of their own"
    return "see failing_rows, and correct whichever column is wrong"


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)


def _digits(confidence: float) -> str:
    """Write a share that is not 1 so that it does not look like 1."""
    return next((t for n in range(4, 13) if float(t := f"{confidence:.{n}f}") < 1), "just below 1")


def capped(findings: list[Finding]) -> list[Finding]:
    """Keep the first findings of each rule; they come most surprising first."""
    seen: dict[str, int] = {}
    out = []
    for one in findings:
        seen[one.rule] = seen.get(one.rule, 0) + 1
        if seen[one.rule] <= MOST_FINDINGS:
            out.append(one)
    for rule, count in seen.items():
        if count > MOST_FINDINGS:
            left = count - MOST_FINDINGS
            more = f"{left} more rules of this kind are broken; data.rules names them."
            out.append(Finding(f"{rule}.more", Severity.LOW, more, {}, count=left))
    return out


def rows(broken: Sequence[tuple[Any, Tally]], told: Sequence[Told]) -> Any:
    """Return the failing rows: the row's number, the rule and its kind, the column, what it holds, and what is proposed."""
    import numpy as np
    import pyarrow as pa

    numbers = [t.numbers() for _, t in broken]
    sizes = [len(n) for n in numbers]
    titles, kinds = [title(r) for r, _ in broken], [kind(r) for r, _ in broken]
    return pa.table(
        {
            "row": pa.array(np.concatenate(numbers)),
            "rule": pa.array(np.repeat(np.array(titles, dtype=object), sizes), type=pa.string()),
            "kind": pa.array(np.repeat(np.array(kinds, dtype=object), sizes), type=pa.string()),
            "column": pa.array(
                np.repeat(np.array([c for c, _, _ in told], dtype=object), sizes), type=pa.string()
            ),
            "found": pa.concat_arrays([found for _, found, _ in told]),
            "proposed": pa.concat_arrays([should for _, _, should in told]),
        }
    )


def charts(broken: Sequence[tuple[Any, Tally]]) -> list[Chart]:
    """Return how many rows break each rule, most surprising rule first."""
    if not broken:
        return []
    rows = tuple({"rule": title(r), "rows": t.broken} for r, t in broken[:20])
    told = "1 rule is" if len(broken) == 1 else f"{len(broken)} rules are"
    alt = f"{told} broken; {rows[0]['rule']!r} in {rows[0]['rows']} rows."
    return [Chart("Rows that break a rule", "bar", rows, "rule", "rows", y_title="rows", alt=alt)]
