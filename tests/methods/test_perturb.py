from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods import perturb

KINDS = [pa.int8(), pa.uint64(), pa.int64(), pa.float32(), pa.float64()]


def _column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


def test_noise_has_the_size_asked_for_and_a_shift_moves_the_mean_alone():
    values = np.random.default_rng(0).normal(10, 3, 20_000)
    noise = perturb.noisy(_column(values), np.random.default_rng(1), 0.5).to_numpy() - values
    assert noise.std() == pytest.approx(1.5, rel=0.03) and abs(noise.mean()) < 0.05
    moved = perturb.shifted(_column(values), -0.5).to_numpy()
    assert moved == pytest.approx(values - 0.5 * values.std())


@given(
    kind=st.sampled_from(KINDS),
    values=st.lists(st.none() | st.integers(0, 127), min_size=1, max_size=30),
    size=st.sampled_from([-0.5, 0.1, 0.5]),
)
def test_types_and_gaps_stay_as_they_are(kind, values, size):
    column = _column(values, kind)
    for out in (perturb.shifted(column, size), perturb.noisy(column, np.random.default_rng(0), abs(size))):
        assert out.type == kind and [v is None for v in out.to_pylist()] == [v is None for v in values]
        if pa.types.is_integer(kind) and any(v is not None for v in values):
            held = [v for v in values if v is not None]
            assert min(held) <= min(v for v in out.to_pylist() if v is not None)
            assert max(v for v in out.to_pylist() if v is not None) <= max(held)


def test_numbers_that_no_float_holds_and_those_that_are_none_stay():
    ids = _column([2**63 + 5, 2**64 - 1], pa.uint64())
    assert perturb.shifted(ids, 0.5).equals(ids)
    odd = _column([float("inf"), float("nan"), 1.0, 3.0])
    assert perturb.shifted(odd, 0.5).to_pylist()[0] == float("inf")
    assert perturb.shifted(_column(["a"]), 0.5).to_pylist() == ["a"]


def test_blanks_shuffles_and_texts():
    rng = np.random.default_rng(0)
    texts = _column(list("abcd") * 500)
    assert perturb.blanked(texts, rng, 0.3).null_count / 2000 == pytest.approx(0.3, abs=0.04)
    assert sorted(perturb.shuffled(texts, rng).to_pylist()) == sorted(texts.to_pylist())
    changed = np.array(perturb.noisy(texts, rng, 0.5).to_pylist()) != np.array(texts.to_pylist())
    assert 0.02 < changed.mean() < 0.06
