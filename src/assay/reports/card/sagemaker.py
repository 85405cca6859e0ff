"""A SageMaker model card: the request of CreateModelCard, whose Content is the card as JSON in a text.

The content follows the model card JSON schema of the SageMaker developer guide, with the lengths and words that it allows
(AWS::SageMaker::ModelCard in CloudFormation has the same); Content holds at most 100,000 characters, and what does not
fit is left out from the back. `aws sagemaker create-model-card --cli-input-json file://sagemaker.json` sends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from assay.kernel.card import Card, Evaluation, Explanation, Facet
from assay.kernel.report import Chart, Metric
from assay.reports.card.metrics import LOWER_IS_BETTER, OF_FACETS
from assay.reports.numbers import number

LONGEST = 100_000  # characters of Content
_TEXT, _OBSERVED, _SHORT, _AXIS, _GROUP = 2048, 2096, 1024, 63, 63
_NAME = 255
_LEFT_OUT = "Some metrics did not fit and were left out. "
_STATUS = {
    "APPROVED": "Approved", "PENDING": "PendingReview", "EXPIRED": "PendingReview", "REJECTED": "Draft",
    "ARCHIVED": "Archived", "RETIRED": "Archived",
}  # fmt: skip
_RISK = {
    "minimal": "Low",
    "low": "Low",
    "limited": "Medium",
    "medium": "Medium",
    "high": "High",
    "unacceptable": "High",
}
_TASKS = {
    "binary": "BinaryClassification",
    "multiclass": "MulticlassClassification",
    "regression": "Regression",
}


def request(card: Card) -> dict[str, Any]:
    """Return the request: ModelCardName, ModelCardStatus, Content and Tags."""
    return {
        "ModelCardName": name(card),
        "ModelCardStatus": _STATUS.get(card.standing.status, "Draft"),
        "Content": _dumped(_fitting(content(card))),
        "Tags": [
            {"Key": "assay:digest", "Value": card.model.digest[:256]},
            {"Key": "assay:schema", "Value": card.schema},
        ],
    }


def name(card: Card) -> str:
    """Return the card's name: letters, digits and single hyphens, 63 of them at most."""
    said = (card.standing.name or card.model.name).partition("@")[0]
    version = f"-{card.standing.version}" if card.standing.version else ""
    words = "-".join(re.findall(r"[a-zA-Z0-9]+", said)) or "model"
    return words[: 63 - len(version)].rstrip("-") + version


def content(card: Card) -> dict[str, Any]:
    """Return the content, as the published schema wants it, however long."""
    return _filled(
        {
            "model_overview": _overview(card),
            "intended_uses": _filled(
                {
                    "purpose_of_model": _cut(card.first("description") or card.first("intended_use"), _TEXT),
                    "intended_uses": _cut(
                        _lines(
                            ("", card.said("intended_use")),
                            ("Users", card.said("users")),
                            ("Not for", card.said("out_of_scope")),
                        ),
                        _TEXT,
                    ),
                    "factors_affecting_model_efficiency": _cut(
                        _lines(("", card.said("limits")), ("Found", [x.sentence for x in card.limits])), _TEXT
                    ),
                    "risk_rating": _RISK.get(card.first("risk_tier"), "Unknown"),
                    "explanations_for_risk_rating": _cut(card.first("risk_reason"), _TEXT),
                }
            ),
            "business_details": _filled(
                {
                    "business_problem": _cut(card.first("business_problem"), _TEXT),
                    "business_stakeholders": _cut("\n".join(card.said("stakeholders")), _TEXT),
                    "line_of_business": _cut(card.first("line_of_business"), _TEXT),
                }
            ),
            "training_details": _training(card),
            "evaluation_details": _details(card),
            "additional_information": _filled(
                {
                    "ethical_considerations": _cut("\n".join(_considered(card)), _TEXT),
                    "caveats_and_recommendations": _cut(
                        _lines(
                            ("Oversight", card.said("human_oversight")),
                            ("Upkeep", card.said("maintenance")),
                            ("Not examined", [t.sentence for t in card.gaps]),
                        ),
                        _TEXT,
                    ),
                    "custom_details": _custom(card),
                }
            ),
        }
    )


def _overview(card: Card) -> dict[str, Any]:
    model = card.model
    return _filled(
        {
            "model_id": _cut(
                f"{card.standing.name}@{card.standing.version}" if card.standing.version else model.digest,
                _SHORT,
            ),
            "model_name": _cut(card.title, _SHORT),
            "model_description": _cut(card.first("description") or card.first("intended_use"), _SHORT),
            "model_version": card.standing.version or None,
            "problem_type": _cut(_TASKS.get(model.task, model.task), _SHORT),
            "algorithm_type": _cut(model.framework, _SHORT),
            "model_creator": _cut(card.standing.registered_by, _SHORT),
            "model_owner": _cut(card.first("owner"), _SHORT),
        }
    )


