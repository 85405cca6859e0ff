"""The same explanation for people who decide: one page, no jargon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.checks.model.explain._values import Values
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

IN_WORDS = "In words"
_BARS = 8
_NAMED = 3
_ROWS = 2


def plainly(
    found: Values,
    mean: Any,
    order: Any,
    shown: Sequence[int],
    findings: Sequence[Finding],
    parts: Sequence[Chart],
) -> tuple[list[Metric], list[Chart], list[Finding]]:
    """Return shares instead of values, sentences instead of measures; every finding stays, so that a gate decides alike.

    shown: which of the rows explained are spoken of; parts: charts of changes and reasons, whose sentences are kept.
    """
    total = float(mean.sum()) or 1.0
    shares = [(_name(found, i), float(mean[i]) / total) for i in order]
    said = [_mostly(shares)]
    said += [s for s in (_case(found, i) for i in shown[:_ROWS]) if s]
    said += [c.alt for c in parts if c.alt]
    grave = any(f.severity >= Severity.HIGH for f in findings)
    said.append(
        "Do not rely on this page: what is explained did not pass its own tests, which are named above."
        if grave
        else "How far this can be trusted: the parts were added up and give the model's own answers"
        + (f", but for {found.additivity:.1g} of their size." if found.additivity else ".")
        if found.error is None
        else f"How far this can be trusted: the parts are estimates from {len(found.rows)} cases; small ones may be chance."
    )
    said.append(
        "This says what the model goes by. It does not say what causes what, or whether going by it is right."
    )
    told = [
        Finding("model.explain.in_words", Severity.INFO, s, {"pair": f"sentence {n}"})
        for n, s in enumerate(said, 1)
    ]
    metrics = [Metric.number("share", share, of={"it goes by": name}) for name, share in shares[:_BARS]]
    rows = tuple({"what": n, "share": s} for n, s in shares[:_BARS])
    charts = [
        Chart(IN_WORDS, "table", tuple({"said": s} for s in said), "said", "said"),
        Chart("What the model goes by", "bar", rows, "what", "share", alt=said[0]),
    ]
    return metrics, charts, [*findings, *told]


def _name(found: Values, at: int) -> str:
    """Return a feature's name; a word of a text is quoted, so that it does not read as one of ours."""
    return f"“{found.names[at]}”" if found.space.startswith("words of") else found.names[at]


def _mostly(shares: list[tuple[str, float]]) -> str:
    first = [f"{n} ({s:.0%})" for n, s in shares[:_NAMED] if s > 0]
    if not first:
        return "It answers the same whatever it is told."
    rest = 1 - sum(s for _, s in shares[:_NAMED])
    others = f"; the {len(shares) - len(first)} others make up {rest:.0%}" if len(shares) > len(first) else ""
    return f"Of all that it is told of a case, it goes most by {_and(first)}{others}."


def _case(found: Values, at: int) -> str:
    """Say what a row is answered, and what speaks for it or raises it, and what does not."""
    import numpy as np

    values = found.values[at]
    order = np.argsort(values, kind="stable")
    up = [_name(found, i) for i in order[::-1][:_NAMED] if values[i] > 0]
    down = [_name(found, i) for i in order[:_NAMED] if values[i] < 0]
    if not up and not down:
        return ""
    says, of = found.answered.get(at, ("", ""))
    begins = f"Row {int(found.rows[at]) + 1}" + (f" is answered {says[:40]}" if says else "")
    if of:
        speak = "speaks" if len(up or down) == 1 else "speak"
        parts = [
            f"for {of[:40]} {speak} {_and(up)}" if up else "",
            f"against it {_and(down)}" if down else "",
        ]
        if not up:
            parts = [f"against {of[:40]} {speak} {_and(down)}"]
    else:
        parts = [f"raised by {_and(up)}" if up else "", f"lowered by {_and(down)}" if down else ""]
    return f"{begins}: {', '.join(p for p in parts if p)}."


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
