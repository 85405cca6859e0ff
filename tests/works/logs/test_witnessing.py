"""Checkpoints given away, and a database that was put back: found by any one witness."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from assay.kernel.errors import AssayError
from assay.works.call import call
from assay.works.home import Home


def act(home, number=3):
    for n in range(number):
        with home.office.transaction() as tx:
            tx.record("test.act", f"t{n}", actor="ada")


@pytest.fixture
def keepers(tmp_path):
    """A file and a repository that keep checkpoints."""
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    return [f"file:{tmp_path / 'kept.jsonl'}", f"git:{tmp_path / 'repo'}"]


def test_each_keeps_it_and_confirms_it(home, asked, keepers):
    act(home)
    kept = asked("log.checkpoint", witnesses=keepers)["witnesses"]
    assert [k["size"] for k in kept] == [3, 3]
    act(home)
    asked("log.checkpoint", witnesses=keepers)
    found = asked("log.verify", witnesses=["all"])
    assert found["ok"], found["problems"]
    assert [(w["confirms"], w["size"]) for w in found["witnesses"]] == [(True, 8), (True, 8)]
    assert asked("log.verify", witnesses=keepers[:1])["ok"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_whole_home_that_was_put_back_is_found_by_each(home, asked, keepers, tmp_path, which):
    """Database, copy of the checkpoint, receipts and keys are all of the day before: only what left the home knows."""
    act(home)
    asked("log.checkpoint", witnesses=keepers)
    home.close()
    shutil.copytree(home.root, tmp_path / "before")
    act(home)
    asked("log.checkpoint", witnesses=keepers)
    home.close()
    shutil.rmtree(home.root)
    shutil.copytree(tmp_path / "before", home.root)
    back = Home.open(home.root, {"ASSAY_ACTOR": "ada"})
    assert call("log.verify", {}, home=back)["ok"]
    found = call("log.verify", {"witnesses": [keepers[which]]}, home=back)
    assert not found["ok"] and {p["kind"] for p in found["problems"]} == {"rolled-back"}
    act(back, 9)  # and a history written anew upon it
    found = call("log.verify", {"witnesses": ["all"]}, home=back)
    back.close()
    assert {p["kind"] for p in found["problems"]} == {"rewritten"}


def test_a_database_put_back_is_found_by_the_receipts_beside_it(home, asked, keepers, tmp_path):
    act(home)
    home.close()
    shutil.copy(home.root / "office.db", tmp_path / "old.db")
    shutil.copytree(home.root / "checkpoints", tmp_path / "old")
    asked("log.checkpoint", witnesses=keepers[:1])
    home.close()
    shutil.copy(tmp_path / "old.db", home.root / "office.db")
    shutil.rmtree(home.root / "checkpoints")
    shutil.copytree(tmp_path / "old", home.root / "checkpoints")
    (tmp_path / "kept.jsonl").write_text("")
    found = asked("log.verify", witnesses=["all"])
    assert not found["ok"] and "keeps no checkpoint" in found["problems"][0]["message"]


def test_a_witness_that_cannot_be_asked_confirms_nothing(home, asked, keepers, tmp_path):
    act(home)
    asked("log.checkpoint", witnesses=keepers)
    (tmp_path / "kept.jsonl").unlink()
    found = asked("log.verify", witnesses=["all"])
    assert not found["ok"] and [w["confirms"] for w in found["witnesses"]] == [False, True]
    with pytest.raises(AssayError):
        asked("log.checkpoint", witnesses=[f"file:{tmp_path / 'no' / 'where.jsonl'}"])


def test_a_checkpoint_that_somebody_else_signed_is_told(home, asked, keepers, tmp_path):
    act(home)
    asked("log.checkpoint", witnesses=keepers[:1])
    kept = (tmp_path / "kept.jsonl").read_text()
    (tmp_path / "kept.jsonl").write_text(kept.replace("\\n3\\n", "\\n4\\n"))
    found = asked("log.verify", witnesses=keepers[:1])
    assert {p["kind"] for p in found["problems"]} == {"bad-signature"}
