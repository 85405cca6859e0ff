"""What a pipeline does besides examining and treating: it trains, and it registers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le
from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.handles import Model, Table
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.works import cards, inputschemas, reaching
from assay.works.registering import Candidate, Registered, enter
from assay.works.scripts import CHANNEL, Papers, copy_code
from assay.works.work import LocalWork

if TYPE_CHECKING:
    from assay.engines.training import Trained


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
    workers: Annotated[int, Ge(1), Le(64), Doc("so many, in a private network among themselves alone")] = 1,
    network: Annotated[
        dict[str, Any] | None,
        Doc("stores it may reach: {allow: [https://HOST, s3://BUCKET]}; none: no network"),
    ] = None,
    network_isolation: Annotated[bool | None, Doc("true: no store is reached, whatever else is said")] = None,
    encrypt_inter_container_traffic: Annotated[
        bool | None, Doc("TLS between workers, by certificates of this job alone")
    ] = None,
    image: Annotated[Path | None, Doc("an OCI layout: the file system that the script runs in")] = None,
    tune: Annotated[
        dict[str, Any] | None, Doc("hyperparameters to choose among, in trials that are parts of the run")
    ] = None,
    work: LocalWork,
) -> Made:
    """Train in the sandbox, with no network but what is named, read-only inputs, stated limits; gives ``out``, the model."""
    from assay.engines.isolation.limits import read_limits
    from assay.engines.training import train as run_script
    from assay.engines.training import write_channel

    if tune:
        raise UsageError("a sweep is carried out by a run", remedy="put the step into an assay.yaml")
    bounds = read_limits(limits)
    reach = reaching.reach_of(
        work,
        seconds=bounds.seconds,
        workers=workers,
        network=network,
        network_isolation=network_isolation,
        encrypted=encrypt_inter_container_traffic,
        image=image,
    )
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
        limits=bounds,
        level="none" if work.isolation == "none" else isolation or work.isolation,  # type: ignore[arg-type]
        scratch=work.scratch / "job",
        requirements_cache=work.cache or work.scratch / "requirements",
        seed=work.seed,
        recorder=work.recorder,
        python=work.python,
        threads=work.threads,
        reach=reach,
    )
    papers = Papers.of(script, code, trained.log, trained.ended, trained.environment, work)
    findings, metrics = reaching.told(reach, work)
    outputs = papers.outputs
    if trained.model is not None and trained.ended.reason == "exit" and trained.ended.code == 0:
        made = work.put("model", trained.model, "tar.gz")
        outputs |= {"out": Asset("model", "model", made.uri, made.digest, "tar.gz")}
    else:
        findings.append(_failed(trained, script))
    return Made(outputs, papers.report(findings, metrics))


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
    input_schema: Annotated[
        Path | None, Doc("an edited input schema, in place of the one learnt from the training rows")
    ] = None,
    run: Candidate,
) -> Registered:
    """Register the model as PENDING, with every report of the run and its card, and strike its hallmark.

    Owner and purpose are those of its card where they are not said here. The package carries a schema of its input rows.
    """
    asset = model if isinstance(model, Asset) else model.asset
    told = cards.said(run.verdicts, asset)
    given = {"owner": owner or told.get("owner", ""), "purpose": purpose or told.get("purpose", "")}
    return enter(run, asset, as_, told | given, inputschemas.read(input_schema) if input_schema else None)


DEEDS: dict[str, Any] = {"model.register": register}
