"""A team's own processing step: its script, run over tables in the sandbox, makes tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le
from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.handles import Table
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.works import reaching
from assay.works.examine import LEFT_OUT
from assay.works.scripts import BESIDE, CHANNEL, Papers, copy_code
from assay.works.work import LocalWork

if TYPE_CHECKING:
    from assay.engines.processing import Processed


def process(
    tables: Table | Mapping[str, Table],
    *,
    script: Annotated[Path, Doc("the processing script: tables in its input folders, tables in its output")],
    source: Annotated[
        Path | None, Doc("the folder that goes with the script; alone, the script goes alone")
    ] = None,
    arguments: Annotated[
        dict[str, Any], Doc("given as --name value; {input}, {input.NAME} and {output} are the folders")
    ] = {},  # noqa: B006
    format: Annotated[
        Literal["csv", "parquet"], Doc("how its inputs are written: parquet keeps the types of columns")
    ] = "csv",
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
    work: LocalWork,
) -> Made:
    """Run the script in the sandbox, with no network but what is named and read-only inputs; what it leaves is made."""
    from assay.engines import processing
    from assay.engines.isolation.limits import read_limits

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
    given: Mapping[str, Table] = tables if isinstance(tables, Mapping) else {"data": tables}
    code = work.scratch / "code"
    copy_code(script, source, code, "processing")
    inputs = work.scratch / "processing" / "input"
    for name, table in given.items():
        if not CHANNEL.fullmatch(name):
            raise UsageError(f"an input cannot be called {name!r}", remedy="use letters, digits, -, _ and .")
        _write(table, inputs / name, format)
    work.progress(0, 1, "processing in the sandbox")
    done = processing.process(
        code / script.name,
        inputs,
        arguments,
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
    papers = Papers.of(script, code, done.log, done.ended, done.environment, work)
    outputs = papers.outputs
    findings, metrics = reaching.told(reach, work)
    metrics.append(Metric("rows_in", sum(t.rows for t in given.values()), unit="rows"))
    if done.well and not set(done.made) & set(BESIDE):
        for name, path in done.made.items():
            asset, rows, problems = _taken(path, name, work)
            outputs[name] = asset
            findings += problems
            of = {} if name == "out" else {"output": name}
            metrics.append(Metric("rows_out", rows, of=of, unit="rows"))
    else:
        findings.append(_failed(done, script))
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


def _failed(done: Processed, script: Path) -> Finding:
    from assay.engines.training import ENDED

    if done.well:
        said = f"calls a table {' or '.join(BESIDE)}, which a job leaves besides"
        remedy = "give that file of its output another name"
    else:
        said, remedy = (
            done.said,
            "read its log in the report; raise the limit under `limits:` only if it must",
        )
    reason = done.ended.reason if done.ended.reason in ENDED else "failed"
    return Finding(
        f"process.{reason}",
        Severity.CRITICAL,
        f"The processing script {script.name} {said}.{done.last_words}",
        {"file": script.name},
        remedy,
    )
