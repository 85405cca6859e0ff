"""Which language a file is reviewed in: by its name, by its first line, and where neither tells, by what stands in it."""

from __future__ import annotations

import re
from typing import Final

_RUN = re.compile(r"#!\s*\S*?(?:env\s+(?:-S\s+)?)?(?:\S*/)?(python|bash|sh|dash|zsh|ksh)[\d.]*\b")
_ENDS: Final = {
    ".py": "python", ".pyw": "python", ".ipynb": "notebook", ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".tf": "terraform",
    ".tf.json": "terraform_json", ".dockerfile": "dockerfile", ".containerfile": "dockerfile", ".yml": "yaml", ".yaml": "yaml",
    ".template": "yaml", ".json": "yaml",
}  # fmt: skip
_PIPELINES = re.compile(
    r"/\.gitlab/ci/.*\.ya?ml$|\.gitlab-ci\.ya?ml$|/buildspec[\w.-]{0,100}\.ya?ml$|/bitbucket-pipelines\.ya?ml$|/azure-pipelines[\w.-]{0,100}\.ya?ml$|/\.circleci/config\.ya?ml$"
)
_JOBS = re.compile(r"^[\"']?jobs[\"']?[ \t]*:", re.MULTILINE)
_ON = re.compile(r"^(?:on|[\"']on[\"'])[ \t]*:", re.MULTILINE)
_STEPS = re.compile(r"^[ \t]{1,40}-?[ \t]{0,20}(?:runs-on|uses|steps)[ \t]*:", re.MULTILINE)
_ACTION = re.compile(
    r"^runs[ \t]*:[^\n]{0,200}\n(?:[ \t][^\n]{0,400}\n){0,20}?[ \t]{1,40}using[ \t]*:[ \t]*[\"']?composite",
    re.MULTILINE,
)
_PHASES = re.compile(r"^phases[ \t]*:", re.MULTILINE)
_COMMANDS = re.compile(r"^[ \t]{1,40}commands[ \t]*:", re.MULTILINE)
UNDECIDED: Final = "yaml"  # a document whose name does not tell whether it is a program
LOOKED_AT: Final = 1 << 20  # characters of it that decide


def by_name(name: str, head: str) -> str:
    """Return the language of a file by its path and first line: UNDECIDED where what stands in it decides, empty for what is not reviewed."""
    low = f"/{name.lower()}"
    last = low.rpartition("/")[2]
    if last.endswith(".sample") and "/hooks/" in low:
        return ""  # which git lays down and never runs
    if last in ("dockerfile", "containerfile"):
        return "dockerfile"
    if last.endswith((".yml", ".yaml")):
        if "/.github/workflows/" in low:
            return "workflow"
        if _PIPELINES.search(low):
            return "pipeline"
    if last.endswith(".tf.json"):
        return "terraform_json"
    for end, kind in _ENDS.items():
        if last.endswith(end):
            return kind
    if last.startswith(("dockerfile.", "containerfile.")):  # Dockerfile.gpu, but not dockerfile.py
        return "dockerfile"
    first = _RUN.match(head)
    return ("python" if first[1] == "python" else "shell") if first else ""


def by_content(text: str) -> str:
    """Return what an undecided document is, empty where it is no program."""
    text = text[:LOOKED_AT]
    if "AWS::" in text:
        return "cloudformation"
    if _JOBS.search(text) and _ON.search(text) and _STEPS.search(text):
        return "workflow"
    if _ACTION.search(text) and _STEPS.search(text):
        return "workflow"  # an action of steps, which its workflows run
    return "pipeline" if _PHASES.search(text) and _COMMANDS.search(text) else ""
