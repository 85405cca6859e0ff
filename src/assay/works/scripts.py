"""A team's own script as a job: its code copied apart, and what every such job leaves besides what it makes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.report import Coverage, Finding, Metric, Report
from assay.works.examine import isolation_finding
from assay.works.work import LocalWork

if TYPE_CHECKING:
    from assay.engines.isolation import Ended

_LEFT = (".git", ".venv", "__pycache__", ".assay")  # of a folder of code
_LOG = 4 << 20
CHANNEL = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*")
BESIDE = ("code", "log", "environment")  # what every job leaves besides what it makes


class Done(Protocol):
    """A job that has ended. environment: what it could import."""

    @property
    def log(self) -> Path:
        """Return what it printed."""

    @property
    def ended(self) -> Ended:
        """Return how it ended."""

    @property
    def environment(self) -> Mapping[str, Any]:
        """Return it."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What a job leaves besides what it makes: its log, its code and its environment, and what a report says of these."""

    outputs: dict[str, Asset]
    findings: list[Finding]
    metrics: list[Metric]
    data: dict[str, Any]

    @classmethod
    def of(cls, script: Path, code: Path, done: Done, work: LocalWork) -> Papers:
        """Keep them. code: the folder that was run."""
        from assay.engines.folders import tail

        ended, environment, said = done.ended, done.environment, tail(done.log, _LOG)
        held = {**environment, "isolation": ended.level, "layers": dict(ended.layers)}
        outputs = {"log": work.put("log", said, "txt")}
        kept = work.put("code", code)
        outputs["code"] = Asset("tree", script.stem, kept.uri, kept.digest, "folder")
        outputs["environment"] = work.put("environment", json.dumps(held, indent=1).encode(), "json")
        return cls(
            outputs,
            [] if ended.level == "full" else [isolation_finding(ended.level)],
            [
                Metric("seconds", round(ended.seconds, 3)),
                Metric("peak_memory", ended.peak_memory, unit="bytes"),
            ],
            {"log": said[-8000:].decode("utf-8", "replace"), "environment": held, "script": script.name},
        )

    def report(self, findings: list[Finding], metrics: list[Metric]) -> Report:
        """Return the report of the job: its own findings and metrics, and these."""
        return Report.make(
            coverage=Coverage(1, 1, unit="jobs"),
            metrics=[*metrics, *self.metrics],
            findings=[*self.findings, *findings],
            data=self.data,
        )


def copy_code(script: Path, source: Path | None, to: Path, what: str = "training") -> None:
    """Copy a script, and what goes with it, to the folder ``to``.

    UsageError on a link: what it leads to is not the code's own, and would be handed to the job.
    """
    from assay.engines import requirements

    if not script.is_file():
        raise UsageError(f"there is no {what} script {str(script)!r}", remedy="check its path")
    if source is not None:
        if not source.is_dir():
            raise UsageError(f"there is no folder {str(source)!r}", remedy="check the path after `source:`")
        _plain_files(source)
        shutil.copytree(source, to, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT))
        if not (to / script.name).is_file():
            raise UsageError(f"{script.name} is not in {str(source)!r}", remedy="put it there")
        return
    to.mkdir(parents=True)
    shutil.copyfile(script, to / script.name)
    for name in ("requirements.txt", "inference.py"):
        beside = script.parent / name
        if beside.is_symlink():
            raise UsageError(
                f"{name} is a link", where=str(script.parent), remedy="put the file itself there"
            )
        if beside.is_file():
            shutil.copyfile(beside, to / name)
    wheels = requirements.read(script.parent / "requirements.txt")[1]
    for wheel in wheels:
        target = to / wheel.relative_to(script.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel, target)


def _plain_files(source: Path) -> None:
    from assay.engines.folders import entries

    for entry in entries(source):
        if not entry.is_file and not entry.is_folder and not set(entry.path.split("/")) & set(_LEFT):
            raise UsageError(
                f"{entry.path} is a link or no regular file",
                where=str(source),
                remedy="put the file itself there",
            )
