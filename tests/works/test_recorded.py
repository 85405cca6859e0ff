"""What a run of a pipeline records of itself: seeds, its data's columns, its code, its machine; and says when it is shown."""

from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.works.call import call
from assay.works.home import Home
from assay.works.pipeline import load
from assay.works.running import run_file

_YAML = """name: small
experiment: winter
data: {people: {source: people.csv}}
steps:
  look:  {check: data.profile, of: people, gate: none}
  split: {treat: data.split, of: people, test: 0.25, seed: 3}
"""


class _Quiet:
    def begun(self, step, index, of): ...
    def progress(self, done, of, what): ...
    def ended(self, done): ...


def test_seeds_data_code_and_machine_are_recorded_and_shown(tmp_path, monkeypatch, capsys):
    rows = "".join(f"{20 + i % 50},person{i}@example.com\n" for i in range(80))
    (tmp_path / "people.csv").write_text("age,mail\n" + rows)
    (tmp_path / "assay.yaml").write_text(_YAML)
    result = run_file(tmp_path / "assay.yaml", start=tmp_path, environment={}, observer=_Quiet())
    home = Home.open(tmp_path / ".assay", {})
    told = call("runs.show", {"run": "last"}, home=home)
    assert (told["id"], told["experiment"], told["parent"]) == (result.id, "winter", None)
    provenance = told["provenance"]
    assert provenance["seed"] == 7 and provenance["seeds"] == {"split": 3}
    assert provenance["file"]["name"] == "assay.yaml" and provenance["file"]["digest"].startswith("sha256:")
    assert provenance["environment"]["cpus"] >= 1 and provenance["environment"]["memory"] > 1 << 20
    people, *split = told["datasets"]
    assert people["name"] == "people" and {d["name"] for d in split} == {"split.train", "split.test"}
    assert (
        people["rows"] == 80
        and people["columns"][0]["max"] == 69.0
        and "person" not in str(people["columns"])
    )
    assert sum(d["rows"] for d in split) == 80 and [c["name"] for c in split[0]["columns"]] == ["age", "mail"]
    assert [r["id"] for r in call("runs.list", {"experiment": "winter"}, home=home)["runs"]] == [result.id]
    assert call("log.verify", {}, home=home)["ok"]
    home.close()
    page = (tmp_path / ".assay" / "runs" / result.id / "report.html").read_text()
    assert 'id="made"' in page and page.count('href="#step-2"') >= 2

    from assay.doors.cli.main import main

    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["runs", "show"])
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert all(word in said for word in ("winter", "split = 3", "cores", "Python 3", "people", "split.train"))


def test_an_experiment_without_a_name_has_its_line(tmp_path):
    (tmp_path / "assay.yaml").write_text(_YAML.replace("winter", '"a\\tb"'))
    with pytest.raises(UsageError, match=r"assay.yaml:2: an experiment has a name"):
        load(tmp_path / "assay.yaml")
