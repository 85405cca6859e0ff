"""model.scan over the whole corpus: what it finds of the hostile, and what it says of the benign.

All of it, with the table: python -m pytest -m slow -s tests/corpus
"""

from __future__ import annotations

from functools import cache

import pytest
from tests.corpus.judged import Tally, tally
from tests.corpus.sample import families, made

RECALL, FALSE_ALARMS = 0.99, 0.01


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Gives the tally of a family; each is made and scanned once."""
    from assay.engines.blobs import Store
    from assay.works.work import LocalWork

    folder = tmp_path_factory.mktemp("corpus")
    scratch = tmp_path_factory.mktemp("scratch")
    work = LocalWork(seed=7, scratch=scratch, store=Store(str(folder / "store")), cores=2)
    return cache(lambda family: tally(made(family, folder), work))


@pytest.mark.slow
@pytest.mark.parametrize("family", families())
def test_no_family_falls_behind(family, judged):
    """One that is missed whole would hardly show among hundreds."""
    found = judged(family)
    assert found.hostile.total() + found.benign.total(), "it makes nothing"
    assert found.recall >= 0.9 or not found.hostile.total(), str(found)
    assert found.false_alarms <= 0.1, str(found)


@pytest.mark.slow
def test_the_hostile_are_found_and_the_benign_pass(judged):
    found = sum((judged(f) for f in families()), Tally())
    print(f"\n{found}")
    assert found.recall >= RECALL, str(found)
    assert found.false_alarms <= FALSE_ALARMS, str(found)


@pytest.mark.parametrize("family", [n for n, m in families().items() if hasattr(m, "quick")])
def test_a_few_of_each_family(family, tmp_path, work):
    found = tally(made(family, tmp_path, quick=True), work)
    assert found.hostile.total() + found.benign.total(), "it makes nothing"
    assert not found.wrong, str(found)
