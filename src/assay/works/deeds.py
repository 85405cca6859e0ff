"""What a pipeline does besides examining and treating: it trains, and it registers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.handles import Model, Table
from assay.kernel.treatment import Made
from assay.works import cards, inputschemas, jobs, reaching
from assay.works.registering import Candidate, Registered, enter
from assay.works.scripts import Papers
from assay.works.work import LocalWork


def train(
    channels: Table | Mapping[str, Table],
    *,
    script: Annotated[Path, Doc("the training script, SageMaker script mode")],
    source: jobs.Source = None,
    hyperparameters: Annotated[dict[str, Any], Doc("given as --name value, SM_HP_NAME and SM_HPS")] = {},  # noqa: B006
    limits: jobs.Bounds = {},  # noqa: B006
    isolation: jobs.Isolation = None,
    workers: jobs.Workers = 1,
    network: jobs.Network = None,
    network_isolation: jobs.Isolated = None,
    encrypt_inter_container_traffic: jobs.Encrypted = None,
    image: jobs.Image = None,
    tune: Annotated[
        dict[str, Any] | None, Doc("hyperparameters to choose among, in trials that are parts of the run")
    ] = None,
    work: LocalWork,
) -> Made:
    """Train in the sandbox, with no network but what is named, read-only inputs, stated limits; gives ``out``, the model."""
    from assay.engines import training

    if tune:
        raise UsageError("a sweep is carried out by a run", remedy="put the step into an assay.yaml")
    job = jobs.Job.of(
        script, source, work, limits=limits, isolation=isolation, workers=workers, network=network,
        network_isolation=network_isolation, encrypted=encrypt_inter_container_traffic, image=image,
    )  # fmt: skip
    tables: Mapping[str, Table] = channels if isinstance(channels, Mapping) else {"train": channels}
    jobs.plain_names(tables, "a channel")
    folders = {
        name: training.write_channel(
            table.arrow(limit=0).schema, table.batches(), work.scratch / "channels" / name
        )
        for name, table in tables.items()
    }
    work.progress(0, 1, "training in the sandbox")
    trained = training.train(job.code / script.name, folders, hyperparameters, **job.around)
    papers = Papers.of(script, job.code, trained, work)
    findings, metrics = reaching.told(job.reach, work)
    outputs = papers.outputs
    if trained.model is not None and trained.ended.reason == "exit" and trained.ended.code == 0:
        made = work.put("model", trained.model, "tar.gz")
        outputs |= {"out": Asset("model", "model", made.uri, made.digest, "tar.gz")}
    else:
        findings.append(jobs.failed("train", "training", script, trained))
    return Made(outputs, papers.report(findings, metrics))


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
