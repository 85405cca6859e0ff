"""Pipelines of GitLab, CodeBuild, Bitbucket, Azure and CircleCI: what their shells run, images and includes that are whatever they are that day.

Sources: GitLab's CI/CD YAML reference; the build specification reference of AWS CodeBuild; the YAML references of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.checks.code.review import shell
from assay.kernel.severity import Severity
from assay.methods.review.resources import Written
from assay.methods.review.shell import of_lines
from assay.methods.review.spot import Spot

LANGUAGE = "pipeline"
_COMMANDS = ("script", "before_script", "after_script", "commands", "run", "command", "bash")
_SECRET = re.compile(r"(?i)^\w{0,80}?(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY)\w{0,80}$")
_SENT = re.compile(
    r"\$\{?(?:CI_COMMIT_(?:MESSAGE|TITLE|DESCRIPTION|REF_NAME|BRANCH)|CI_MERGE_REQUEST_(?:TITLE|DESCRIPTION|SOURCE_BRANCH_NAME))\b"
)
_RUNS = re.compile(r"\b(?:eval|(?:ba|z)?sh\s+-c)\b")
_DEEP = 30


def rule(raw: Mapping[str, Any]) -> Iterator[Spot]:
    """Name each."""
    yield from _within(raw, 0)


def _within(value: Any, depth: int) -> Iterator[Spot]:
    if depth > _DEEP:
        return
    if isinstance(value, list):
        for one in value:
            yield from _within(one, depth + 1)
    if not isinstance(value, Mapping):
        return
    for name, inner in value.items():
        if name == "__lines__":
            continue
        line = _line(value, name)
        if name in _COMMANDS:
            yield from _commands(inner, line)
        elif name == "image":
            yield from _image(inner, line)
        elif name == "include":
            yield from _included(inner, line)
        elif name in ("variables", "env", "environment"):
            yield from _variables(inner, line)
        if not isinstance(inner, str):
            yield from _within(inner, depth + 1)


def _commands(given: Any, line: int) -> Iterator[Spot]:
    """Hold what a shell is told to the rules of shell. A command of a list stands a line further each, as lists are written."""
    at = line
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, str):
            continue
        begun = one.line if isinstance(one, Written) else at + 1
        rows = one.split("\n")
        yield from shell.rule(list(of_lines((begun + i, row) for i, row in enumerate(rows))))
        for i, row in enumerate(rows):
            if _SENT.search(row) and _RUNS.search(row):
                yield _spot(begun + i, "shell", Severity.HIGH, "What anybody writes into a title or the name of a branch runs as a command.",
                            "quote the variable, and hand it in as an argument", "CWE-78", row.strip())  # fmt: skip
        at = begun + len(rows) - 1


def _image(given: Any, line: int) -> Iterator[Spot]:
    image = given.get("name") if isinstance(given, Mapping) else given
    if not isinstance(image, str) or "$" in image or "@sha256:" in image or not image:
        return
    moving = image.rpartition("/")[2].partition(":")[2] in ("", "latest")
    said = "is whatever it is on the day it runs." if moving else "can be moved to another image."
    yield _spot(line, "unpinned_image", Severity.MEDIUM if moving else Severity.LOW, f"{image[:80]} {said}",
                "name a version and its digest: image:1.2@sha256:…", "CWE-494", f"image: {image}")  # fmt: skip


def _included(given: Any, line: int) -> Iterator[Spot]:
    for one in given if isinstance(given, list) else [given]:
        place = one.get("remote") if isinstance(one, Mapping) else one
        if (
            isinstance(place, str)
            and place.startswith(("http://", "https://"))
            and not (isinstance(one, Mapping) and one.get("integrity"))
        ):
            grave = Severity.HIGH if place.startswith("http://") else Severity.MEDIUM
            yield _spot(line, "added_unseen", grave, "What is included from an address is whatever it is that day, and sees the job's secrets.",
                        "integrity: sha256-…, or include: project with a commit as ref", "CWE-494", f"include: {place}")  # fmt: skip
        if isinstance(one, Mapping) and isinstance(one.get("project"), str):
            ref = one.get("ref")
            if not (isinstance(ref, str) and ("$" in ref or re.fullmatch(r"[0-9a-f]{40}", ref))):
                yield _spot(line, "unpinned_action", Severity.LOW, f"{one['project'][:80]} can be moved to other jobs, which see this one's secrets.",
                            "ref: a commit", "CWE-829", f"include: {one['project']}")  # fmt: skip


def _variables(given: Any, line: int) -> Iterator[Spot]:
    """Name secrets that are written out. CodeBuild keeps under ``variables`` what is plain, elsewhere what it looks up."""
    if not isinstance(given, Mapping):
        return
    for name, value in given.items():
        value = value.get("value") if isinstance(value, Mapping) and name != "__lines__" else value
        if _SECRET.match(name) and isinstance(value, str) and len(value) >= 6 and "$" not in value:
            yield _spot(_line(given, name) or line, "written_secret", Severity.HIGH, "A secret stands in the pipeline.",
                        "read it from a store of secrets when it is needed; and change it", "CWE-798", f"{name}: …")  # fmt: skip


def _line(raw: Mapping[str, Any], name: str) -> int:
    lines = raw.get("__lines__")
    return int(lines.get(name, 1)) if isinstance(lines, dict) else 1


def _spot(line: int, rule: str, severity: Severity, message: str, remedy: str, cwe: str, code: str) -> Spot:
    return Spot(rule, severity, message, line, remedy, cwe, 1, code[:120])
