from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from assay.methods.ranking import ranked

ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.1, 0.5, 0.5, 0.9])), min_size=2, max_size=6)


@given(ROWS)
def test_one_query_is_scikit_learns_and_the_mean_over_every_order_of_ties(rows):
    relevance, score = np.array([r for r, _ in rows]), np.array([s for _, s in rows])
    found = ranked(np.zeros(len(rows)), relevance, score)
    if not relevance.any():
        assert np.isnan(found.ndcg[0])
        return
    gains = 2.0**relevance - 1
    assert found.ndcg[0] == pytest.approx(ndcg_score([gains], [score]))
    assert found.average_precision[0] == pytest.approx(average_precision_score(relevance > 0, score))
    orders = [
        p for p in permutations(range(len(rows))) if all(score[a] >= score[b] for a, b in zip(p, p[1:]))
    ]
    firsts = [1 / (1 + next(i for i, r in enumerate(p) if relevance[r])) for p in orders]
    assert found.reciprocal_rank[0] == pytest.approx(np.mean(firsts))
    discounts = 1 / np.log2(np.arange(2, len(rows) + 2))
    every = [gains[list(p)] @ discounts for p in permutations(range(len(rows)))]
    assert found.chance[0] == pytest.approx(np.mean(every) / (np.sort(gains)[::-1] @ discounts))


def test_queries_stand_apart_in_whatever_order_their_rows_come():
    rng = np.random.default_rng(0)
    query, relevance, score = rng.integers(0, 9, 200), rng.integers(0, 4, 200), rng.random(200)
    found = ranked(query, relevance, score)
    for q in range(9):
        here = query == q
        assert found.ndcg[q] == pytest.approx(ndcg_score([2.0 ** relevance[here] - 1], [score[here]]))
        assert found.ndcg_10[q] == pytest.approx(
            ndcg_score([2.0 ** relevance[here] - 1], [score[here]], k=10)
        )
        assert found.size[q] == here.sum() and query[found.first[q]] == q
