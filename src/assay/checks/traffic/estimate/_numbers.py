"""What is expected of a regression's answers: losses learnt from the reference."""

from __future__ import annotations

from assay.checks.traffic._matrix import matrix
from assay.checks.traffic._sides import Sides
from assay.checks.traffic.estimate._problem import Estimated, Kind, enough, of_hours

_LARGE = 2_000_000  # cells


def estimated(sides: Sides, kind: Kind) -> Estimated:
    """Return what is expected of the window, learnt from the reference."""
    import numpy as np

    from assay.methods.monitor import loss

    roles = sides.roles
    assert roles.label is not None
    assert roles.predicted is not None
    made_of = matrix(sides, (roles.predicted,))
    old, new, categorical = made_of.reference, made_of.window, made_of.categorical
    truth = sides.reference.numbers(roles.label)
    used = np.isfinite(truth) & np.isfinite(old[:, -1])
    enough(used)
    came_true = loss.losses(truth[used], old[used, -1])
    work = sides.window.work
    # Threads that wait for one another cost more than they bring while the matrix is small.
    threads = work.cores if old.size > _LARGE else 1
    learnt = loss.Expected(old[used], categorical, came_true, work.rng("traffic/loss"), threads)
    here = np.isfinite(new[:, -1])
    expected = learnt(new[here])
    mine = of_hours(sides, used)
    made = Estimated(
        kind,
        loss.measured({n: v[mine] for n, v in learnt.reference.items()}),
        loss.measured({n: v[mine] for n, v in came_true.items()}),
        loss.measured(expected),
        lambda rows: loss.measured({n: v[rows] for n, v in expected.items()}),
        lambda rows: loss.measured({n: v[rows] for n, v in came_true.items()}),
        int(used.sum()),
        np.flatnonzero(here),
        expected["absolute"],
        rows=int(here.sum()),
        unanswered=len(new) - int(here.sum()),
    )
    known = np.zeros(made.rows, bool)
    if roles.label in sides.window.info:
        came = sides.window.numbers(roles.label)[here]
        known = np.isfinite(came)
    made.labelled = int(known.sum())
    if made.labelled:
        true = loss.losses(came[known], new[here][known, -1])
        made.truth = loss.measured(true)
        made.surprise["mae"] = (
            true["absolute"] - expected["absolute"][known],
            came_true["absolute"] - learnt.reference["absolute"],
        )
    return made
