"""Mask: sensitive values hidden, by what a report of data.pii found or in the columns you name.

`partial` keeps what is useful and names nobody (`*******@email.com`, the last four digits, a date's year); `redact` hides all;
`hash` puts 16 hex digits in its place, equal for equal values, under a key that is drawn for this run and thrown away, so that
nobody can try guesses; `drop` leaves the column out. Inside longer texts only the occurrences are hidden. A masked column
is text, and a missing value stays missing.

Example: assay treat data.mask customers.csv --columns email -o masked.parquet
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made

if TYPE_CHECKING:
    import pyarrow as pa


def treat(
    table: Table,
    *,
    using: Annotated[Report | None, Doc("a report of data.pii: the columns it found are masked")] = None,
    columns: Annotated[tuple[Column, ...], Doc("a column to mask, besides those of the report")] = (),
    method: Annotated[Literal["partial", "redact", "hash", "drop"], Doc("how values are hidden")] = "partial",
    keep: Annotated[tuple[Column, ...], Doc("a column of the report to leave as it is")] = (),
    work: Work,
) -> Made:
    """Return the table with its sensitive values hidden."""
    from assay.engines.rewrite import rewrite

    whole, inside = _found(using)
    present = [c.name for c in table.columns]
    whole = {c: k for c, k in whole.items() if c in present and c not in keep}
    whole |= {c: whole.get(c, "") for c in columns}
    inside = {c: k for c, k in inside.items() if c in present and c not in keep and c not in whole}
    dropped = [c for c in present if method == "drop" and (c in whole or c in inside)]
    left = [c for c in present if c not in dropped]
    if not left:
        raise UsageError("no column would be left", where=table.asset.name, remedy="choose another method")
    masks = {} if method == "drop" else _masks(whole, inside, method)
    counts = dict.fromkeys(masks, 0)

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        import pyarrow as pa

        for name, mask in masks.items():
            place = batch.schema.get_field_index(name)
            array, changed = _masked(batch.column(place), mask)
            counts[name] += changed
            batch = batch.set_column(place, pa.field(name, pa.string()), array)
        return batch

    out = rewrite(table, work, "out", change, left)
    return Made({"out": out}, _report(table, whole, inside, counts, dropped, method))


def _found(using: Report | None) -> tuple[dict[str, str], dict[str, list[str]]]:
    if using is None:
        return {}, {}
    whole, inside = using.data.get("columns"), using.data.get("inside", {})
    if not isinstance(whole, Mapping) or not isinstance(inside, Mapping):
        raise UsageError(
            "the report given as `using` names no sensitive columns", remedy="give a report of data.pii"
        )
    return {str(c): str(k) for c, k in whole.items()}, {
        str(c): [str(k) for k in v] for c, v in inside.items()
    }


def _masks(
    whole: Mapping[str, str], inside: Mapping[str, list[str]], method: str
) -> dict[str, Callable[[str], str]]:
    from assay.methods import masking
    from assay.methods.integrity.column import words
    from assay.methods.recognise.scan import Scan

    # Drawn from the machine, not from the seed: whoever knows the seed must not be able to try guesses.
    digest = masking.keyed(secrets.token_bytes(32)) if method == "hash" else masking.redact

    def of(kind: str) -> Callable[[str], str]:
        return masking.PARTIAL.get(kind, masking.redact) if method == "partial" else digest

    def within(name: str, kinds: list[str]) -> Callable[[str], str]:
        forms = [f for f in Scan(name, "text", words(name)).forms() if f.type in kinds]

        def mask(text: str) -> str:
            for form in forms:
                for start, end in reversed(list(form.spans(text))):
                    text = text[:start] + of(form.type)(text[start:end]) + text[end:]
            return text

        return mask

    return {c: of(k) for c, k in whole.items()} | {c: within(c, k) for c, k in inside.items()}


def _masked(array: Any, mask: Callable[[str], str]) -> tuple[Any, int]:
    """Return a batch's column masked, each distinct value once, and how many cells changed."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.recognise.scan import as_text

    text = as_text(array)
    encoded = text.dictionary_encode()
    before = encoded.dictionary.to_pylist()
    after = [mask(t) for t in before]
    changed = np.array([a != b for a, b in zip(before, after, strict=True)] or [False])
    places = encoded.indices.drop_null().to_numpy(zero_copy_only=False)
    out = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(after, pa.string())).cast(pa.string())
    return out, int(changed[places].sum()) if len(places) else 0


def _report(
    table: Table,
    whole: Mapping[str, str],
    inside: Mapping[str, list[str]],
    counts: Mapping[str, int],
    dropped: list[str],
    method: str,
) -> Report:
    findings = [
        Finding(
            "data.mask.masked",
            Severity.INFO,
            f"{count:,} cells of {name} were masked ({method}, {whole.get(name) or ', '.join(inside.get(name, [])) or 'named'}).",
            {"column": name},
            count=max(1, count),
        )
        for name, count in counts.items()
    ]
    findings += [
        Finding("data.mask.dropped", Severity.INFO, f"{name} was left out.", {"column": name})
        for name in dropped
    ]
    if not findings:
        said = "Nothing sensitive was found or named, so the table was copied unchanged."
        findings = [Finding("data.mask.unchanged", Severity.INFO, said)]
    metrics = [
        Metric("cells_masked", sum(counts.values()), unit="cells"),
        Metric("columns_masked", len(counts) + len(dropped), unit="columns"),
        *(Metric("cells_masked", n, of={"column": c}, unit="cells") for c, n in counts.items()),
    ]
    rows = tuple({"column": c, "cells": n} for c, n in list(counts.items())[:50])
    charts = (
        [Chart("Cells masked", "bar", rows, "column", "cells", alt=f"{sum(counts.values())} cells.")]
        if rows
        else []
    )
    return Report.make(
        coverage=Coverage(table.rows, table.rows),
        metrics=metrics,
        findings=findings,
        charts=charts,
        data={"masked": sorted(counts), "dropped": dropped, "method": method},
    )
