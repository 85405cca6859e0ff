"""SARIF 2.1.0, for code hosts and editors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.kernel.report import Finding
from assay.kernel.verdict import Verdict

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "none"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}


def sarif(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> dict[str, Any]:
    """Return one SARIF log with one run."""
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for verdict in verdicts:
        subject = verdict.report.subject
        uri = subject.uri if subject else ""
        for finding in verdict.report.findings:
            rules.setdefault(finding.rule, _rule(finding))
            results.append(
                _result(finding, uri, subject.name if subject else "", list(rules).index(finding.rule))
            )
    notes = [
        {"level": "error", "message": {"text": v.report.error or v.report.coverage.skipped[0].why}}
        for v in verdicts
        if v.report.error or v.report.coverage.skipped
    ]
    done = all(v.outcome in ("pass", "fail") for v in verdicts)
    driver = {
        "name": tool.get("name", "assay"),
        "version": tool.get("version", ""),
        "rules": list(rules.values()),
    }
    invocation = {"executionSuccessful": done, "toolExecutionNotifications": notes}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "invocations": [invocation], "results": results}],
    }


def _rule(finding: Finding) -> dict[str, Any]:
    word = str(finding.severity)
    return {
        "id": finding.rule,
        "shortDescription": {"text": finding.rule},
        "help": {"text": finding.remedy or finding.message},
        "defaultConfiguration": {"level": _LEVELS[word]},
        "properties": {"security-severity": _SCORES[word], "tags": list(finding.refs)},
    }


def _result(finding: Finding, uri: str, name: str, index: int) -> dict[str, Any]:
    where = dict(finding.where)
    place: dict[str, Any] = {"artifactLocation": {"uri": str(where.get("file") or uri or name or "unknown")}}
    if isinstance(where.get("line"), int):
        place["region"] = {"startLine": max(1, where["line"])}
    elif isinstance(where.get("offset"), int):
        place["region"] = {"byteOffset": max(0, where["offset"])}
    elif isinstance(where.get("row"), int):
        place["region"] = {"startLine": max(1, where["row"] + 1)}
    logical = [
        {"name": str(where[k]), "kind": k} for k in ("member", "column", "step", "resource") if k in where
    ]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[str(finding.severity)],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place, **({"logicalLocations": logical} if logical else {})}],
        "partialFingerprints": {"assay/v1": finding.fingerprint(name)},
        "occurrenceCount": max(1, finding.count),
        "properties": {"where": where, "severity": str(finding.severity)},
    }
