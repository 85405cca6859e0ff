"""Findings of a profile: their severity is never grave, and of each rule the first are told one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from assay.kernel.report import Finding
from assay.kernel.severity import Severity

NAME = "data.profile"
PER_RULE = 20


def finding(
    rule: str, severity: Severity, message: str, where: Mapping[str, Any], remedy: str, count: int = 1
) -> Finding:
    """Return a finding of a rule of this check."""
    return Finding(f"{NAME}.{rule}", severity, message, where, remedy, (), count)


def share(fraction: float) -> str:
    """Return a fraction as it is read; one that is not 1 does not look like 1."""
    return f"{fraction:.3g}" if fraction < 0.9995 else f"{fraction:.6g}"


def capped(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Tell the first of each rule one by one, and the rest as one."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding.rule].append(finding)
    for rule, found in by_rule.items():
        yield from found[:PER_RULE]
        rest = found[PER_RULE:]
        if rest:
            yield Finding(
                rule,
                max(f.severity for f in rest),
                f"{len(rest)} more columns or pairs are like this.",
                {},
                rest[0].remedy,
                (),
                len(rest),
            )
