"""What is expected of a classifier's answers, by its calibrated scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.traffic._sides import Side, Sides
from assay.checks.traffic.estimate._problem import Estimated, Kind, enough, of_hours

if TYPE_CHECKING:
    from assay.methods.drift.counted import Floats


def estimated(sides: Sides, kind: Kind) -> Estimated:
    """Return what is expected of the window, learnt from the reference."""
    return (_binary if kind.name == "binary" else _several)(sides, kind)


def _truth(side: Side, label: str | None, yes: str) -> Floats:
    """Return 1 where the label is yes, 0 where it is another, NaN where it is not known."""
    import numpy as np

    from assay.methods.facets import matches, present

    if label is None or label not in side.info:
        return np.full(side.rows, np.nan)
    column = side.column(label)
    hit = matches(column, [yes]).astype(np.float64)
    return np.where(present(column), hit, np.nan)


def _said(side: Side, name: str, label: Any, yes: str) -> Any:
    from assay.methods import outcomes

    return outcomes.predicted_rows(side.column(name), label, [yes], None)


def _binary(sides: Sides, kind: Kind) -> Estimated:
    import numpy as np

    from assay.methods.facets import present
    from assay.methods.monitor import estimate

    roles = sides.roles
    assert roles.predicted is not None and roles.label is not None
    old, new = sides.reference, sides.window
    labels = old.column(roles.label)
    truth = _truth(old, roles.label, kind.yes)
    score, score_new = old.numbers(roles.scores[0]), new.numbers(roles.scores[0])
    said = _said(old, roles.predicted, labels, kind.yes)
    said_new = _said(new, roles.predicted, labels, kind.yes)
    used = np.isfinite(score) & np.isfinite(truth) & present(old.column(roles.predicted))
    enough(used)
    calibrator, own = estimate.fitted(score[used], truth[used], sides.window.work.rng("traffic/calibration"))
    here = np.isfinite(score_new) & present(new.column(roles.predicted))
    p = calibrator(score_new[here])
    mine = of_hours(sides, used)
    t, y, s = truth[used], said[used], score[used]
    y_new, s_new = said_new[here], score_new[here]
    made = Estimated(
        kind,
        estimate.binary(own[mine], y[mine], s[mine]),
        estimate.binary(t[mine], y[mine], s[mine]),
        estimate.binary(p, y_new, s_new),
        lambda rows: estimate.binary(p[rows], y_new[rows], s_new[rows]),
        lambda rows: estimate.binary(t[rows], y[rows], s[rows]),
        int(used.sum()),
        np.flatnonzero(here),
        1 - np.where(y_new, p, 1 - p),
        rows=int(here.sum()),
        unanswered=new.rows - int(here.sum()),
        calibrated=bool(len(calibrator.at)),
    )
    came = _truth(new, roles.label, kind.yes)[here]
    known = np.isfinite(came)
    made.labelled = int(known.sum())
    if made.labelled:
        made.truth = estimate.binary(came[known], y_new[known], s_new[known])
        right = (came == y_new)[known] - np.where(y_new, p, 1 - p)[known]
        made.surprise["accuracy"] = right, (t == y) - np.where(y, own, 1 - own)
        made.surprise["share of yes"] = came[known] - p[known], t - own
    return made


def _several(sides: Sides, kind: Kind) -> Estimated:
    import numpy as np

    from assay.methods.monitor import estimate

    roles = sides.roles
    assert roles.predicted is not None and roles.label is not None
    old, new = sides.reference, sides.window
    truth, said = _codes(old, roles.label, roles.classes), _codes(old, roles.predicted, roles.classes)
    scores = np.column_stack([old.numbers(n) for n in roles.scores])
    used = np.isfinite(scores).all(axis=1) & (truth >= 0) & (said >= 0)
    enough(used)
    makers, own = estimate.fitted_many(
        scores[used], truth[used], sides.window.work.rng("traffic/calibration")
    )
    fresh = np.column_stack([new.numbers(n) for n in roles.scores])
    answers = _codes(new, roles.predicted, roles.classes)
    here = np.isfinite(fresh).all(axis=1) & (answers >= 0)
    s_new, y_new = fresh[here], answers[here]
    p = estimate.shares(np.column_stack([m(s_new[:, c]) for c, m in enumerate(makers)]))
    t, y, s = truth[used], said[used], scores[used]
    sure, at = np.eye(len(roles.classes)), np.arange(len(y_new))
    mine = of_hours(sides, used)
    made = Estimated(
        kind,
        estimate.multiclass(own[mine], y[mine], s[mine]),
        estimate.multiclass(sure[t[mine]], y[mine], s[mine]),
        estimate.multiclass(p, y_new, s_new),
        lambda rows: estimate.multiclass(p[rows], y_new[rows], s_new[rows]),
        lambda rows: estimate.multiclass(sure[t[rows]], y[rows], s[rows]),
        int(used.sum()),
        np.flatnonzero(here),
        1 - p[at, y_new],
        rows=int(here.sum()),
        unanswered=new.rows - int(here.sum()),
        calibrated=any(len(m.at) for m in makers),
    )
    came = (
        _codes(new, roles.label, roles.classes)[here] if roles.label in new.info else np.full(len(y_new), -1)
    )
    known = came >= 0
    made.labelled = int(known.sum())
    if made.labelled:
        made.truth = estimate.multiclass(sure[came[known]], y_new[known], s_new[known])
        made.surprise["accuracy"] = (
            (came == y_new)[known] - p[at, y_new][known],
            (t == y) - own[np.arange(len(y)), y],
        )
    return made


def _codes(side: Side, name: str, classes: tuple[str, ...]) -> Any:
    """Return each row's class as its place among ``classes``, -1 where it is none of them."""
    import numpy as np

    from assay.methods.facets import coded
    from assay.methods.values import spelled

    place = {spelled(c): i for i, c in enumerate(classes)}
    codes, held = coded(side.column(name))
    names = np.array([*(place.get(spelled(v), -1) for v in held.to_pylist()), -1], np.int64)
    return names[codes]
