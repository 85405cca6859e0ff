"""Which problem the answers are of, and what both sides need for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from assay.checks.traffic._sides import Sides
from assay.kernel.errors import UsageError
from assay.kernel.handles import Model

if TYPE_CHECKING:
    from assay.methods.drift.counted import Floats
    from assay.methods.monitor.estimate import Measured

FEW = 100  # rows of the reference that an estimate is learnt from
_MANY = 20  # labels from which numbers are amounts


@dataclass(frozen=True)
class Kind:
    """The problem. yes: the label's value that the score is of (binary)."""

    name: Literal["binary", "multiclass", "regression"]
    yes: str = ""


@dataclass
class Estimated:
    """What was estimated, so that it can be had of any rows.

    expected, came_true: of the reference's rows of the window's hours, as estimated (by what had not seen the row) and by
    their labels. window: estimated of the window. parts, past: measures of some rows of the window (estimated) and of the
    reference (by labels). truth: of the window's labelled rows. surprise: by what it is of, how much more came true than was
    expected, of labelled rows of the window and of the reference. worse: how wrong each of the window's rows is expected to be.
    places: which of the window's rows these are.
    """

    kind: Kind
    expected: dict[str, Measured]
    came_true: dict[str, Measured]
    window: dict[str, Measured]
    parts: Callable[[Any], dict[str, Measured]]
    past: Callable[[Any], dict[str, Measured]]
    past_rows: int
    places: Any
    worse: Floats
    rows: int = 0
    unanswered: int = 0
    labelled: int = 0
    calibrated: bool = False
    truth: dict[str, Measured] = field(default_factory=dict)
    surprise: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)

    @property
    def better(self) -> bool:
        """Return whether more is better."""
        return self.kind.name != "regression"


def asked(sides: Sides, model: Model) -> None:
    """Ask a model about both sides; its answers take the place of columns."""
    label = sides.roles.label
    found = sides.window.answer(model, label)
    sides.reference.answer(model, label)
    scores = tuple(n for n in found if n.startswith("score"))
    classes = tuple(n.removeprefix("score_") for n in scores) if len(scores) > 1 else ()
    sides.roles = replace(sides.roles, predicted="prediction", scores=scores, classes=classes)


def kind(sides: Sides, positive: str | None) -> Kind:
    """Return the problem; UsageError where the reference lacks what an estimate is learnt from."""
    from assay.methods import outcomes
    from assay.methods.values import spelled

    roles = sides.roles
    if roles.label is None or roles.label not in sides.reference.info:
        raise UsageError("the reference has no truth to learn from", remedy="name its column: --label COLUMN")
    if roles.predicted is None:
        raise UsageError(
            "no column holds the answers", remedy="name it: --predicted COLUMN, or a model: --model"
        )
    truth = sides.reference.column(roles.label)
    names = outcomes.distinct(truth)
    if len(roles.scores) > 1:
        return Kind("multiclass")
    if len(roles.scores) == 1:
        if len(names) != 2:
            raise UsageError(
                f"one score goes with two labels, and {roles.label} has {len(names)}",
                remedy="name the scores of all classes: --scores, once each",
            )
        yes = spelled(positive) if positive is not None else outcomes.usual_yes(names)
        if yes not in {spelled(n) for n in names}:
            raise UsageError(f"no label is {positive}", remedy=f"say one of {', '.join(map(str, names))}")
        return Kind("binary", yes)
    amounts = all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in names)
    if amounts and len(names) > _MANY:
        return Kind("regression")
    raise UsageError(
        "answers without scores do not say how sure they are, so nothing can be estimated of them",
        remedy="name the scores: --scores COLUMN",
    )


def enough(used: Any) -> None:
    """Refuse a reference of too few rows; used: which can be."""
    if int(used.sum()) < FEW:
        raise UsageError(
            f"the reference has {int(used.sum())} rows with score, answer and truth, and {FEW} are needed",
            remedy="give a longer reference",
        )


def of_hours(sides: Sides, used: Any) -> Any:
    """Return the places, among the used rows, of those of the window's hours."""
    import numpy as np

    place = np.cumsum(used) - 1
    rows = sides.matched.rows
    return place[rows[used[rows]]]
