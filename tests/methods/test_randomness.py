"""Where a script draws what no seed governs, found by reading it."""

from __future__ import annotations

import pytest

from assay.methods.randomness import drawn


@pytest.mark.parametrize(
    "line",
    [
        "random.random()", "np.random.rand(3)", "random.shuffle(rows)", "np.random.default_rng()", "random.Random()",
        "RandomForestClassifier(n_estimators=3)", "train_test_split(x, y, random_state=None)", "uuid.uuid4()",
        "os.urandom(8)", "torch.randn(3)", "KMeans(3)",
    ],
)  # fmt: skip
def test_chance_without_a_seed_is_found_with_its_line(line):
    (found,) = drawn(f"import numpy as np\n\nx = {line}\n")
    assert (found.line, found.kind) == (3, "chance"), found


@pytest.mark.parametrize(
    "text",
    [
        "import random\nrandom.seed(7)\nrandom.random()", "np.random.seed(7); np.random.rand(3)",
        "rng = np.random.default_rng(seed); rng.normal()", "RandomForestClassifier(random_state=seed)",
        "RandomForestClassifier(**given)", "torch.manual_seed(1)\ntorch.randn(3)", "random.Random(3)",
        "not python at all (", "x = 1", "(" * 200 + ")" * 200, "mean(random)",
    ],
)  # fmt: skip
def test_what_is_seeded_or_is_no_chance_is_not_found(text):
    assert drawn(text) == []


def test_seeding_one_stream_does_not_vouch_for_another():
    found = drawn("import random, numpy as np\nrandom.seed(1)\nnp.random.rand(3)\n")
    assert [d.line for d in found] == [3]


def test_the_time_of_the_run_is_told_apart_from_chance():
    assert [(d.line, d.kind) for d in drawn("import time\nx = time.time()\n")] == [(2, "time")]
