"""river, in an environment of its own, notices the same changes at the same elements, by the same windows."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

from assay.methods.monitor import streams

pytestmark = pytest.mark.slow
ASKED = """
import json, sys
from river import drift
out = []
for values in json.load(open(sys.argv[1])):
    adwin, hinkley = drift.ADWIN(), drift.PageHinkley(threshold=5.0)
    rows, alarms, rises, ddm = [], [], [], drift.binary.DDM()
    for place, value in enumerate(values):
        adwin.update(value)
        rows.append([adwin.drift_detected, adwin.width, adwin.variance, adwin.estimation])
        hinkley.update(value)
        alarms += [place] if hinkley.drift_detected else []
        if set(values) <= {0, 1}:
            ddm.update(value)
            rises += [place] if ddm.drift_detected else []
    out.append({"adwin": rows, "hinkley": alarms, "ddm": rises})
json.dump(out, open(sys.argv[2], "w"))
"""


def _streams():
    rng = np.random.default_rng(1)
    steps = [(0.2, 0.2, 0.5), (0.2, 0.28, 0.5), (0.5, 0.3, 0.1), (0.02, 0.2, 0.02)]
    for shares in steps:
        yield np.concatenate([rng.random(1500) < s for s in shares]).astype(float)
    yield np.concatenate([rng.beta(2, 5, 2000), rng.beta(5, 2, 700), rng.beta(2, 2, 1000)])


def test_adwin_page_hinkley_and_ddm_element_by_element(environment, tmp_path):
    python = environment("river-0.26", "river==0.26.*")
    given = list(_streams())
    (tmp_path / "in").write_text(json.dumps([v.tolist() for v in given]))
    subprocess.run([python, "-c", ASKED, tmp_path / "in", tmp_path / "out"], check=True)
    changes = rises = 0
    for values, theirs in zip(given, json.loads((tmp_path / "out").read_text()), strict=True):
        ours, cut = streams.Adwin(), False
        for value, (detected, width, spread, mean) in zip(values.tolist(), theirs["adwin"], strict=True):
            if cut:  # river forgets all it knew after a change; ours goes on with what is left of the window
                ours = streams.Adwin()
            cut = ours.update(value)
            assert (cut, ours.width) == (detected, width)
            assert (ours.spread, ours.mean) == pytest.approx((spread, mean), abs=1e-9)
            changes += cut
        assert [c.seen for c in streams.page_hinkley(values, threshold=5.0)] == theirs["hinkley"]
        if set(values) <= {0, 1}:
            assert [c.seen for c in streams.ddm(values)] == theirs["ddm"]
            rises += len(theirs["ddm"])
    assert changes > 6 and rises > 6
