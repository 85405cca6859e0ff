"""What is wrong with a run, asked of a replay: what is still wrong is told with the replay's own figures."""

from __future__ import annotations

import numpy as np

from assay.works.provenance.outcome import Outcome
from assay.works.provenance.scoring import Scored, Yardstick
from assay.works.provenance.symptoms import symptoms

BY = Yardstick("y", "f1", "1")
TRUTH = np.array(["0", "1"] * 200, dtype=object)


def scored(right: float) -> Scored:
    """A model that is right about the first of the rows, and says 0 of the rest."""
    said = TRUTH.copy()
    said[round(right * len(said)) :] = "0"
    hits = float(((said == "1") & (TRUTH == "1")).sum())
    ones = float((said == "1").mean())
    value = 2 * hits / ((said == "1").sum() + (TRUTH == "1").sum())
    return Scored(value, (value - 0.02, value + 0.02), {"1": ones, "0": 1 - ones}, len(said), said, TRUTH)


def outcome(right: float, **bad: str) -> Outcome:
    return Outcome(bad, {}, None, scored(right), scored(right))


def test_what_a_replay_still_shows_is_told_with_its_own_figures_and_not_the_runs():
    found = {s.kind: s for s in symptoms(None, outcome(0.95), outcome(0.1, validate="fail"), BY, "y")}
    assert set(found) == {"gate", "reference", "score", "answers"}
    assert "F1 is 0.18 (before: 0.97)" in found["reference"].said and found["reference"].model
    half = outcome(0.5, validate="error")
    assert "F1 is 0.67 (before: 0.97)" in (found["reference"].there(half) or "")
    assert "F1 is 0.67 (before: 0.97)" in (found["score"].there(half) or "")
    assert found["answers"].there(half) == "the model answers 0 in 75%, 1 in 25% (before: 0 in 52%, 1 in 48%)"
    assert found["gate"].there(half) == "the step `validate` ended with error, and passed before"


def test_nothing_is_left_of_it_where_a_replay_is_as_before():
    found = symptoms(None, outcome(0.95), outcome(0.1, validate="fail"), BY, "y")
    assert [s.there(outcome(0.95)) for s in found] == [None] * 4
    none = Outcome({}, {}, None, None, None)
    assert {s.there(none) for s in found if s.kind != "gate"} == {"there is no model that could be judged"}


def test_a_model_that_cannot_be_asked_was_said_to_answer_nothing():
    mute = Scored(None, None, {}, 400, reason="could not convert string to float: 'Check-Out'")
    found = symptoms(None, outcome(0.95), Outcome({}, {}, None, mute, None), BY, "y")
    assert [s.kind for s in found] == ["score"]
    assert found[0].said.endswith(
        "F1 is not to be had (before: 0.97): could not convert string to float: 'Check-Out'"
    )
