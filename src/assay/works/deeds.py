"""What a pipeline does besides examining and treating: it trains, and it registers."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.handles import Model, Table
from assay.kernel.report import Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.works import cards
from assay.works.examine import isolation_finding
from assay.works.registering import Candidate, Registered, enter
from assay.works.work import LocalWork

if TYPE_CHECKING:
    from assay.engines.training import Trained

_LEFT = (".git", ".venv", "__pycache__", ".assay")  # of a folder of code
CHANNEL = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*")


def train(
    channels: Table | Mapping[str, Table],
    *,
    script: Annotated[Path, Doc("the training script, SageMaker script mode")],
    source: Annotated[
        Path | None, Doc("the folder that goes with the script; alone, the script goes alone")
    ] = None,
    hyperparameters: Annotated[dict[str, Any], Doc("given as --name value, SM_HP_NAME and SM_HPS")] = {},  # noqa: B006
    limits: Annotated[dict[str, Any], Doc("memory, minutes, processes, disk")] = {},  # noqa: B006
    isolation: Annotated[
        Literal["full", "partial"] | None, Doc("the least isolation this script accepts")
    ] = None,
    work: LocalWork,
) -> Made:
    """Train in the sandbox, with no network, read-only inputs and stated limits; gives ``out``, the model."""
    from assay.engines.folders import tail
    from assay.engines.isolation.limits import read_limits
    from assay.engines.training import train as run_script
    from assay.engines.training import write_channel

    tables: Mapping[str, Table] = channels if isinstance(channels, Mapping) else {"train": channels}
    code = work.scratch / "code"
    copy_code(script, source, code)
    for name in tables:
        if not CHANNEL.fullmatch(name):
            raise UsageError(f"a channel cannot be called {name!r}", remedy="use letters, digits, -, _ and .")
    folders = {
        name: write_channel(table.arrow(limit=0).schema, table.batches(), work.scratch / "channels" / name)
        for name, table in tables.items()
    }
    work.progress(0, 1, "training in the sandbox")
    trained = run_script(
        code / script.name,
        folders,
        hyperparameters,
        limits=read_limits(limits),
        level="none" if work.isolation == "none" else isolation or work.isolation,  # type: ignore[arg-type]
        scratch=work.scratch / "job",
        requirements_cache=work.cache or work.scratch / "requirements",
        seed=work.seed,
    )
    ended = trained.ended
    log = tail(trained.log, 4 << 20)
    outputs = {"log": work.put("log", log, "txt"), "code": _renamed(work.put("code", code), script)}
    environment = {**trained.environment, "isolation": ended.level, "layers": dict(ended.layers)}
    outputs["environment"] = work.put("environment", json.dumps(environment, indent=1).encode(), "json")
    findings: list[Finding] = []
    if ended.level != "full":
        findings.append(isolation_finding(ended.level))
    if trained.model is not None and ended.reason == "exit" and ended.code == 0:
        made = work.put("model", trained.model, "tar.gz")
        outputs["out"] = Asset("model", "model", made.uri, made.digest, "tar.gz")
    else:
        findings.append(_failed(trained, script))
    metrics = [
        Metric("seconds", round(ended.seconds, 3)),
        Metric("peak_memory", ended.peak_memory, unit="bytes"),
    ]
    report = Report.make(
        coverage=Coverage(1, 1, unit="jobs"),
        metrics=metrics,
        findings=findings,
        data={
            "log": log[-8000:].decode("utf-8", "replace"),
            "environment": environment,
            "script": script.name,
        },
    )
    return Made(outputs, report)


def _renamed(asset: Asset, script: Path) -> Asset:
    return Asset("tree", script.stem, asset.uri, asset.digest, "folder")


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


def _failed(trained: Trained, script: Path) -> Finding:
    from assay.engines.training import ENDED

    reason = trained.ended.reason if trained.ended.reason in ENDED else "failed"
    return Finding(
        f"train.{reason}",
        Severity.CRITICAL,
        f"The training script {script.name} {trained.said}.{trained.last_words}",
        {"file": script.name},
        "read its log in the report; raise the limit under `limits:` only if the job needs it",
    )


def register(
    model: Model | Asset,
    *,
    as_: Annotated[str, Doc("the name it is registered under")],
    owner: Annotated[str, Doc("who answers for the model")] = "",
    purpose: Annotated[str, Doc("what the model is for")] = "",
    run: Candidate,
) -> Registered:
    """Register the model as PENDING, with every report of the run and its card, and strike its hallmark.

    Owner and purpose are those of its card where they are not said here.
    """
    asset = model if isinstance(model, Asset) else model.asset
    told = cards.said(run.verdicts, asset)
    given = {"owner": owner or told.get("owner", ""), "purpose": purpose or told.get("purpose", "")}
    return enter(run, asset, as_, told | given)


DEEDS: dict[str, Any] = {"model.register": register}
