"""Bias of a model that predicts an amount: how far its predictions and its errors are apart between groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.model.bias._judged import REFS, Judged
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.question import Part


def amount(judged: Judged, parts: list[Part], truth: Any, said: Any) -> None:
    """Judge each group's predicted numbers beside the others'. truth, said: floats, NaN where there is none."""
    import numpy as np

    from assay.methods import amounts

    for part in parts:
        large = False
        for group in part.groups:
            known = group.known & judged.labelled & np.isfinite(truth) & np.isfinite(said)
            d, a = group.member & known, ~group.member & known
            of = {"facet": part.name, "group": group.name}
            small = min(int(d.sum()), int(a.sum())) < judged.least
            judged.metrics.append(Metric("rows", int(d.sum()), of))
            found = amounts.amounts(said[a], said[d])
            found["mae_difference"] = amounts.error_difference(truth[known], said[known], group.member[known])
            for name, told in found.items():
                interval = None if small else told.interval
                judged.metrics.append(Metric.number(name, told.value, of=of, interval=interval))
            large |= not small
            if small:
                judged.small.add((part.name, group.name))
                continue
            effect = found["standardized_mean_difference"]
            grave = amounts.grave(effect) if judged.policy is None else ""
            if grave and (group.named or effect.value > 0):
                judged.findings.append(
                    Finding(
                        "model.bias.standardized_mean_difference",
                        Severity.parse(grave),
                        f"{group.shown}: they are predicted {said[d].mean():.6g} on average and the others "
                        f"{said[a].mean():.6g}, {abs(effect.value):.2f} standard deviations apart.",
                        {"column": part.name, "facet": part.name, "group": group.name},
                        "compare with the same difference of the labels (data.bias): is it the data's or the model's?",
                        REFS,
                    )
                )
        judged.unseen(part, large)
