"""A team's own processing step: its script, run over tables in the sandbox, makes tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.handles import Table
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.works import jobs, reaching
from assay.works.examine import LEFT_OUT
from assay.works.scripts import BESIDE, Papers
from assay.works.work import LocalWork


def process(
    tables: Table | Mapping[str, Table],
    *,
    script: Annotated[Path, Doc("the processing script: tables in its input folders, tables in its output")],
    source: jobs.Source = None,
    arguments: Annotated[
        dict[str, Any], Doc("given as --name value; {input}, {input.NAME} and {output} are the folders")
    ] = {},  # noqa: B006
    format: Annotated[
        Literal["csv", "parquet"], Doc("how its inputs are written: parquet keeps the types of columns")
    ] = "csv",
    limits: jobs.Bounds = {},  # noqa: B006
    isolation: jobs.Isolation = None,
    workers: jobs.Workers = 1,
    network: jobs.Network = None,
    network_isolation: jobs.Isolated = None,
    encrypt_inter_container_traffic: jobs.Encrypted = None,
    image: jobs.Image = None,
    work: LocalWork,
) -> Made:
    """Run the script in the sandbox, with no network but what is named and read-only inputs; what it leaves is made."""
    from assay.engines import processing

    job = jobs.Job.of(
        script, source, work, what="processing", limits=limits, isolation=isolation, workers=workers, network=network,
        network_isolation=network_isolation, encrypted=encrypt_inter_container_traffic, image=image,
    )  # fmt: skip
    given: Mapping[str, Table] = tables if isinstance(tables, Mapping) else {"data": tables}
    jobs.plain_names(given, "an input")
    inputs = work.scratch / "processing" / "input"
    for name, table in given.items():
        _write(table, inputs / name, format)
    work.progress(0, 1, "processing in the sandbox")
    done = processing.process(job.code / script.name, inputs, arguments, **job.around)
    papers = Papers.of(script, job.code, done, work)
    outputs = papers.outputs
    findings, metrics = reaching.told(job.reach, work)
    metrics.append(Metric("rows_in", sum(t.rows for t in given.values()), unit="rows"))
    if done.well and not set(done.made) & set(BESIDE):
        for name, path in done.made.items():
            asset, rows, problems = _taken(path, name, work)
            outputs[name] = asset
            findings += problems
            of = {} if name == "out" else {"output": name}
            metrics.append(Metric("rows_out", rows, of=of, unit="rows"))
    else:
        odd = f"calls a table {' or '.join(BESIDE)}, which a job leaves besides" if done.well else ""
        findings.append(jobs.failed("process", "processing", script, done, odd))
    return Made(outputs, papers.report(findings, metrics))


def _write(table: Table, folder: Path, format: str) -> None:
    from assay.engines.tables import write_parquet
    from assay.engines.training import write_channel

    if format == "parquet":
        folder.mkdir(parents=True)
        write_parquet(table, folder / "data.parquet")
    else:
        write_channel(table.arrow(limit=0).schema, table.batches(), folder)


def _taken(path: Path, name: str, work: LocalWork) -> tuple[Asset, int, list[Finding]]:
    """Return a table that the job wrote as an asset, its rows, and what was met while it was read.

    What could not be read of it is grave: rows that a team's own step wrote and nobody else sees are lost.
    """
    from assay.engines.tables import open_table

    scratch = work.scratch / f"taken-{name}"
    scratch.mkdir()
    with open_table(str(path), name=name, scratch=scratch) as table:
        asset, rows = work.put(name, table), table.rows
        found: list[Any] = [
            f if f.rule not in LEFT_OUT else Finding(f.rule, Severity.HIGH, f.message, f.where, f.remedy)
            for f in table.problems
        ]
    return asset, rows, found
