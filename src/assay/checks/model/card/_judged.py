"""How well the model does, how it treats groups, and what it goes by: taken from the reports, each with its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.checks.model.card._behind import Behind
from assay.checks.model.card._importance import importance
from assay.checks.model.card._model import positive
from assay.kernel.card import Evaluation, Explanation, Facet, Slice, Told
from assay.kernel.report import Metric, Report

_ASIDE = ("judged_rows", "generalisation_gap", "rows_in_training")
_YARDSTICKS = ("constant guess", "random order", "naive forecast")
_OF_ALL = (
    "bar",
    "grouped_bar",
    "interval",
    "line",
    "histogram",
    "heatmap",
)  # kinds that are not drawn of one row
_MOST = 2_000  # metrics of one facet


def evaluations(behind: Behind) -> tuple[Evaluation, ...]:
    """Return one for each table that it was validated on."""
    return tuple(_evaluation(r, behind) for r in behind.of("model.validate") if not r.error)


def _evaluation(report: Report, behind: Behind) -> Evaluation:
    data = report.inputs.get("data") or report.subject
    said = report.data
    slices = said.get("slices")
    metrics = [m for m in report.metrics if m.name not in _ASIDE]
    return Evaluation(
        data.name if data else "",
        data.digest if data else "",
        report.coverage.of if report.coverage.unit == "rows" else None,
        problem=_text(said.get("problem")),
        label=_text(report.params.get("label")),
        positive=positive(report),
        headline=_text(said.get("metric")),
        why=_text(said.get("why")),
        scores=tuple(m for m in metrics if not m.of),
        guess=tuple(m for m in metrics if m.of.get("model") in _YARDSTICKS),
        folds=tuple(m for m in metrics if tuple(m.of) == ("folds",)),
        training=tuple(m for m in metrics if m.of == {"data": "training"}),
        fitting=_text(said.get("fitting")),
        slices=tuple(_slices(report)),
        searched=isinstance(slices, Mapping),
        robustness=tuple(m for m in metrics if m.name.endswith("_under") and tuple(m.of) == ("data",)),
        charts=report.charts[:12],
        source=behind.digest(report),
    )


def _slices(report: Report) -> list[Slice]:
    by: dict[str, dict[str, Metric]] = {}
    for metric in report.metrics:
        if tuple(metric.of) == ("slice",):
            by.setdefault(str(metric.of["slice"]), {})[metric.name] = metric

    def value(held: Mapping[str, Metric], name: str) -> float | None:
        return held[name].value if name in held else None

    out = []
    for where, held in by.items():
        rows = value(held, "rows")
        out.append(
            Slice(
                where,
                int(rows) if rows is not None else None,
                value(held, "loss"),
                value(held, "loss_elsewhere"),
                value(held, "adjusted_p"),
            )
        )
    return out


def facets(behind: Behind) -> tuple[Facet, ...]:
    """Return one for each facet of each report of bias, of the training data before and of the model after."""
    out: list[Facet] = []
    for table in behind.training:
        out += [f for r in behind.on(table.digest) if r.check == "data.bias" for f in _facets(r, behind)]
    for report in behind.of("model.bias"):
        out += _facets(report, behind)
    return tuple(out)


def _facets(report: Report, behind: Behind) -> Sequence[Facet]:
    names = dict.fromkeys(str(m.of["facet"]) for m in report.metrics if "facet" in m.of)
    data = report.inputs.get("data") or report.subject
    out = []
    for name in names:
        of = [m for m in report.metrics if str(m.of.get("facet")) == name][:_MOST]
        groups = {
            str(m.of["group"]): int(m.value)
            for m in of
            if m.name == "rows" and "group" in m.of and m.value is not None
        }
        out.append(
            Facet(
                "before" if report.check == "data.bias" else "after",
                name,
                data.name if data else "",
                groups,
                tuple(m for m in of if m.name != "rows"),
                tuple(f.message for f in report.findings if str(f.where.get("facet")) == name)[:50],
                positive(report),
                _against(report),
                tuple(c for c in report.charts if f" by {name} " in f"{c.title} ")[:2],
                behind.digest(report),
            )
        )
    return out


def _against(report: Report) -> str:
    """Return the limits that differences were held against."""
    policy = report.params.get("policy")
    if policy:
        return f"the limits of {str(policy).rpartition('/')[2]}"
    threshold = report.params.get("threshold")
    most = threshold if isinstance(threshold, (int, float)) else 0.1
    return f"differences of rates above {most:g}, ratios under 0.8 or above 1.25 (four fifths)"


def explanations(behind: Behind) -> tuple[Explanation, ...]:
    """Return what each explanation found it to go by. Charts of single rows are left out: they show somebody's values."""
    out = []
    for report in behind.of("model.explain"):
        data = report.inputs.get("data")
        ordered = importance(report)
        added = next((m.value for m in report.metrics if m.name == "additivity"), None)
        if ordered:
            out.append(
                Explanation(
                    data.name if data else "",
                    _text(report.data.get("method")),
                    _text(report.data.get("unit")),
                    tuple(ordered),
                    added,
                    tuple(c for c in report.charts if c.kind in _OF_ALL)[:6],
                    behind.digest(report),
                )
            )
    return tuple(out)


def scanned(behind: Behind) -> tuple[Told, ...]:
    """Return what model.scan says of it."""
    out = []
    for report in behind.of("model.scan"):
        digest, seen = behind.digest(report), report.coverage
        if not report.findings and seen.complete:
            out.append(
                Told(
                    f"Nothing in its {seen.examined} files runs by being loaded, as far as is known.",
                    digest,
                    report.check,
                )
            )
        out += [Told(f.message, digest, report.check) for f in report.findings[:20]]
    return tuple(out)


def _text(value: object) -> str:
    return value[:500] if isinstance(value, str) else ""
