"""runs compare, runs experiments: runs in one table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context, show

_WIDE = 80
_LEAST = 8  # characters of a column


@click.command()
@click.argument("names", metavar="RUNS", nargs=-1)
@click.option("--experiment", metavar="NAME", help="The runs of this experiment.")
@click.option(
    "--parts-of", metavar="RUN", help="The parts of a run: the trials of a sweep, or what ran inside it."
)
@click.option("--by", metavar="METRIC", help="Sort by this metric, the greatest first.")
@click.option("--ascending", is_flag=True, help="The least first.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many runs.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text", help="How to print."
)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write it to this file.")
def compare(
    names: tuple[str, ...],
    experiment: str | None,
    parts_of: str | None,
    by: str | None,
    ascending: bool,
    limit: int,
    format_: str,
    output: Path | None,
) -> None:
    """Runs in one table: what was set, and what came of it.

    Parameters that are the same in all runs are left out of the text, and
    metrics that are stand last. What has no room in 80 columns is named below;
    csv and json hold all of it.

    Example: assay runs compare --experiment bookings --by f1
    """
    found = context.call(
        "runs.compare",
        names=names,
        experiment=experiment,
        parts_of=parts_of,
        by=by,
        ascending=ascending,
        limit=limit,
    )
    if format_ == "csv":
        return context.emit(_csv(found), output)
    if format_ == "json" or output is not None:
        import json

        return context.emit(json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False), output)
    return _text(found)


def _csv(found: Mapping[str, Any]) -> str:
    from assay.reports.csvs import table

    rows = [
        [run["id"], run["outcome"], run["started"], *(run["params"].get(n) for n in found["params"]),
         *(run["metrics"].get(n) for n in found["metrics"])]
        for run in found["runs"]
    ]  # fmt: skip
    return table(["run", "outcome", "started", *found["params"], *found["metrics"]], rows)


def _text(found: Mapping[str, Any]) -> None:
    same = {n: len({r["metrics"].get(n) for r in found["runs"]}) == 1 for n in found["metrics"]}
    metrics = [found["by"]] if found["by"] else []
    metrics += [n for n in sorted(found["metrics"], key=lambda n: same[n]) if n not in metrics]
    wanted = [*(("params", n) for n in found["differing"]), *(("metrics", n) for n in metrics)]
    if found["by"]:
        wanted.remove(("metrics", found["by"]))
        wanted.insert(0, ("metrics", found["by"]))
    rows = found["runs"]
    room = _WIDE - max((len(r["id"]) for r in rows), default=3) - 2 - 13
    kept: list[tuple[str, str]] = []
    left: list[str] = []
    for kind, name in wanted:
        need = max(len(name), *(len(_shown(r[kind].get(name))) for r in rows)) + 2
        if need > room and (kept or room < _LEAST):
            left.append(name)
            continue
        kept.append((kind, name))
        room -= need
    told = [
        {"id": r["id"], "outcome": r.get("state") or r["outcome"]}
        | {f"{kind}.{name}": _shown(r[kind].get(name)) for kind, name in kept}
        for r in rows
    ]
    columns = [("id", "run"), ("outcome", "outcome"), *((f"{kind}.{name}", name) for kind, name in kept)]
    show.table(told, columns, "there is no run to compare", whole=("id",))
    if left:
        show.fields([("also", f"{', '.join(left[:12])}{' …' if len(left) > 12 else ''} (--format csv)")])


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


@click.command()
@context.format_option
def experiments(format_: str) -> None:
    """List the experiments, and how many runs each has.

    Example: assay runs experiments
    """
    found = context.call("runs.experiments")
    if format_ == "json":
        return context.emit_json(found)
    return show.table(found["experiments"], (("name", "experiment"), ("runs", "runs")), "no run yet")
