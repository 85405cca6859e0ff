"""What a step works with is asked for before any step begins."""

from __future__ import annotations

import sys

import pytest

from assay.kernel.errors import UsageError
from assay.works.running import run_file

PIPELINE = """
data: {t: {source: t.csv}}
steps:
  profile: {check: data.profile, of: t}
  fair: {treat: model.reduce, of: t, label: y, facet: [g]}
"""


class _Quiet:
    def begun(self, step, index, of): ...
    def progress(self, done, of, what): ...
    def ended(self, done): ...


def test_a_package_that_a_step_works_with_is_missed_before_the_first_step(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("g,y\n" + "a,1\nb,0\n" * 40)
    (tmp_path / "assay.yaml").write_text(PIPELINE)
    monkeypatch.setitem(sys.modules, "fairlearn", None)
    asked = {"start": tmp_path, "environment": {}, "observer": _Quiet()}
    with pytest.raises(UsageError) as told:
        run_file(tmp_path / "assay.yaml", **asked)
    assert str(told.value).startswith(
        f"{tmp_path}/assay.yaml:5: the step 'fair' works with fairlearn, which is not"
    )
    assert "pip install 'fairlearn" in str(told.value) and not (tmp_path / ".assay").exists()
    done = run_file(tmp_path / "assay.yaml", **asked, only=("profile",))
    assert done.outcome == "pass"
