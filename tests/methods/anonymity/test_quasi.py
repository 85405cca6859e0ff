"""The search for sets of columns beside trying them all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from assay.methods.anonymity import quasi


def _frame(rows=800):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.integers(0, 40, rows), "b": rng.integers(0, 30, rows), "c": rng.integers(0, 8, rows),
                         "d": rng.integers(0, 2, rows), "e": rng.integers(0, 200, rows)})  # fmt: skip


def test_the_minimal_sets_are_all_found_and_no_others():
    frame = _frame()
    found, whole = quasi.search(list(frame), [frame[c].to_numpy() for c in frame], 0.1, 3, 10**9)
    alone = {
        s: float((frame.groupby(list(s)).a.transform("size") == 1).mean())
        for d in (1, 2, 3)
        for s in combinations(frame, d)
    }
    reach = {s for s, share in alone.items() if share >= 0.1}
    minimal = {s for s in reach if not any(set(o) < set(s) for o in reach)}
    assert whole and {f.columns for f in found} == minimal and len(minimal) > 2
    for one in found:
        assert one.unique == pytest.approx(alone[one.columns])
        groups = frame.groupby(list(one.columns)).size()
        assert one.distinction == pytest.approx(len(groups) / len(frame))
        pairs = len(frame) * (len(frame) - 1) / 2
        assert one.separation == pytest.approx(1 - (groups * (groups - 1) / 2).sum() / pairs)


def test_the_search_ends_at_its_bound_and_says_so():
    frame = _frame()
    found, whole = quasi.search(list(frame), [frame[c].to_numpy() for c in frame], 0.1, 3, 7 * len(frame))
    assert not whole and len(found) <= 7


def test_names_that_others_know():
    known = ["age", "ZipCode", "birth_date", "native-country", "maritalStatus", "job_title"]
    assert all(quasi.known_to_others(n) for n in known)
    assert not any(quasi.known_to_others(n) for n in ["income", "amount", "is_canceled", "page", "x"])
