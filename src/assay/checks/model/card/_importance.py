"""What a model goes by, feature by feature, whichever voice its explanation spoke in."""

from __future__ import annotations

from assay.kernel.report import Metric, Report

_TOLD = {"mean_abs_shap": "feature", "share": "it goes by"}  # to an engineer, and to a stakeholder


def importance(report: Report) -> list[Metric]:
    """Return a metric a feature, greatest first; of groups, pairs and single rows none."""
    out = [
        Metric(m.name, m.value, {"feature": str(m.of[_TOLD[m.name]])}, m.interval, m.unit, m.reason)
        for m in report.metrics
        if m.name in _TOLD and tuple(m.of) == (_TOLD[m.name],) and m.value is not None
    ]
    return sorted(out, key=lambda m: -(m.value or 0.0))
