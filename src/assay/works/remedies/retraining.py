"""Retraining: the pipeline is run with the rows whose truth is known by now, and its model proposed as a challenger.

The latest quarter of the new rows is kept from the training; the challenger and the model that answers now are both asked about
them (model.validate, with the difference's interval). What is registered is PENDING: people decide.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from assay.kernel.action import Begun, Made, Settled, Writer
from assay.kernel.asset import Asset
from assay.kernel.canonical import sha256
from assay.kernel.errors import AssayError, UsageError
from assay.works.monitoring import sources, times
from assay.works.remedies.remedy import Remedy
from assay.works.remedies.serving import ToEndpoint

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.office.office import Tx
    from assay.works.done import Done
    from assay.works.step import Step

_ROWS, _HELD, _TRUTH = 5_000_000, 0.25, "truth"


class _Silent:
    def begun(self, step: Step, index: int, of: int) -> None:
        """Nobody watches."""

    def progress(self, done: int, of: int, what: str) -> None:
        """Nobody watches."""

    def ended(self, done: Done) -> None:
        """Nobody watches."""


class Retrain(Remedy):
    """A pipeline run with new rows, and what it makes held against what answers now."""

    verb = "retrain"

    def do(self, begun: Begun) -> Made:
        """Run the pipeline and compare; UsageError where too few truths are known, or it registers no model."""
        from assay.works.running import run_file

        said, file = self.asked.said, Path(self.asked.said["pipeline"])
        trained, held = self._rows(file)
        folder = self.home.folder("retraining", self.asked.mark)
        place = folder / f"{said['data']}.parquet"
        _written(trained, place)
        result = run_file(
            file,
            start=file.parent,
            environment={
                **os.environ,
                "ASSAY_HOME": str(self.home.root.resolve()),
                "ASSAY_ACTOR": self.actor,
            },
            sets=tuple(f"{k}={v}" for k, v in said["set"].items()),
            data={said["data"]: str(place)},
            observer=_Silent(),
        )
        if result.registered is None:
            raise UsageError(
                f"the pipeline ended with {result.outcome} and registered no model",
                remedy=f"see `assay runs show {result.id}`",
            )
        made = {
            "run": result.id,
            "outcome": result.outcome,
            "model": result.registered.record.title,
            "rows": trained.num_rows,
        }
        return {**made, **self._compared(result.registered.record.title, held, folder)}

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Tell of it, and propose the challenger as a shadow where that is asked for."""
        from dataclasses import replace

        from assay.office import actions

        if self.asked.said.get("shadow") and self.monitor.endpoint:
            part = f"{self.asked.part}-shadow"
            order = replace(self.asked, verb="shadow", part=part, said={"package": made["model"]})
            actions.propose(cast("Tx", tx), Shadow(self.home, order, self.actor))
        return super().settle(tx, made)

    def _rows(self, file: Path) -> tuple[pa.Table, pa.Table]:
        """Return the rows to train on, in the form of the pipeline's data set, and those that are kept from it."""
        import pyarrow as pa

        from assay.works.checking import bench
        from assay.works.pipeline import load
        from assay.works.resolve import pin

        said, label = self.asked.said, str(self.asked.said["label"])
        pipeline = load(file)
        if said["data"] not in pipeline.data:
            raise UsageError(f"{file} has no data set {said['data']!r}", remedy="name one of its data sets")
        fresh = self._labelled(label)
        if fresh.num_rows < said["least"]:
            raise UsageError(
                f"the truth of {fresh.num_rows:,} rows is known, and the rule asks for {int(said['least']):,}",
                remedy="wait for more, or say `least: N`",
            )
        with bench(self.home) as table:
            asset = pin(pipeline.data[said["data"]], ("table",), self.home.store, self.home)
            with table.opened(asset, "table") as found:
                old = found.arrow()
        if label not in old.column_names:
            raise UsageError(f"the data set {said['data']} has no column {label!r}", remedy="name its label")
        fresh = _shaped(fresh, old)
        border = fresh.num_rows - max(1, int(fresh.num_rows * _HELD))
        trained = fresh.slice(0, border)
        return (pa.concat_tables([old, trained]) if said["with_old"] else trained), fresh.slice(border)

    def _labelled(self, label: str) -> pa.Table:
        """Return the rows of the window whose truth is known, in the order they came, the truth under the label's name."""
        end = times.seconds(self.execution.end)
        rows = sources.of(self.home, self.monitor).rows(end - float(self.asked.said["window"]), end, _ROWS)
        truth = _TRUTH if _TRUTH in rows.column_names else label
        if truth not in rows.column_names:
            raise UsageError(
                "no truth is known of any row", remedy="take it in: assay endpoint truth ENDPOINT FILE"
            )
        kept = [n for n in rows.column_names if not n.startswith("__") and n not in (label, truth)]
        known = rows.filter(rows[truth].is_valid())
        return known.select([*kept, truth]).rename_columns([*kept, label])

    def _compared(self, challenger: str, held: pa.Table, folder: Path) -> dict[str, Any]:
        """Return the report of both models on the rows that were kept from the training."""
        from assay.office import endpoints
        from assay.works.checking import carry_out

        if not self.monitor.endpoint:
            return {"against": None}
        arms = [a for a in endpoints.get(self.home.office, self.monitor.endpoint).arms if not a.shadow]
        champion = max(arms, key=lambda a: a.weight).package
        place = folder / "held.parquet"
        _written(held, place)
        params = {
            "data": Asset(
                "table",
                f"new rows of {self.monitor.endpoint}",
                str(place),
                self.home.store.put_file(place),
                "parquet",
            ),
            "label": self.asked.said["label"],
            "against": f"registry://{champion}",
        }
        try:
            verdict = carry_out("check", "model.validate", f"registry://{challenger}", params, home=self.home)
        except (
            AssayError
        ) as error:  # the challenger stands; what it is worth beside the champion is not known
            return {"against": champion, "why": str(error)[:300]}
        report = verdict.report
        return {
            "against": champion,
            "outcome_of_comparison": verdict.outcome,
            "report": sha256(report.to_json()),
            "held": held.num_rows,
        }


class Shadow(ToEndpoint):
    """The challenger asked beside the models that answer; its answers are captured and given to nobody."""

    verb = "shadow"

    def do(self, begun: Begun) -> Made:
        """Add it; Refused while nobody has approved it."""
        from dataclasses import asdict

        from assay.office import endpoints

        arms = endpoints.get(self.home.office, self.monitor.endpoint).arms
        wanted = [{k: v for k, v in asdict(a).items() if k != "digest"} for a in arms]
        title = str(self.asked.said["package"])
        wanted.append({"package": title, "name": f"challenger-{title.rpartition('@')[2]}", "shadow": True})
        return {**self._call("endpoint.update", variants=wanted), "package": title}


def _shaped(fresh: pa.Table, old: pa.Table) -> pa.Table:
    """Return rows with the columns and types of a table; what it does not know is left out, what they lack is missing."""
    import pyarrow as pa

    columns = []
    for field in old.schema:
        if field.name not in fresh.column_names:
            columns.append(pa.nulls(fresh.num_rows, field.type))
            continue
        column = fresh[field.name]
        try:
            columns.append(column.cast(field.type, safe=False))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise UsageError(
                f"{field.name} is {column.type} in what was asked and {field.type} in what was trained on",
                remedy="bring the requests to the types of the data set",
            ) from None
    return pa.table(columns, schema=old.schema.remove_metadata())


def _written(rows: pa.Table, place: Path) -> None:
    from assay.engines.tables import write_parquet

    write_parquet(rows, place)