def _training(card: Card) -> dict[str, Any]:
    one = card.training
    observed = [t.sentence for t in (*card.changes, *card.personal)]
    job: dict[str, Any] = _filled(
        {
            "training_datasets": [
                _cut(f"{d.name} {d.digest}".strip(), _SHORT) for d in card.data_of("training")
            ][:15]
        }
    )
    if one is not None:
        job["user_provided_hyper_parameters"] = [
            {"name": _cut(k, _NAME), "value": _cut(v, _NAME)}
            for k, v in one.hyperparameters.items()
            if k and v
        ][:100]
        measured = (("training_seconds", one.seconds, ""), ("peak_memory_bytes", one.peak_memory, ""))
        scored = [(f"training_{m.name}", m.value, "") for e in card.evaluations[:1] for m in e.training]
        job["user_provided_training_metrics"] = [
            _filled({"name": _cut(n, _NAME), "value": v, "notes": notes})
            for n, v, notes in (*measured, *scored)
            if v is not None
        ][:50]
    out: dict[str, Any] = {
        "training_observations": _cut(" ".join(observed), _SHORT),
        "training_job_details": _filled(job),
    }
    headline = card.evaluations[0].headline if card.evaluations else ""
    if headline:
        way = "Minimize" if headline.startswith(LOWER_IS_BETTER) else "Maximize"
        notes = (
            f"The score that stands for it, because {card.evaluations[0].why}."
            if card.evaluations[0].why
            else ""
        )
        out["objective_function"] = _filled(
            {"function": {"function": way, "facet": _cut(headline, _AXIS)}, "notes": _cut(notes, _SHORT)}
        )
    return _filled(out)


def _details(card: Card) -> list[dict[str, Any]]:
    out = [_validated(e) for e in card.evaluations]
    out += [_compared(f) for f in card.facets]
    out += [_explained(e) for e in card.explanations]
    named: dict[str, int] = {}
    for one in out:  # a name stands once
        base = one["name"]
        named[base] = named.get(base, 0) + 1
        if named[base] > 1:
            one["name"] = f"{base[: _GROUP - 4]} {named[base]}"
    return out


def _detail(
    title: str, observed: str, data: str, digest: str, source: str, groups: Mapping[str, list[Any]]
) -> dict[str, Any]:
    metadata = _filled({"report": _cut(source, _SHORT), "data_digest": _cut(digest, _SHORT)})
    return _filled(
        {
            "name": _cut(title, _GROUP),
            "evaluation_observation": _cut(observed, _OBSERVED),
            "datasets": [_cut(data, _SHORT)] if data else [],
            "metadata": metadata,
            "metric_groups": [{"name": _cut(n, _GROUP), "metric_data": m} for n, m in groups.items() if m],
        }
    )


def _validated(one: Evaluation) -> dict[str, Any]:
    observed = (
        [f"The score that stands for it is {one.headline}, because {one.why}."]
        if one.headline and one.why
        else []
    )
    observed += [f"Fit: {one.fitting}."] if one.fitting else []
    observed += [
        f"Weak where {s.where}: loss {number(s.loss)}, elsewhere {number(s.elsewhere)}." for s in one.slices
    ]
    groups = {
        "scores": [m for m in map(_number, one.scores) if m],
        f"a {one.guesser}": [m for m in map(_number, one.guess) if m],
        "weakest subgroups": [
            {
                "name": _cut(s.where, _NAME),
                "type": "number",
                "value": s.loss,
                "notes": f"mean loss over {number(s.rows)} rows; {number(s.elsewhere)} elsewhere",
            }
            for s in one.slices
            if s.loss is not None
        ],
        "data made worse": [
            {"name": _cut(str(m.of.get("data")), _NAME), "type": "number", "value": m.value}
            for m in one.robustness
            if m.value is not None
        ],
        "charts": [c for c in map(_drawn, one.charts) if c],
    }
    return _detail(f"Validation on {one.data}", " ".join(observed), one.data, one.digest, one.source, groups)


def _compared(one: Facet) -> dict[str, Any]:
    when = "Bias of the model" if one.when == "after" else "Bias of the data"
    groups: dict[str, list[Any]] = {}
    for found in one.metrics:
        if found.name in OF_FACETS and found.value is not None:
            group = str(found.of.get("group", "all groups"))
            made = _number(found)
            if made and len(groups.get(group, ())) < 20 and (group in groups or len(groups) < 20):
                groups.setdefault(group, []).append(made)
    observed = " ".join([*one.found, f"Held against {one.against}."])
    return _detail(f"{when} by {one.name}", observed, one.data, "", one.source, groups)


def _explained(one: Explanation) -> dict[str, Any]:
    shown = [m for m in one.importance if m.value is not None][:20]
    bars: list[dict[str, Any]] = []
    if shown:
        bars = [
            {
                "name": "Mean part of each feature in its answers",
                "type": "bar_chart",
                "value": [m.value for m in shown],
                "x_axis_name": [_cut(str(m.of.get("feature")), _AXIS) for m in shown],
                "y_axis_name": _cut(one.unit or "mean absolute value", _AXIS),
            }
        ]
    return _detail(
        f"Explanation on {one.data}", f"By {one.method}.", one.data, "", one.source, {"importance": bars}
    )


