"""A model in a form that holds no code: skops, XGBoost's JSON, LightGBM's text, safetensors, JSON.

A pickle runs what it holds when it is loaded. The subject is scanned first, as any model is before it is opened, and
refused where the scan refuses it; it is loaded in the sandbox only, and what comes out is written there: an estimator of
scikit-learn's kind as skops, a booster as the text of its own library, PyTorch's weights as safetensors with the code that
stands beside them, and what answers nothing, arrays and plain values, as safetensors or JSON. With --data the model before and the model after are asked about the same rows, and what differs is
told. What skops must be told to trust is listed: read those names before you load it.

Example: assay treat model.convert model.joblib \\
  --data bookings.csv.gz -o model.tar.gz
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Model, Silent, Table, Work
from assay.kernel.report import Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "model.convert"
GIVES = "model"
CODE = ("code", "assay.json")  # what stands beside weights, and is kept


def treat(
    subject: Annotated[Model, Silent()],
    *,
    data: Annotated[Table | None, Doc("rows that both are asked about, before and after")] = None,
    tolerance: Annotated[float, Interval(ge=0, le=1), Doc("how far a score may be from what it was")] = 1e-6,
    work: Work,
) -> Made:
    """Return the model in its new form, and how its answers compare."""
    if not hasattr(subject, "converted"):
        raise UsageError(
            "a model in memory or behind a URL has no file to convert",
            remedy="give the file that it was saved to",
        )
    said, raw = subject.converted()
    folder = work.scratch / "converted"
    folder.mkdir()
    (folder / said["name"]).write_bytes(raw)
    files = getattr(subject, "files", None)
    if said["form"] == "safetensors" and files is not None:
        _beside(files, folder)
    findings = [*_types(said), *_was(subject)]
    metrics = [Metric.number("bytes", len(raw), unit="bytes")]
    metrics += [Metric.number(n, said[n], unit=n) for n in ("arrays", "values") if n in said]
    coverage = Coverage(
        0,
        0,
        (Skipped("predictions", "no --data was given: the model before and after were not compared"),),
        "rows",
    )
    if "values" in said:
        if data is not None:
            raise BadInput("it answers nothing, so no rows can be compared", where="--data")
        coverage = Coverage(said["arrays"] + said["values"], said["arrays"] + said["values"], (), "values")
    if data is not None:
        before = data.arrow()
        after, worst, rows = _compared(subject, before, folder, tolerance, work)
        findings += after
        metrics += worst
        coverage = Coverage(rows, rows, (), "rows")
    outputs = {"out": _packed(folder, said["name"], work)}
    report = Report.make(
        coverage=coverage,
        findings=findings,
        metrics=metrics,
        data={"form": said["form"], "types": said["types"]},
    )
    return Made(outputs, report)


def _beside(files: Path, folder: Path) -> None:
    """Keep the code that weights are weights of."""
    import shutil

    for name in CODE:
        source = files / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.is_file():
            shutil.copyfile(source, folder / name)


def _packed(folder: Path, name: str, work: Work) -> Asset:
    import shutil

    from assay.engines import archives

    packed = work.scratch / "converted.tar.gz"
    archives.pack(folder, packed)
    asset = work.put("out", packed, "tar.gz")
    shutil.rmtree(folder)
    packed.unlink()
    return Asset("model", "out", asset.uri, asset.digest, "tar.gz")


def _types(said: dict[str, Any]) -> list[Finding]:
    names = said["types"]
    if not names:
        return []
    return [
        Finding(
            f"{NAME}.trusted_types", Severity.LOW,
            f"Whoever reads it must trust {len(names)} types that skops does not know: {', '.join(names[:5])[:200]}.",
            {"types": names[:50]}, "read what those types do before you trust them", ("CWE-502",), len(names),
        )
    ]  # fmt: skip


def _was(subject: Model) -> list[Finding]:
    info = subject.info
    return [
        Finding(
            f"{NAME}.was", Severity.INFO,
            f"It was {info.framework}'s, as {info.format}; keep that file only as long as you must.", {},
        )
    ]  # fmt: skip


def _compared(
    subject: Model, rows: pa.Table, folder: Path, tolerance: float, work: Work
) -> tuple[list[Finding], list[Metric], int]:
    """Ask both about the same rows."""
    import numpy as np

    from assay.engines.models import open_model

    if not rows.num_rows:
        raise BadInput("there is no row to compare on", where="--data")
    was = subject.predict(rows)
    place = work.scratch / "after"
    place.mkdir()
    with contextlib.ExitStack() as stack:
        again = open_model(
            folder,
            Asset("model", "converted", str(folder), ""),
            scratch=place,
            level=getattr(subject, "level", "full"),
        )
        stack.callback(again.close)
        now = again.predict(rows)
    if was.column_names != now.column_names:
        raise BadInput(
            f"it answers {', '.join(now.column_names)[:80]} after, and {', '.join(was.column_names)[:80]} before",
            where="the converted model",
        )
    other = np.zeros(rows.num_rows, bool)
    largest = 0.0
    for name in was.column_names:
        one, two = (t.column(name).to_pandas().to_numpy() for t in (was, now))
        if one.dtype.kind in "fiub" and two.dtype.kind in "fiub":
            apart = np.abs(one.astype(float) - two.astype(float))
            apart[np.isnan(one.astype(float)) & np.isnan(two.astype(float))] = 0
            other |= ~(apart <= tolerance)
            largest = max(largest, float(np.nanmax(apart, initial=0.0)))
        else:
            other |= one.astype(str) != two.astype(str)
    count = int(other.sum())
    metrics = [
        Metric.number("rows", rows.num_rows, unit="rows"),
        Metric.number("differing", count, unit="rows"),
        Metric.number("largest_difference", largest),
    ]
    if not count:
        return [], metrics, rows.num_rows
    finding = Finding(
        f"{NAME}.differs", Severity.HIGH, f"{count:,} of {rows.num_rows:,} rows are answered otherwise after than before, by up to {largest:.3g}.",
        {}, "do not use it in its place; say a wider --tolerance where such a difference does not matter", (), count,
    )  # fmt: skip
    return [finding], metrics, rows.num_rows
