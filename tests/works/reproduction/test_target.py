"""What may be rebuilt: a run by what a person types, a model by its name, its version or its alias; and what may not."""

from __future__ import annotations

import pytest
from tests.works.reproduction.small import PIPELINE, Small

import assay
from assay.kernel.errors import Missing, UsageError
from assay.works.home import Home
from assay.works.reproduction.target import target


@pytest.mark.slow
def test_a_model_is_found_by_name_version_and_alias_and_one_from_a_file_is_not(tmp_path):
    small = Small(tmp_path)
    small.write(
        "assay.yaml",
        PIPELINE
        + "  scan: {check: model.scan, of: model}\n  in: {do: model.register, of: model, as: small}\n",
    )
    run = small.run().id
    small.call("model.alias", name="small@1", alias="champion")
    home = Home.find(tmp_path, {})
    for text in ("small", "small@1", "registry://small@1", "small@champion"):
        found = target(home, text)
        assert (found.past.id, found.step, found.urn) == (run, "model", "registry://small@1"), text
    for text in ("last", run, run[:13]):
        assert target(home, text).urn == f"run/{run}" and target(home, text).to_dict()["model"] is None
    with pytest.raises(Missing, match="smal"):
        target(home, "smal")
    (tmp_path / "model.json").write_text("{}")
    home.close()
    small.call("model.register", file=str(tmp_path / "model.json"), name="brought")
    home = Home.find(tmp_path, {})
    with pytest.raises(Missing, match="brought@1 was registered from a file, and no run made it"):
        target(home, "brought")
    home.close()


def test_a_run_of_a_notebook_has_nothing_to_carry_out(tmp_path, monkeypatch):
    Home.create(tmp_path, {}).close()
    monkeypatch.chdir(tmp_path)
    with assay.run("by hand"):
        pass
    home = Home.find(tmp_path, {})
    with pytest.raises(UsageError, match="has no pipeline that could be carried out again"):
        target(home, "last")
    home.close()
