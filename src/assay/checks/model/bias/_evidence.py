"""The two rates that a metric holds against one another, in a sentence: those of the group and of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.methods.bias import Counts

_Rate = Callable[[Any], tuple[Any, Any]]
# Of each metric: what is counted of what, and how it is said; {what} is the good outcome, or the class in turn
_RATES: dict[str, tuple[_Rate, str]] = {
    "AD": (lambda c: (c.tp + c.tn, c.n), "the model is right for {d} of them and for {a} of the others"),
    "RD": (
        lambda c: (c.tp, c.tp + c.fn),
        "of those who have {what} it finds {d} among them and {a} among the others",
    ),
    "DAR": (
        lambda c: (c.tp, c.tp + c.fp),
        "of those it gives {what}, {d} of them and {a} of the others have it",
    ),
    "DRR": (
        lambda c: (c.tn, c.tn + c.fn),
        "of those it refuses {what}, {d} of them and {a} of the others do not have it",
    ),
    "SD": (
        lambda c: (c.tn, c.tn + c.fp),
        "of those who do not have {what} it refuses it to {d} of them and to {a} of the others",
    ),
}


def evidence(name: str, d: Counts, a: Counts, of: str = "") -> str:
    """Return what stands behind a metric's value; of the parities the rates of good answers. of: the class in turn."""
    from assay.methods.bias import ratio

    if name not in _RATES:
        said = f"the model says {of}" if of else "the model gives the good outcome"
        return f"{said} to {d.predicted:.0%} of them and to {a.predicted:.0%} of the others"
    rate, words = _RATES[name]
    return words.format(what=of or "the good outcome", d=f"{ratio(*rate(d)):.0%}", a=f"{ratio(*rate(a)):.0%}")
