"""What a diagnosis concludes, in sentences that can be read aloud."""

from __future__ import annotations

import pytest

from assay.works.provenance.changes import Change
from assay.works.provenance.diagnosis import Diagnosis
from assay.works.provenance.outcome import Outcome
from assay.works.provenance.telling import sentences

NOTHING = Outcome({}, {}, None, None)


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        ("code", "the code of the step `a` (`a.py`)", "The code of the step `a` (`a.py`) is what made the difference."),
        ("step_added", "the step `a`, new since run 1", "The step `a`, new since run 1, is what made the difference."),
        ("package", "the packages that the step `a` installs, `p` 2 (before: 1)",
         "The packages that the step `a` installs, `p` 2 (before: 1), are what made the difference."),
    ],
)  # fmt: skip
def test_a_culprit_s_sentence_had_a_comma_that_closed_nothing(kind, said, told):
    change = Change(kind, "a", "a", said)
    found = Diagnosis("2", "1", NOTHING, NOTHING, None, [change], [], [], "explained", (change,))
    assert sentences(found)[0] == told
