"""Workflows of GitHub Actions: titles and branches that run as commands, actions that are whatever they are that day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.checks.code.review import shell
from assay.kernel.severity import Severity
from assay.methods.review.resources import Written
from assay.methods.review.shell import of_lines
from assay.methods.review.spot import Spot

LANGUAGE = "workflow"
_EXPRESSION = re.compile(r"\$\{\{(?:[^}]|\}(?!\})){0,2000}\}\}")  # a text in it may hold a brace
_SENT = re.compile(
    r"github\.(?:head_ref\b|event\.(?:issue|pull_request|comment|review|discussion|head_commit|commits|pages|inputs|client_payload)\b"
    r"(?P<path>(?:\.[\w*-]{1,60}|\[[^\]]{0,60}\]){0,20}))"
)
# What GitHub itself makes, and nobody writes: numbers, digests, times, states.
_MADE = frozenset(
    [
        "number",
        "id",
        "node_id",
        "sha",
        "merge_commit_sha",
        "merged",
        "mergeable",
        "draft",
        "locked",
        "state",
        "additions",
        "deletions",
        "changed_files",
        "commits",
        "comments",
        "created_at",
        "updated_at",
        "closed_at",
        "merged_at",
        "timestamp",
        "url",
        "html_url",
        "login",
        "full_name",
        "author_association",
    ]
)
_COMMIT = re.compile(r"@[0-9a-f]{40}$")


def rule(raw: Mapping[str, Any]) -> Iterator[Spot]:
    """Name each."""
    events = raw.get("on", raw.get("true"))  # YAML 1.1 reads the key `on` as true
    names = [events] if isinstance(events, str) else list(events) if isinstance(events, list | dict) else []
    if raw.get("permissions") == "write-all":
        yield _spot(
            _line(raw, "permissions"),
            "permissions",
            Severity.MEDIUM,
            "Each job may change everything in the repository.",
            "permissions: {contents: read}",
            "CWE-250",
            "permissions: write-all",
        )
    jobs = raw.get("jobs")
    action = raw.get("runs")  # of an action that is made of steps
    for job in [*(jobs.values() if isinstance(jobs, dict) else ()), action]:
        if isinstance(job, dict) and isinstance(job.get("uses"), str):
            yield from _step({"uses": job["uses"], "__lines__": job.get("__lines__")}, False)
        steps = job.get("steps") if isinstance(job, dict) else None
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, dict):
                yield from _step(step, "pull_request_target" in names or "workflow_run" in names)


def _step(step: Mapping[str, Any], trusted: bool) -> Iterator[Spot]:
    run, uses = step.get("run"), step.get("uses")
    if isinstance(run, str):
        line = _line(step, "run")
        if found := next(filter(_sent, _EXPRESSION.finditer(run)), None):
            yield _spot(line, "shell", Severity.HIGH, "What anybody writes into a title, a branch or a comment runs as a command.",
                        "hand it in by env:, and quote the variable", "CWE-78", found.group())  # fmt: skip
        begun = run.line if isinstance(run, Written) else line + 1
        yield from shell.rule(list(of_lines((begun + at, row) for at, row in enumerate(run.splitlines()))))
    if not isinstance(uses, str):
        return
    line = _line(step, "uses")
    given = step.get("with")
    ref = str(given.get("ref", "")) if isinstance(given, dict) else ""
    script = (
        given.get("script") if isinstance(given, dict) and uses.startswith("actions/github-script") else None
    )
    found = next(filter(_sent, _EXPRESSION.finditer(script)), None) if isinstance(script, str) else None
    if found and isinstance(given, dict):
        yield _spot(_line(given, "script"), "eval", Severity.HIGH, "What anybody writes into a title, a branch or a comment runs as a program.",
                    "hand it in by env:, and read process.env", "CWE-95", found.group())  # fmt: skip
    if trusted and uses.startswith("actions/checkout") and ("head" in ref or "github.event" in ref):
        yield _spot(line, "foreign_code", Severity.CRITICAL, "The code of whoever asks for a merge runs with the repository's own secrets.",
                    "pull_request instead of pull_request_target, or no checkout of theirs", "CWE-829", uses)  # fmt: skip
    if not uses.startswith(("./", "docker://")) and not _COMMIT.search(uses):
        moving = uses.rpartition("@")[2] in ("main", "master", "") or "@" not in uses
        yield _spot(line, "unpinned_action", Severity.MEDIUM if moving else Severity.LOW, f"{uses[:80]} can be moved to other code, which sees the job's secrets.",
                    "name its commit, with the version as a comment", "CWE-829", uses)  # fmt: skip


def _sent(expression: re.Match[str]) -> bool:
    """Whether an expression gives what somebody wrote: not where it is a number or a digest of that."""
    return any(
        (one["path"] or "").rpartition(".")[2] not in _MADE for one in _SENT.finditer(expression.group())
    )


def _line(raw: Mapping[str, Any], name: str) -> int:
    lines = raw.get("__lines__")
    return int(lines.get(name, 1)) if isinstance(lines, dict) else 1


def _spot(line: int, rule: str, severity: Severity, message: str, remedy: str, cwe: str, code: str) -> Spot:
    return Spot(rule, severity, message, line, remedy, cwe, 1, code[:120])
