"""JUnit XML, for continuous integration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from assay.kernel.printable import printable_page
from assay.kernel.verdict import Verdict

_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def junit(verdicts: Sequence[Verdict]) -> str:
    """Return a test suite a report: a test a finding, failed where it stops the gate, and one for the whole."""
    suites = "\n".join(_suite(v) for v in verdicts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suites}\n</testsuites>\n'


def _clean(text: str) -> str:
    """XML has no place for control characters, lone surrogates and what is no character."""
    return _NO_XML.sub("", printable_page(text))


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))


def _suite(verdict: Verdict) -> str:
    report = verdict.report
    name = f"{report.check} {report.subject.name if report.subject else ''}".strip()
    stopping = set(map(id, verdict.stopping))
    cases = []
    for finding in report.findings:
        case = f"  <testcase classname={_attribute(report.check)} name={_attribute(_title(finding.rule, finding.where))}"
        if id(finding) in stopping:
            body = escape(_clean(f"{finding.message}\n{finding.remedy}"))
            kind, said = _attribute(str(finding.severity)), _attribute(finding.message)
            cases.append(f"{case}>\n    <failure type={kind} message={said}>{body}</failure>\n  </testcase>")
        else:
            cases.append(
                f"{case}>\n    <system-out>{escape(_clean(finding.message))}</system-out>\n  </testcase>"
            )
    whole = f'  <testcase classname={_attribute(report.check)} name="examined to the end"'
    if verdict.outcome in ("error", "incomplete"):
        why = (
            report.error
            or "; ".join(f"{s.what}: {s.why}" for s in report.coverage.skipped)
            or "not everything was examined"
        )
        tag = "error" if verdict.outcome == "error" else "failure"
        cases.append(f"{whole}>\n    <{tag} message={_attribute(why)}/>\n  </testcase>")
    else:
        cases.append(f"{whole}/>")
    failures = len(stopping) + (verdict.outcome == "incomplete")
    errors = int(verdict.outcome == "error")
    head = f'<testsuite name={_attribute(name)} tests="{len(cases)}" failures="{failures}" errors="{errors}" time="{report.seconds:.3f}">'
    return "\n".join([head, *cases, "</testsuite>"])


def _title(rule: str, where: object) -> str:
    items = dict(where).items() if isinstance(where, dict) else ()
    place = ", ".join(
        f"{k}={v}" for k, v in items if k in ("file", "member", "column", "facet", "group", "row")
    )
    return f"{rule} ({place})" if place else rule
