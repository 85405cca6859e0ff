"""A train step whose training could not even begin, and one whose home was named by a relative path."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.works.provenance.planted import _Quiet

from assay.works.home import Home
from assay.works.running import run_file

SCRIPT = "import os\nopen(os.environ['SM_MODEL_DIR'] + '/model.json', 'w').write('{}')\n"
STEPS = "steps:\n  model: {train: train.py, of: {train: d}}\n"


def test_rows_that_cannot_be_written_for_the_script_fail_the_step_and_not_the_run(tmp_path):
    pq.write_table(pa.table({"a": [[1, 2], [3]], "b": [1, 2]}), tmp_path / "d.parquet")
    (tmp_path / "train.py").write_text(SCRIPT)
    told = "  kept: {treat: data.drop, of: d, columns: [a]}\n"
    (tmp_path / "assay.yaml").write_text(f"name: x\ndata: {{d: {{source: d.parquet}}}}\n{STEPS}{told}")
    ended = run_file(tmp_path / "assay.yaml", start=tmp_path, environment={}, observer=_Quiet())
    done = {d.step.name: d for d in ended.steps}
    assert ended.outcome == "error" and ended.exit_code == 3
    assert done["model"].outcome == "error" and done["kept"].outcome == "pass"
    assert done["model"].note.startswith("train.py failed: ") and "list" in done["model"].note


@pytest.mark.slow
def test_a_home_named_by_a_relative_path_trains(tmp_path, monkeypatch):
    """A job's folders have one name, wherever it works."""
    (tmp_path / "d.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "assay.yaml").write_text(f"name: x\ndata: {{d: {{source: d.csv}}}}\n{STEPS}")
    (tmp_path / "sub").mkdir()
    Home.create(tmp_path, {}).close()
    monkeypatch.chdir(tmp_path / "sub")
    named = {"ASSAY_HOME": "../.assay"}
    ended = run_file(tmp_path / "assay.yaml", start=tmp_path, environment=named, observer=_Quiet())
    assert ended.outcome == "pass", [d.note for d in ended.steps]
