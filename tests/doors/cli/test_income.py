"""The example of income from end to end: bias found, mitigated in three ways, judged, and the mitigated model registered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.conftest import Finished

from assay import examples

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def income(assay, tmp_path_factory):
    pytest.importorskip("fairlearn")
    folder = tmp_path_factory.mktemp("income") / "income"
    shutil.copytree(Path(next(iter(examples.__path__))) / "income", folder)
    return Finished(folder, assay.json(folder, "run", "assay.yaml"))


def test_the_gap_is_found_and_closed_and_its_price_is_told(income):
    before = income.metric("after", "DPPL", facet="sex", group="Female")
    after = income.metric("reduced-bias", "DPPL", facet="sex", group="Female")
    assert before > 0.15 > 0.08 > after > 0
    points = {p["name"]: p for p in income.report("trade")["data"]["trade"]}
    assert set(points) == {"as it is", "reweighed", "reduced", "thresholds"}
    gap = "demographic_parity_difference"
    for name in ("reweighed", "reduced", "thresholds"):
        assert points[name]["values"][gap] < points["as it is"]["values"][gap] - 0.05
        assert points[name]["values"]["balanced_accuracy"] > 0.72
    assert {c["kind"] for c in income.report("trade")["charts"]} == {"scatter"}
    page = Path(income.folder / income.run["report"]).read_text(encoding="utf-8")
    assert "What each buys and costs" in page and page.count("<circle") >= 4


def test_the_model_that_is_registered_is_the_mitigated_one(income):
    assert income.run["outcome"] == "pass"
    package = income.folder / ".assay" / "packages" / "income" / "1" / "package"
    mitigated = income.output("reduced").read_bytes()
    assert any(p.read_bytes() == mitigated for p in package.iterdir() if p.is_file())
    assert "model.thresholds.decides_by_group" in {f["rule"] for f in income.report("fair")["findings"]}