def _number(found: Metric) -> dict[str, Any] | None:
    if found.value is None or not found.name:
        return None
    notes = (
        f"95 % interval {number(found.interval[0])} to {number(found.interval[1])}" if found.interval else ""
    )
    return _filled({"name": _cut(found.name, _NAME), "type": "number", "value": found.value, "notes": notes})


def _drawn(chart: Chart) -> dict[str, Any] | None:
    """Return a line of one series, or a matrix of numbers, as the schema draws them; None for what it cannot."""
    if chart.kind == "line":
        series = dict.fromkeys(str(r.get(chart.series)) for r in chart.data) if chart.series else {"": None}
        first = next(iter(series), "")
        rows = [r for r in chart.data if not chart.series or str(r.get(chart.series)) == first]
        points = [[r.get(chart.x), r.get(chart.y)] for r in rows]
        points = [p for p in points if all(isinstance(v, (int, float)) for v in p)]
        if not points:
            return None
        shown = points[:: max(1, len(points) // 100)]
        return _filled(
            {
                "name": _cut(chart.title, _NAME),
                "type": "linear_graph",
                "value": shown,
                "x_axis_name": _cut(chart.x_title or chart.x, _AXIS),
                "y_axis_name": _cut(chart.y_title or chart.y, _AXIS),
            }
        )
    if chart.kind == "heatmap":
        across, down = (list(dict.fromkeys(str(r.get(f)) for r in chart.data)) for f in (chart.x, chart.y))
        field = chart.series or "value"
        cells = {(str(r.get(chart.y)), str(r.get(chart.x))): r.get(field) for r in chart.data}
        table = [[cells.get((d, a)) for a in across] for d in down]
        if (
            not table
            or len(across) > 20
            or len(down) > 20
            or not all(isinstance(v, (int, float)) for row in table for v in row)
        ):
            return None
        return {
            "name": _cut(chart.title, _NAME),
            "type": "matrix",
            "value": table,
            "x_axis_name": [_cut(a, _AXIS) for a in across],
            "y_axis_name": [_cut(d, _AXIS) for d in down],
        }
    return None


def _considered(card: Card) -> Iterable[str]:
    for risk in card.said("considerations"):
        done = card.mitigations.get(risk)
        yield f"{risk} What is done about it: {done}" if done else risk


def _custom(card: Card) -> dict[str, str]:
    out = {
        "assay_digest": card.model.digest,
        "assay_hallmark": "examined" if card.standing.hallmark else "",
        "contact": card.first("contact"),
        "license": card.first("license"),
        "affected": "; ".join(card.said("affected")),
        "decided_by": card.standing.decided_by,
        "reason": card.standing.reason,
    }
    for field in card.fields:
        if field.name.startswith("more.") and field.values:
            key = "_".join(re.findall(r"[a-zA-Z0-9]+", field.title))
            out[f"more_{key}"] = "; ".join(field.values)
    return {k: _cut(v, _SHORT) for k, v in out.items() if v}


def _fitting(made: dict[str, Any]) -> dict[str, Any]:
    """Return the content within its length: metric groups go from the back, then the evaluations themselves."""
    details = made.get("evaluation_details", [])
    size = len(_dumped(made))
    for at in range(len(details) - 1, -1, -1):
        groups = details[at].get("metric_groups", [])
        if size > LONGEST and groups:
            said = _LEFT_OUT + details[at].get("evaluation_observation", "")
            details[at]["evaluation_observation"] = _cut(said, _OBSERVED)
            size += len(_LEFT_OUT) + len("evaluation_observation") + 6
        while size > LONGEST and groups:
            size -= len(_dumped(groups.pop())) + 1
    while len(_dumped(made)) > LONGEST and details:
        details.pop()
    return made


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _lines(*parts: tuple[str, Iterable[str]]) -> str:
    """Return sentences, a line each, under their heads; whole ones alone, and how many had no room."""
    lines: list[str] = []
    for head, said in parts:
        lines += [f"{head}: {one}" if head else one for one in said]
    size = 0
    for at, line in enumerate(lines):
        size += len(line) + 1
        if size > _TEXT - len("… and 1,000 more."):
            return "\n".join([*lines[:at], f"… and {len(lines) - at:,} more."])
    return "\n".join(lines)


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v not in (None, "", [], {})}


def _cut(text: str, most: int) -> str:
    bounded = str(text).lstrip()[: most + 1]  # what a name of a megabyte holds besides is not looked at
    tidy = "".join(c if c.isprintable() or c == "\n" else " " for c in bounded)
    return tidy.strip() if len(tidy) <= most else tidy[: most - 1].rstrip() + "…"
