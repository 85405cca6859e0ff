"""Which score stands for a model, and why: it depends on how rare the answer is, and on what errors cost."""

from __future__ import annotations

import math
from typing import NamedTuple

_COMMON = 0.6
_RARE = 0.1
ERRORS = ("cost", "rmse", "mae", "pinball", "mase")  # of which less is better


class Headline(NamedTuple):
    """A score's name, and the reason in a sentence."""

    name: str
    reason: str


def binary(share: float, *, costs: bool) -> Headline:
    """share: of rows that are yes. costs: whether errors have theirs."""
    if costs:
        return _cost()
    yes = _percent(share)
    beside = "; read pr_auc and mcc beside it" if share < _RARE else ""
    beside = "; read mcc beside it" if share > 1 - _RARE else beside
    if share > _COMMON:
        return Headline(
            "macro_f1",
            f"{yes} of rows are yes, and F1 of yes alone would praise a model that always says so{beside}",
        )
    if share < 1 - _COMMON:
        return Headline(
            "f1", f"{yes} of rows are yes, and accuracy would praise a model that never says so{beside}"
        )
    return Headline("f1", f"{yes} of rows are yes, and both ways to err count alike")


def _cost() -> Headline:
    return Headline("cost", "errors have their costs, so the mean cost of a row is what counts")


def multiclass(*, costs: bool = False) -> Headline:
    """Every class counts alike, however rare, unless errors have their costs."""
    if costs:
        return _cost()
    return Headline("macro_f1", "every class counts alike, however rare it is")


def multilabel() -> Headline:
    """Every label counts alike, however rare."""
    return Headline("macro_f1", "every label counts alike, however rare it is")


def regression(quantile: float | None, tail: float) -> Headline:
    """quantile: that the predictions are of, or None. tail: how much of the sum of squares the hundredth furthest out is."""
    if quantile is not None:
        return Headline("pinball", f"the predictions are of the quantile {quantile:g}")
    if tail > 0.5:
        return Headline(
            "mae",
            f"a hundredth of the rows makes up {tail:.0%} of the spread, and squares would be about them",
        )
    return Headline("rmse", "large errors count more than small ones")


def ranking() -> Headline:
    """What stands first counts most."""
    return Headline("ndcg", "rows of one query are put in order, and what stands first counts most")


def forecast(season: int) -> Headline:
    """season: how many rows the naive forecast looks back."""
    back = "the value before" if season == 1 else f"the value {season} rows before"
    return Headline("mase", f"values follow one another in time, and {back} is a forecast that costs nothing")


def _percent(share: float) -> str:
    """Return a share without decimals; one that is nearly none or nearly all is never shown as that."""
    rest = min(share, 1 - share)
    if rest == 0 or rest >= 0.01:
        return f"{share:.0%}"
    digits = min(6, -math.floor(math.log10(100 * rest)))
    return f"{100 * share:.{digits}f}%"
