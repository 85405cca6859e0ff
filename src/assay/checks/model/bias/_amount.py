"""Bias of a model that predicts an amount: how far its predictions and its errors are apart between groups."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from assay.checks.model.bias._judged import Judged

if TYPE_CHECKING:
    from assay.methods.question import Part


def amount(judged: Judged, parts: list[Part], truth: Any, said: Any) -> None:
    """Judge each group's predicted numbers beside the others'. truth, said: floats, NaN where there is none."""
    import numpy as np

    from assay.methods import amounts

    for part in parts:
        large, absent = False, judged.absent(part)
        for group in [*part.groups, *([absent] if absent else [])]:
            known = group.known & judged.labelled & np.isfinite(truth) & np.isfinite(said)
            repeated = judged.cells.repeated
            a, d = (repeated(said, m & known) for m in (~group.member, group.member))
            errors = (repeated(np.abs(truth - said), m & known) for m in (~group.member, group.member))
            found = amounts.amounts(a, d)
            found["mae_difference"] = amounts.error_difference(*errors)
            sizes = len(a), len(d)
            remedy = (
                "compare with the same difference of the labels (data.bias): is it the data's or the model's?"
            )
            enough = judged.amounts(part, group, sizes, found, partial(_means, a, d), remedy)
            large |= enough and group is not absent
        judged.unseen(part, large)


def _means(a: Any, d: Any) -> str:
    return f"they are predicted {d.mean():.6g} on average and the others {a.mean():.6g}"
