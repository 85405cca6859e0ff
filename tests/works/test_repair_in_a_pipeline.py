"""The remedy as a parameter of a pipeline's step."""

from __future__ import annotations

import pandas as pd
import pytest


@pytest.mark.parametrize(("remedy", "kept"), [("source", 100), ("soft-delete", 98)])
def test_the_remedy_is_a_parameter_of_a_step(assay, tmp_path, remedy, kept):
    count = [0, 1, 2, 3] * 25
    frame = pd.DataFrame({"changes": count, "has_changes": [c > 0 for c in count]})
    frame.loc[[1, 2], "has_changes"] = False
    frame.to_csv(tmp_path / "t.csv", index=False)
    extra = ", leave_out: true" if remedy == "soft-delete" else ""
    (tmp_path / "assay.yaml").write_text(
        "name: p\ndata:\n  t: {source: t.csv}\nsteps:\n  integrity: {check: data.integrity, of: t, gate: none}\n"
        f"  clean: {{treat: data.repair, of: t, using: integrity, remedy: {remedy}{extra}}}\n"
    )
    run = assay.json(tmp_path, "run")
    (clean,) = [s for s in run["steps"] if s["name"] == "clean"]
    digest = clean["outputs"]["out"]["digest"].removeprefix("sha256:")
    found = pd.read_parquet(tmp_path / ".assay" / "objects" / digest[:2] / digest[2:])
    assert len(found) == kept and list(found.columns) == ["changes", "has_changes"]
    assert (found["has_changes"] == (found["changes"] > 0)).all()
    assert all(s["cached"] for s in assay.json(tmp_path, "run")["steps"])
